//! Secret text: tokens, codes, verifiers.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};
use std::{fmt, io};

use serde::{Deserialize, Serialize};

use super::wiped::{Wiped, WipedText};
use crate::crypto::Digest;
use crate::crypto::Hash::Sha256;
use crate::crypto::hashing::{Context, digest};

/// A token, an authorization code, a code verifier: text that is wiped from memory when dropped and that no `Debug`
/// output shows. Clones share the text, so that a clone costs nothing; it is wiped with the last one. There is
/// deliberately no `Display`, and reading it requires [`Secret::expose`], so that each place that reads it can be
/// found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(Arc<WipedText>);

impl Secret {
    /// Takes ownership of `text`. The caller must not keep a copy, which Pilotlight could not wipe.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(WipedText::new(text.into())))
    }

    /// The text itself, to be sent or stored, never to be logged or put into an error.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in time that depends only on the lengths, for values that an attacker may guess (`state`, `nonce`).
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

impl Hash for Secret {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Secret bytes: a stored session on its way to or from a store. Clones share them; they are wiped with the last one.
#[derive(Clone)]
pub struct SecretBytes(Arc<Shared>);

struct Shared {
    bytes: Wiped,
    /// Computed when first needed.
    fingerprint: OnceLock<Fingerprint>,
}

impl SecretBytes {
    /// Takes ownership of `bytes`.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self::sharing(Wiped::new(bytes))
    }

    fn sharing(bytes: Wiped) -> Self {
        let fingerprint = OnceLock::new();
        Self(Arc::new(Shared { bytes, fingerprint }))
    }

    /// `value` as JSON. If the buffer has to grow, the smaller one is wiped before it is freed.
    ///
    /// # Errors
    /// If `value` cannot be written as JSON.
    pub fn from_json(value: &impl Serialize) -> serde_json::Result<Self> {
        let mut bytes = Wiped::default();
        // Through a trait object, so that each kind of value is compiled only once.
        let writer: &mut dyn io::Write = &mut bytes;
        serde_json::to_writer(writer, value)?;
        Ok(Self::sharing(bytes))
    }

    /// `beginning` followed by `rest`.
    pub fn with_beginning(beginning: &Beginning, rest: &[u8]) -> Self {
        // Allocated with its final size, so that no copy is left behind.
        let mut bytes = Vec::with_capacity(beginning.bytes.len() + rest.len());
        bytes.extend_from_slice(&beginning.bytes);
        bytes.extend_from_slice(rest);
        let mut digest = beginning.digest.clone();
        digest.update(rest);
        Self(Arc::new(Shared {
            bytes: Wiped::new(bytes),
            fingerprint: OnceLock::from(Fingerprint::from_digest(&digest.finish())),
        }))
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0.bytes
    }
}

/// A common beginning of several [`SecretBytes`]. It may be large; its part of their fingerprints is computed once.
pub struct Beginning {
    bytes: Vec<u8>,
    digest: Context,
}

impl Beginning {
    /// A beginning of these bytes, which are not secret by themselves.
    pub fn new(bytes: Vec<u8>) -> Self {
        let mut digest = Context::new(Sha256);
        digest.update(&bytes);
        Self { bytes, digest }
    }
}

impl fmt::Debug for Beginning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} redacted bytes]", self.bytes.len())
    }
}

/// Identifies bytes, for comparing them with the stored ones: their SHA-256. Not secret, because the bytes cannot be
/// guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of these bytes. Computed once for all clones.
    pub fn of(bytes: &SecretBytes) -> Self {
        *bytes.0.fingerprint.get_or_init(|| Self::computed(bytes))
    }

    fn computed(bytes: &SecretBytes) -> Self {
        Self::from_digest(&digest(Sha256, bytes.expose()))
    }

    fn from_digest(digest: &Digest) -> Self {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest.as_ref());
        Self(fingerprint)
    }

    /// The digest, for storing it with the bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// For code that takes bytes of any type, such as an HTTP client.
impl AsRef<[u8]> for SecretBytes {
    fn as_ref(&self) -> &[u8] {
        self.expose()
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.expose() == other.expose()
    }
}

impl Eq for SecretBytes {}

impl Hash for SecretBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} redacted bytes]", self.expose().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_with_a_beginning_are_the_same_as_others_and_have_their_fingerprint() {
        for (beginning, rest) in [("", ""), ("a", ""), ("", "b"), ("{\"a\":1", ",\"b\":2}")] {
            let joined = SecretBytes::with_beginning(&Beginning::new(beginning.into()), rest.as_bytes());
            let whole = SecretBytes::new(format!("{beginning}{rest}").into_bytes());
            assert_eq!(joined, whole);
            assert_eq!(Fingerprint::of(&joined), Fingerprint::of(&whole));
        }
    }

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
    fn json_is_whole_however_often_its_buffer_was_too_small() {
        for length in [0, 8 * 1024 - 4, 8 * 1024 - 3, 100_000] {
            let text = "x\n".repeat(length / 2);
            let bytes = SecretBytes::from_json(&[&text, &text]).unwrap();
            let escaped = text.replace('\n', "\\n");
            assert_eq!(bytes.expose(), format!("[\"{escaped}\",\"{escaped}\"]").as_bytes());
        }
    }

    #[test]
    fn constant_time_comparison_agrees_with_equality() {
        let secret = Secret::new("state");
        assert!(secret.equals_in_constant_time("state"));
        assert!(!secret.equals_in_constant_time("stat"));
        assert!(!secret.equals_in_constant_time("statf"));
    }
}
