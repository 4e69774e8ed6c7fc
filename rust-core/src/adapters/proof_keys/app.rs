//! Keys that the app makes and uses: on Apple systems with CryptoKit, in the Secure Enclave. Each call may block its
//! thread, waiting for that hardware.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::adapters::blocking::off_thread;
use crate::adapters::lazy_runtime::LazyRuntime;
use crate::jose::public_point;
use crate::model::proof_key::ProofKey;
use crate::model::secret::{Secret, SecretBytes};
use crate::ports::{BoxFuture, ProofKeyError, ProofKeys};

/// Makes and uses keys on P-256 (DPoP, RFC 9449).
#[uniffi::export(with_foreign)]
pub trait AppProofKeys: Send + Sync + fmt::Debug {
    /// Makes a new key, in hardware if the device supports it.
    fn create(&self) -> Result<AppProofKey, AppProofKeyError>;
    /// The key with this handle.
    fn find(&self, handle: Vec<u8>) -> Result<AppProofKey, AppProofKeyError>;
    /// The signature of the message's SHA-256: r followed by s, 32 bytes each.
    fn sign(&self, handle: Vec<u8>, message: Vec<u8>) -> Result<Vec<u8>, AppProofKeyError>;
}

/// A key as it is passed between the app and the core.
#[derive(Clone, uniffi::Record)]
pub struct AppProofKey {
    /// The part of the key that is stored.
    pub handle: Vec<u8>,
    /// The public key as an uncompressed point (SEC 1 2.3.3).
    pub public_point: Vec<u8>,
    /// Whether the key is in hardware.
    pub in_hardware: bool,
}

/// Shows nothing: the handle of a software key is the key itself.
impl fmt::Debug for AppProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppProofKey")
    }
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum AppProofKeyError {
    /// The key can never be used again on this device.
    #[error("lost")]
    Lost,
    /// The key cannot be used while the device is locked.
    #[error("locked")]
    Locked,
    /// Another failure.
    #[error("{problem}")]
    Failed {
        /// What went wrong, without anything secret.
        problem: String,
    },
}

/// A failure of the interface itself, such as a callback that panics.
impl From<uniffi::UnexpectedUniFFICallbackError> for AppProofKeyError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed {
            problem: "the app's side failed".to_owned(),
        }
    }
}

/// [`ProofKeys`] over the app's keys.
#[derive(Debug)]
pub struct OfTheApp {
    keys: Arc<dyn AppProofKeys>,
    runtime: LazyRuntime,
}

impl OfTheApp {
    /// `keys`, on the blocking threads of `runtime`.
    pub fn new(keys: Arc<dyn AppProofKeys>, runtime: impl Into<LazyRuntime>) -> Self {
        let runtime = runtime.into();
        Self { keys, runtime }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn AppProofKeys) -> Result<T, AppProofKeyError> + Send + 'static,
    ) -> Result<T, ProofKeyError> {
        let keys = Arc::clone(&self.keys);
        let outcome = off_thread(self.runtime.handle(), move || Ok(work(&*keys))).await;
        match outcome {
            Ok(outcome) => outcome.map_err(ProofKeyError::from),
            Err(error) => Err(ProofKeyError::Failed(error.to_string())),
        }
    }
}

impl ProofKeys for OfTheApp {
    fn create(&self) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>> {
        Box::pin(async { read(self.run(|keys| keys.create()).await?) })
    }

    fn find(&self, handle: SecretBytes) -> BoxFuture<'_, Result<ProofKey, ProofKeyError>> {
        Box::pin(async move { read(self.run(move |keys| keys.find(handle.expose().to_vec())).await?) })
    }

    fn sign<'a>(&'a self, key: &'a ProofKey, message: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, ProofKeyError>> {
        Box::pin(async move {
            let handle = URL_SAFE_NO_PAD.decode(key.handle.expose());
            let handle = handle.map_err(|_| ProofKeyError::Lost)?;
            let message = message.to_vec();
            self.run(move |keys| keys.sign(handle, message)).await
        })
    }
}

fn read(key: AppProofKey) -> Result<ProofKey, ProofKeyError> {
    let handle = Zeroizing::new(key.handle);
    let public = public_point(&key.public_point);
    Ok(ProofKey {
        handle: Secret::new(URL_SAFE_NO_PAD.encode(&*handle)),
        public: public.ok_or_else(|| ProofKeyError::Failed("it has no public half".to_owned()))?,
        in_hardware: key.in_hardware,
    })
}

impl From<AppProofKeyError> for ProofKeyError {
    fn from(error: AppProofKeyError) -> Self {
        match error {
            AppProofKeyError::Lost => Self::Lost,
            AppProofKeyError::Locked => Self::Locked,
            AppProofKeyError::Failed { problem } => Self::Failed(problem),
        }
    }
}
