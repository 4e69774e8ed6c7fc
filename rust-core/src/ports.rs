//! The traits through which the outside reaches the session: storage, network, time, randomness, spawning, logging.
//!
//! Everything that waits returns an [`Eventually`], also where an adapter only blocks a thread: so a simulated world
//! can put a crash, a delay or another task between any two effects.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::message::{HttpAnswer, HttpRequest};
use crate::secret::SecretBytes;
use crate::time::Instant;

/// A boxed future, so that the ports are object-safe.
pub type Eventually<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where sessions are kept: named items of bytes. `name` is any Unicode text.
///
/// Contract: a write replaces the whole item atomically (a reader sees the old or the new bytes); what was written can
/// be read at once; a failure leaves the old item; deleting nothing succeeds.
pub trait SecretStore: Send + Sync + fmt::Debug {
    /// The item's bytes; `None` only when it is certain that there is no such item.
    fn read<'a>(&'a self, name: &'a str) -> Eventually<'a, Result<Option<SecretBytes>, StoreError>>;
    /// Adds or replaces the item; returns when it is durable.
    fn write<'a>(&'a self, name: &'a str, value: SecretBytes) -> Eventually<'a, Result<(), StoreError>>;
    /// Removes the item.
    fn delete<'a>(&'a self, name: &'a str) -> Eventually<'a, Result<(), StoreError>>;
}

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The device is locked, or has not been unlocked since it was started: the item cannot be read *now*.
    #[error("the device is locked and its protected data cannot be read")]
    Locked,
    /// The app lacks what the store needs; waiting will not help.
    #[error("the store refuses this app: {explanation}")]
    NotPermitted {
        /// The usual causes, in words for a developer.
        explanation: String,
        /// The system's own number (an `OSStatus` or an `errno`).
        status: Option<i32>,
    },
    /// Anything else.
    #[error("the store failed: {explanation}")]
    Failed {
        /// What failed, in words for a developer; never a stored value.
        explanation: String,
        /// The system's own number (an `OSStatus` or an `errno`).
        status: Option<i32>,
    },
}

/// The network: one request, one answer. Follows no redirects, keeps no cookies, bounds time and size.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends the request and reads the whole answer, whatever its status.
    fn send(&self, request: HttpRequest) -> Eventually<'_, Result<HttpAnswer, TransportError>>;
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct TransportError {
    /// What went wrong.
    pub kind: TransportErrorKind,
    /// Whether the request may have reached the server and been acted upon. Only `false` is certain.
    pub may_have_been_processed: bool,
}

/// What went wrong on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportErrorKind {
    /// No connection: no network, a name that does not resolve, a refused port.
    #[error("the server could not be reached")]
    Unreachable,
    /// The TLS handshake failed: a certificate that the system does not trust, or a proxy in between.
    #[error("no trusted TLS connection could be made")]
    Tls,
    /// The time for connecting or for the whole exchange ran out.
    #[error("the server did not answer in time")]
    Timeout,
    /// The connection broke before the whole answer was there.
    #[error("the connection broke before the answer was complete")]
    Interrupted,
    /// The answer is larger than Pilotlight reads (1 MiB).
    #[error("the answer was larger than 1 MiB")]
    TooLarge,
    /// What came back is not HTTP.
    #[error("the answer was not HTTP")]
    NotHttp,
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

/// The system gave no random numbers; nothing that needs them may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random numbers")]
pub struct RandomnessUnavailable;

/// Runs work that must outlive the call that started it.
pub trait Spawner: Send + Sync + fmt::Debug {
    /// Starts `work` and returns at once. It runs to its end even if nobody waits for it.
    fn spawn(&self, work: Eventually<'static, ()>);
    /// Ends after `duration`.
    fn sleep(&self, duration: Duration) -> Eventually<'static, ()>;
}

/// Where the session says what it does. Events carry no secrets by construction: fixed words and numbers only.
pub trait Log: Send + Sync + fmt::Debug {
    /// One line, `level` as in Apple's unified logging.
    fn log(&self, level: LogLevel, message: &str);
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
