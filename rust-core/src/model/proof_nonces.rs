//! The nonces that servers require in proofs of possession (DPoP, RFC 9449 8): the last one of each origin. Not secret.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::model::time::Timestamp;

/// An app calls few servers; the number of origins is limited so that a hostile server cannot fill the memory.
const MOST: usize = 64;
/// How many are stored, the newest: the issuer's and those of the APIs in use.
const STORED: usize = 4;
/// Longer nonces are not stored.
const LONGEST_STORED: usize = 256;

/// The last nonce of each origin, newest last.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct ProofNonces(Vec<ProofNonce>);

/// The last nonce of one origin.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ProofNonce {
    /// Scheme, host and port (RFC 6454 6.2).
    pub origin: String,
    /// The nonce for the next proof that goes there.
    pub nonce: String,
    /// When it was received, by the device's clock, which all processes share.
    pub received_at: Timestamp,
}

impl ProofNonces {
    /// The nonce for the next proof that goes to this origin.
    pub fn of(&self, origin: &str) -> Option<&str> {
        let known = self.0.iter().find(|known| known.origin == origin);
        known.map(|known| known.nonce.as_str())
    }

    /// Keeps the newest nonce of an origin.
    pub fn keep(&mut self, newest: ProofNonce) {
        self.0.retain(|known| known.origin != newest.origin);
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(newest);
    }

    /// Merges the nonces that another process has received since.
    pub fn merge(&mut self, found: &Self) {
        for theirs in &found.0 {
            let ours = self.0.iter().find(|known| known.origin == theirs.origin);
            if ours.is_none_or(|ours| ours.received_at < theirs.received_at) {
                self.keep(theirs.clone());
            }
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<ProofNonce>> for ProofNonces {
    fn from(nonces: Vec<ProofNonce>) -> Self {
        let mut all = Self::default();
        nonces.into_iter().for_each(|nonce| all.keep(nonce));
        all
    }
}

impl Serialize for ProofNonces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let short = self.0.iter().filter(|known| known.nonce.len() <= LONGEST_STORED);
        let short: Vec<_> = short.collect();
        let newest = short.len().saturating_sub(STORED);
        serializer.collect_seq(short.iter().skip(newest))
    }
}

impl fmt::Debug for ProofNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProofNonces({})", self.0.len())
    }
}

impl fmt::Debug for ProofNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofNonce")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(origin: &str, nonce: &str, at: i64) -> ProofNonce {
        ProofNonce {
            origin: origin.to_owned(),
            nonce: nonce.to_owned(),
            received_at: Timestamp(at),
        }
    }

    #[test]
    fn the_later_one_of_each_origin_counts() {
        let mut ours = ProofNonces::from(vec![nonce("a", "a-1", 10), nonce("b", "b-9", 90)]);
        let theirs = ProofNonces::from(vec![nonce("a", "a-2", 20), nonce("b", "b-1", 10), nonce("c", "c-1", 1)]);
        ours.merge(&theirs);
        assert_eq!(
            [ours.of("a"), ours.of("b"), ours.of("c"), ours.of("d")],
            [Some("a-2"), Some("b-9"), Some("c-1"), None]
        );
        // A nonce that this process received last stays last, even if the device's clock was set back.
        ours.keep(nonce("b", "b-10", 5));
        assert_eq!(ours.of("b"), Some("b-10"));
    }

    #[test]
    fn neither_the_memory_nor_the_item_is_filled() {
        let mut nonces = ProofNonces::default();
        for number in 0..1000 {
            nonces.keep(nonce(&number.to_string(), "n", number));
        }
        assert_eq!(nonces.0.len(), MOST);
        nonces.keep(nonce("long", &"n".repeat(LONGEST_STORED + 1), 1000));
        let stored = serde_json::to_value(&nonces).unwrap();
        let origins: Vec<_> = stored.as_array().unwrap().iter().map(|one| &one["origin"]).collect();
        assert_eq!(origins, ["996", "997", "998", "999"]);
    }
}
