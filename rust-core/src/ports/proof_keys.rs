//! Keys that tokens are bound to (DPoP, RFC 9449).

use std::fmt;

use super::boxed::BoxFuture;
use crate::model::proof_key::ProofKey;
use crate::model::secret::SecretBytes;

/// Makes and uses such keys, and keeps none of them: everything that a key needs is stored with the session. Thus no
/// key outlives its session, and no session its key.
pub trait ProofKeys: Send + Sync + fmt::Debug {
    /// Makes a new key, in hardware if the device supports it.
    fn create(&self) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>>;
    /// The key with this handle, which another library made.
    fn find(&self, handle: SecretBytes) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>>;
    /// Signs with ES256 (RFC 7518 3.4). Returns r and s, 32 bytes each, concatenated.
    fn sign<'a>(&'a self, key: &'a ProofKey, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, ProofKeyError>>;
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ProofKeyError {
    /// The key can never be used again: it belongs to another device, or the device has been reset.
    #[error("this device can no longer use the key that the tokens are bound to")]
    Lost,
    /// The key cannot be used while the device is locked.
    #[error("the key that the tokens are bound to cannot be used while the device is locked")]
    Locked,
    /// Something else went wrong.
    #[error("the key that the tokens are bound to could not be used: {0}")]
    Failed(String),
}
