//! Keys that tokens are bound to (DPoP, RFC 9449).

use std::fmt;

use super::boxed::BoxFuture;
use crate::model::proof_key::ProofKey;
use crate::model::secret::SecretBytes;

/// Makes and uses such keys. It keeps none of them: what a key needs is stored with the session, so that no key outlives
/// its session, and no session its key.
pub trait ProofKeys: Send + Sync + fmt::Debug {
    /// A new key: in hardware where the device has some for it.
    fn create(&self) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>>;
    /// The key whose handle this is: one that another library made.
    fn find(&self, handle: SecretBytes) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>>;
    /// Signs with ES256 (RFC 7518 3.4): gives r and s side by side, of 32 bytes each.
    fn sign<'a>(&'a self, key: &'a ProofKey, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, ProofKeyError>>;
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ProofKeyError {
    /// It can never be used again: it belongs to another device, or the device has been reset.
    #[error("this device cannot use the key any more that the tokens are bound to")]
    Lost,
    /// Not while the device is locked.
    #[error("the key that the tokens are bound to cannot be used while the device is locked")]
    Locked,
    /// Something else went wrong.
    #[error("the key that the tokens are bound to could not be used: {0}")]
    Failed(String),
}
