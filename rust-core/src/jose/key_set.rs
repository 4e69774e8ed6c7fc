//! The issuer's keys: a JWK Set (RFC 7517 5).

use std::fmt;

use serde_json::Value;

use super::algorithms::Algorithm;
use super::problem::IdTokenProblem;
use super::public_key::PublicKey;
use crate::model::json::Object;

/// The keys that an issuer signs with, decoded once and used for many tokens.
pub struct KeySet {
    keys: Vec<PublicKey>,
}

/// Issuers publish two or three keys. Many more are a fault or an attack; the rest is not read.
const MOST_KEYS: usize = 100;
/// How many keys are tried for a token without a `kid`: each try costs a signature verification.
const MOST_CANDIDATES: usize = 8;

impl KeySet {
    /// Reads the body of the issuer's `jwks_uri`. Keys that cannot verify a signature are left out (as RFC 7517 5
    /// requires): keys of an unknown type or curve, keys for encryption only, RSA keys shorter than 2048 bits, and all
    /// symmetric keys. At most 100 keys are read.
    ///
    /// # Errors
    /// [`IdTokenProblem::KeysUnavailable`] if it is not a JSON object with an array `keys`.
    pub fn parse(json: &[u8]) -> Result<Self, IdTokenProblem> {
        let document = Object::read(json).ok_or(IdTokenProblem::KeysUnavailable)?;
        let Some(Value::Array(keys)) = document.get("keys") else {
            return Err(IdTokenProblem::KeysUnavailable);
        };
        let readable = keys.iter().take(MOST_KEYS).filter_map(Value::as_object);
        Ok(Self {
            keys: readable.filter_map(PublicKey::from_jwk).collect(),
        })
    }

    /// The keys to try for a token with this `kid` and `alg`. A `kid` that is published selects the keys that have it
    /// (two keys of different types may: RFC 7517 4.5). Any other `kid` can only belong to a key that is published
    /// without one. A token without `kid` may be signed by any key.
    pub(super) fn candidates(&self, key_id: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &PublicKey> {
        let published = key_id.filter(|id| self.keys.iter().any(|key| key.id.as_deref() == Some(*id)));
        let bears = move |key: &PublicKey| key_id.is_none() || key.id.as_deref() == published;
        self.keys
            .iter()
            .filter(move |key| bears(key) && key.fits(algorithm))
            .take(MOST_CANDIDATES)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet")
            .field("ids", &self.keys.iter().map(|key| &key.id).collect::<Vec<_>>())
            .finish()
    }
}
