//! No keys: for Apple systems if the app provides none.

use crate::model::proof_key::ProofKey;
use crate::model::secret::SecretBytes;
use crate::ports::{BoxFuture, ProofKeyError, ProofKeys};

/// No keys: every use fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeys;

impl ProofKeys for NoKeys {
    fn create(&self) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>> {
        Box::pin(std::future::ready(Err(none())))
    }

    fn find(&self, _: SecretBytes) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>> {
        Box::pin(std::future::ready(Err(none())))
    }

    fn sign<'a>(&'a self, _: &'a ProofKey, _: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, ProofKeyError>> {
        Box::pin(std::future::ready(Err(none())))
    }
}

fn none() -> ProofKeyError {
    ProofKeyError::Failed("this process has no keys".to_owned())
}
