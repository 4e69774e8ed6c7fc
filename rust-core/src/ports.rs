//! The traits through which the session reaches the outside world: storage, network, time, randomness, spawning,
//! logging.
//!
//! Every operation that waits returns a [`BoxFuture`], even if its adapter only blocks a thread. Thus a simulated world
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

/// A store for sessions: named items of bytes. `name` is any Unicode text.
///
/// Contract: a write replaces the whole item atomically (a reader sees the old or the new bytes); a written item can be
/// read at once; a failure leaves the old item; deleting a missing item succeeds. A swap compares and replaces in one
/// step: no other user of the store, in this process or another, loses its item.
pub trait SecretStore: Send + Sync + fmt::Debug {
    /// The item's bytes; `None` only when it is certain that there is no such item.
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>>;
    /// Adds or replaces the item; returns when it is durable.
    fn write<'a>(&'a self, name: &'a str, value: SecretBytes) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Removes the item.
    fn delete<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Replaces the item `seen` by `new` (`None` means no item in both cases). Does nothing and returns false if the
    /// item is not `seen`.
    fn swap<'a>(
        &'a self,
        name: &'a str,
        seen: Option<Fingerprint>,
        new: Option<SecretBytes>,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
    /// The names of all items of this store, in any order; empty only when it is certain that there are none.
    fn names(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;
}

/// Orders the processes that share a store: an app and its extensions. A lock ends with the process that holds it.
pub trait ProcessLock: Send + Sync + fmt::Debug {
    /// Waits until this process holds the lock called `name`, for at most `limit`, and puts it into `place`. Returns
    /// early, without the lock, when the place is closed. A second acquisition waits for the first, even within one
    /// process.
    fn acquire<'a>(
        &'a self,
        name: &'a str,
        limit: Duration,
        place: LockPlace,
    ) -> BoxFuture<'a, Result<Acquisition, StoreError>>;
}

/// The network: one request, one answer. Follows no redirects, keeps no cookies, limits time and size.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends the request and reads the whole answer, whatever its status.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>>;
}

/// The device's clocks.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The current reading of both clocks.
    fn now(&self) -> Instant;
}

/// The system's cryptographically secure random numbers.
pub trait Randomness: Send + Sync + fmt::Debug {
    /// Fills `bytes`, or fails if the system has no random numbers.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable>;
}

/// Runs work that must outlive the call that started it.
pub trait Spawner: Send + Sync + fmt::Debug {
    /// Starts `work` and returns at once. It runs to its end even if nobody waits for it.
    fn spawn(&self, work: BoxFuture<'static, ()>);
    /// Completes after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
    /// [`Spawner::sleep`] for a time that may be hours away and need not be exact: it may end later if the device
    /// slept.
    fn alarm(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sleep(duration)
    }
}

/// The session's log. Messages contain no secrets by construction: only fixed words and numbers.
pub trait Log: Send + Sync + fmt::Debug {
    /// One line, `level` as in Apple's unified logging.
    fn log(&self, level: LogLevel, message: &str);
}

/// The severity of a log line, as in Apple's unified logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum LogLevel {
    /// Details for following what happens, step by step.
    Debug,
    /// An event: a sign-in, a refresh, a sign-out.
    Info,
    /// A failure that was handled.
    Warning,
    /// A failure that somebody should investigate.
    Error,
}

/// A generic password that another library put into the Keychain.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct KeychainItemReference {
    /// `kSecAttrService`
    pub service: String,
    /// `kSecAttrAccount`
    pub account: String,
    /// `kSecAttrAccessGroup`; nil searches all groups of the app.
    pub access_group: Option<String>,
}

/// The items that other libraries stored, for an import. Nothing is ever written there.
pub trait KeychainItems: Send + Sync + fmt::Debug {
    /// The item's bytes; `None` only when it is certain that there is no such item.
    fn read<'a>(&'a self, item: &'a KeychainItemReference) -> BoxFuture<'a, Result<Option<SecretBytes>, StoreError>>;
    /// Removes the item; succeeds if there is none.
    fn delete<'a>(&'a self, item: &'a KeychainItemReference) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// The system gave no random numbers; an operation that needs them cannot continue.
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
