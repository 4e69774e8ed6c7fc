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

/// Issuers publish two or three keys; more than this is a fault or an attack. The rest is not read.
const MOST_KEYS: usize = 100;
/// How many keys are tried for one token that does not say which: each try costs a signature verification.
const MOST_CANDIDATES: usize = 8;

impl KeySet {
    /// Reads the body of the issuer's `jwks_uri`. Keys that cannot verify a signature are left out (RFC 7517 5 asks
    /// for it): of an unknown type or curve, for encryption only, RSA shorter than 2048 bits, and symmetric ones
    /// always. Of more than 100 keys the first 100 are read.
    ///
    /// # Errors
    /// [`IdTokenProblem::KeysUnavailable`] when it is not a JSON object with an array `keys`.
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

    /// The keys to try for a token with this `kid` and `alg`. A `kid` that is published selects the keys that bear it
    /// (two may, of different types: RFC 7517 4.5); otherwise it can only be that of a key published without one. A
    /// token without `kid` may be any key's.
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
