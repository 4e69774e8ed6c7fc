//! The traits through which the outside reaches the session: storage, network, time, randomness, spawning, logging.
//!
//! Everything that waits returns an [`BoxFuture`], also where an adapter only blocks a thread: so a simulated world
//! can put a crash, a delay or another task between any two effects.

mod boxed;
mod lock_place;
mod outcome;
mod proof_keys;

use std::fmt;
use std::time::Duration;

pub use self::boxed::BoxFuture;
pub use self::lock_place::{Acquisition, LockGuard, LockPlace};
pub(crate) use self::outcome::{Outcome, awaited};
pub use self::proof_keys::{ProofKeyError, ProofKeys};
pub use crate::protocol::transport_error::{TransportError, TransportErrorKind};
pub use crate::storage::StoreError;

use crate::machine::error::Error;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::model::time::Instant;
use crate::protocol::message::{HttpAnswer, HttpRequest};

/// Where sessions are kept: named items of bytes. `name` is any Unicode text.
///
/// Contract: a write replaces the whole item atomically (a reader sees the old or the new bytes); what was written can
/// be read at once; a failure leaves the old item; deleting nothing succeeds. A swap compares and replaces in one step:
/// whatever else uses the store, in this process or another, nobody's item is lost.
pub trait SecretStore: Send + Sync + fmt::Debug {
    /// The item's bytes; `None` only when it is certain that there is no such item.
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>>;
    /// Adds or replaces the item; returns when it is durable.
    fn write<'a>(&'a self, name: &'a str, value: SecretBytes) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Removes the item.
    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Puts `new` (`None`: no item) into the place of what was `seen` (`None`: no item). False, and nothing was done,
    /// when something else is there.
    fn swap<'a>(
        &'a self,
        name: &'a str,
        seen: Option<Fingerprint>,
        new: Option<SecretBytes>,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
    /// The names of all items of this store, in no particular order; empty only when it is certain that there are none.
    fn names(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;
}

/// Puts processes that share a store in order: an app and its extensions. A lock ends with the process that holds it.
pub trait ProcessLock: Send + Sync + fmt::Debug {
    /// Waits until this process holds the lock called `name`, at most `limit`, and puts it into `place`. Ends early, and
    /// holds nothing, when the place is closed. A second acquisition waits for the first, also in one process.
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        limit: Duration,
        place: LockPlace,
    ) -> BoxFuture<'a, Result<Acquisition, StoreError>>;
}

/// The network: one request, one answer. Follows no redirects, keeps no cookies, bounds time and size.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends the request and reads the whole answer, whatever its status.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>>;
}

/// The device's clocks.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Both clocks, now.
    fn now(&self) -> Instant;
}

/// The system's cryptographically secure random numbers.
pub trait Randomness: Send + Sync + fmt::Debug {
    /// Fills `bytes`, or says that the system has none to give.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable>;
}

/// Runs work that must outlive the call that started it.
pub trait Spawner: Send + Sync + fmt::Debug {
    /// Starts `work` and returns at once. It runs to its end even if nobody waits for it.
    fn spawn(&self, work: BoxFuture<'static, ()>);
    /// Ends after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
    /// The same for a time that may be hours away, of which nothing depends on its exact moment: later where the device slept.
    fn alarm(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleep(duration)
    }
}

/// Where the session says what it does. Events carry no secrets by construction: fixed words and numbers only.
pub trait Log: Send + Sync + fmt::Debug {
    /// One line, `level` as in Apple's unified logging.
    fn log(&self, level: LogLevel, message: &str);
}

/// How much a log line matters, as in Apple's unified logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// For following what happens, step by step.
    Debug,
    /// What happened: a sign-in, a refresh, a sign-out.
    Info,
    /// Something did not work and was coped with.
    Warning,
    /// Something did not work and somebody should look.
    Error,
}

/// A generic password that another library put into the Keychain.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeychainItemReference {
    /// `kSecAttrService`
    pub service: String,
    /// `kSecAttrAccount`
    pub account: String,
    /// `kSecAttrAccessGroup`; nil looks in all groups of the app.
    pub access_group: Option<String>,
}

/// What other libraries stored, to be taken over. Nothing is ever written there.
pub trait KeychainItems: Send + Sync + fmt::Debug {
    /// The item's bytes; `None` only when it is certain that there is no such item.
    fn read<'a>(&'a self, item: &'a KeychainItemReference) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>>;
    /// Removes the item; there being none is success.
    fn delete<'a>(&'a self, item: &'a KeychainItemReference) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// The system gave no random numbers; nothing that needs them may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random numbers")]
pub struct RandomnessUnavailable;

impl From<ProofKeyError> for Error {
    fn from(error: ProofKeyError) -> Self {
        match error {
            ProofKeyError::Lost => Self::ProofKeyLost,
            ProofKeyError::Locked => StoreError::Locked.into(),
            ProofKeyError::Failed(problem) => Self::ProofKey(problem),
        }
    }
}

impl From<RandomnessUnavailable> for Error {
    fn from(error: RandomnessUnavailable) -> Self {
        Self::Internal(error.to_string())
    }
}
