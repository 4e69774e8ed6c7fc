//! Text that must not be seen: tokens, codes, verifiers.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A token, an authorization code, a code verifier: text that is wiped from memory when dropped and that no `Debug`
/// output shows. There is deliberately no `Display`, and reading it is spelled [`Secret::expose`] so that each place
/// that does can be found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of `text`; the caller keeps no copy that Pilotlight could not wipe.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, to be sent or stored, never to be logged or formatted into an error.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in time that depends on the lengths only, for values an attacker may guess at (`state`, `nonce`).
    pub fn equals_in_constant_time(&self, other: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.as_bytes());
        ours.len() == theirs.len()
            && ours
                .iter()
                .zip(theirs)
                .fold(0, |difference, (a, b)| difference | (a ^ b))
                == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Bytes that must not be seen: a stored session on its way to or from a store.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes ownership of `bytes`.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} redacted bytes]", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_nothing_of_a_secret() {
        let shown = format!(
            "{:?} {:?}",
            Secret::new("planted"),
            SecretBytes::new(b"planted".to_vec())
        );
        assert_eq!(shown, "[redacted] [7 redacted bytes]");
    }

    #[test]
    fn constant_time_comparison_agrees_with_equality() {
        let secret = Secret::new("state");
        assert!(secret.equals_in_constant_time("state"));
        assert!(!secret.equals_in_constant_time("stat"));
        assert!(!secret.equals_in_constant_time("statf"));
    }
}
