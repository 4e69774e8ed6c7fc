//! Counts and measures what the session does, for an app that monitors it.
//!
//! **Promises.** Nothing here names a user, a token, a host or an address. Without a listener, a measurement costs only
//! one atomic load besides the counters. A slow listener loses measurements and delays nothing. **Needs** nothing.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::machine::error::Error;
use crate::protocol::endpoint::Endpoint;

/// How many measurements are buffered for a slow listener.
const MOST_WAITING: usize = 256;

/// A completed operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// Which operation it was.
    pub operation: Operation,
    /// How it ended.
    pub result: MeasuredResult,
    /// How long it took, by the clock that also runs while the device sleeps.
    pub duration: Duration,
}

/// The operations that are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A renewal from its first attempt to its end, including pauses.
    Renewal {
        /// Whether it was for a further audience.
        is_further: bool,
        /// The number of attempts.
        attempts: u32,
    },
    /// A caller waited for a renewal that another caller had begun.
    SharedRenewal,
    /// A renewal waited for that of another process.
    ProcessLock,
    /// One request, until the end of its answer.
    Request {
        /// The issuer's endpoint.
        endpoint: Endpoint,
        /// The status code of the answer; `None` if there was no answer.
        status: Option<u16>,
    },
}

/// How an operation ended, in a few categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MeasuredResult {
    /// It succeeded.
    Succeeded,
    /// The network gave no answer.
    NetworkFailed,
    /// The issuer has a fault, asks the client to wait, or sent an invalid answer.
    IssuerFailed,
    /// The issuer refused the request.
    IssuerRefused,
    /// The store could not be read or written, or is locked.
    StorageFailed,
    /// Another process was in the way, or the system gave no background time.
    Busy,
    /// Anything else.
    OtherFailure,
}

/// What has happened since the session was opened in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct SessionCounters {
    /// Renewals that returned a token, including those for further audiences.
    pub renewals: u64,
    /// Renewals that failed, after all attempts.
    pub failed_renewals: u64,
    /// Repeated attempts of renewals, and requests that were repeated because their answer was lost.
    pub retries: u64,
    /// Callers that waited for a renewal that another caller had begun.
    pub shared_renewals: u64,
    /// Calls to the core that were answered with a token in memory.
    pub tokens_from_memory: u64,
    /// Requests to the issuer.
    pub requests: u64,
    /// Requests without an answer.
    pub unanswered_requests: u64,
    /// Measurements that a listener lost because it was slow.
    pub lost_measurements: u64,
}

/// The counters, and the listeners for measurements.
#[derive(Debug, Default)]
pub(super) struct Metering {
    listening: AtomicUsize,
    listeners: Mutex<Vec<Sender<Measurement>>>,
    renewals: AtomicU64,
    failed_renewals: AtomicU64,
    retries: AtomicU64,
    shared_renewals: AtomicU64,
    tokens_from_memory: AtomicU64,
    requests: AtomicU64,
    unanswered_requests: AtomicU64,
    lost_measurements: AtomicU64,
}

impl Metering {
    /// Every measurement from now on, until the receiver is dropped.
    pub(super) fn subscribe(&self) -> Receiver<Measurement> {
        let (sender, receiver) = channel(MOST_WAITING);
        let mut listeners = self.listeners();
        listeners.retain(|listener| !listener.is_closed());
        listeners.push(sender);
        self.listening.store(listeners.len(), Ordering::Release);
        receiver
    }

    /// Counts a retry.
    pub(super) fn retried(&self) {
        count(&self.retries);
    }

    /// Counts a token that needed no renewal.
    pub(super) fn gave_from_memory(&self) {
        count(&self.tokens_from_memory);
    }

    /// Counts a completed operation, and sends the measurement to the listeners.
    pub(super) fn record(&self, operation: Operation, result: MeasuredResult, duration: Duration) {
        let succeeded = result == MeasuredResult::Succeeded;
        match operation {
            Operation::Renewal { .. } if succeeded => count(&self.renewals),
            Operation::Renewal { .. } => count(&self.failed_renewals),
            Operation::SharedRenewal => count(&self.shared_renewals),
            Operation::Request { status, .. } => {
                count(&self.requests);
                if status.is_none() {
                    count(&self.unanswered_requests);
                }
            }
            Operation::ProcessLock => {}
        }
        if self.listening.load(Ordering::Acquire) == 0 {
            return;
        }
        let measurement = Measurement {
            operation,
            result,
            duration,
        };
        let mut listeners = self.listeners();
        for listener in &*listeners {
            if listener.try_send(measurement.clone()).is_err() && !listener.is_closed() {
                count(&self.lost_measurements);
            }
        }
        listeners.retain(|listener| !listener.is_closed());
        self.listening.store(listeners.len(), Ordering::Release);
    }

    pub(super) fn counters(&self) -> SessionCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        SessionCounters {
            renewals: read(&self.renewals),
            failed_renewals: read(&self.failed_renewals),
            retries: read(&self.retries),
            shared_renewals: read(&self.shared_renewals),
            tokens_from_memory: read(&self.tokens_from_memory),
            requests: read(&self.requests),
            unanswered_requests: read(&self.unanswered_requests),
            lost_measurements: read(&self.lost_measurements),
        }
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Sender<Measurement>>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MeasuredResult {
    /// How a call ended.
    pub(super) fn of<T>(outcome: &Result<T, Error>) -> Self {
        match outcome {
            Ok(_) => Self::Succeeded,
            Err(error) => Self::of_error(error),
        }
    }

    /// The result of a request that was answered with this status.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Succeeded,
            429 | 500.. => Self::IssuerFailed,
            400..=499 => Self::IssuerRefused,
            _ => Self::OtherFailure,
        }
    }

    fn of_error(error: &Error) -> Self {
        match error {
            Error::Transport { .. } => Self::NetworkFailed,
            Error::RateLimited { .. } | Error::ServerFault { .. } | Error::UnexpectedAnswer { .. } => {
                Self::IssuerFailed
            }
            Error::ServerConfiguration { .. }
            | Error::Reauthenticate(_)
            | Error::InteractionRequired { .. }
            | Error::MfaRequired { .. }
            | Error::MfaRejected { .. }
            | Error::AccessDenied { .. }
            | Error::Refused { .. }
            | Error::RenewalsRefused { .. } => Self::IssuerRefused,
            Error::Store(_) | Error::Envelope(_) => Self::StorageFailed,
            Error::Busy | Error::NoBackgroundTime => Self::Busy,
            _ => Self::OtherFailure,
        }
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(metering: &Metering) {
        metering.record(Operation::SharedRenewal, MeasuredResult::Succeeded, Duration::ZERO);
    }

    #[test]
    fn a_listener_that_takes_nothing_loses_measurements_and_grows_by_none() {
        let metering = Metering::default();
        let mut slow = metering.subscribe();
        for _ in 0..MOST_WAITING + 7 {
            record(&metering);
        }
        assert_eq!(metering.counters().lost_measurements, 7);
        assert_eq!(metering.counters().shared_renewals, MOST_WAITING as u64 + 7);
        let mut taken = 0;
        while slow.try_recv().is_ok() {
            taken += 1;
        }
        assert_eq!(taken, MOST_WAITING);
    }

    #[test]
    fn results_say_whose_failure_it_was() {
        use MeasuredResult::{Busy, IssuerFailed, IssuerRefused, OtherFailure, StorageFailed, Succeeded};
        for (status, result) in [
            (199, OtherFailure),
            (200, Succeeded),
            (299, Succeeded),
            (302, OtherFailure),
            (400, IssuerRefused),
            (428, IssuerRefused),
            (429, IssuerFailed),
            (430, IssuerRefused),
            (499, IssuerRefused),
            (500, IssuerFailed),
        ] {
            assert_eq!(MeasuredResult::of_status(status), result, "{status}");
        }
        let server = || crate::protocol::endpoint::Endpoint::TOKEN.into();
        let denied = Error::AccessDenied {
            server: server(),
            description: "".into(),
        };
        let limited = Error::RateLimited {
            server: server(),
            retry_after: None,
        };
        let damaged = crate::storage::envelope::EnvelopeError::Undecodable;
        for (error, result) in [
            (denied, IssuerRefused),
            (limited, IssuerFailed),
            (Error::Envelope(damaged), StorageFailed),
            (Error::Busy, Busy),
            (Error::NoBackgroundTime, Busy),
            (Error::NoSession, OtherFailure),
        ] {
            assert_eq!(MeasuredResult::of::<()>(&Err(error.clone())), result, "{error}");
        }
        assert_eq!(MeasuredResult::of(&Ok(())), Succeeded);
    }

    #[test]
    fn who_has_left_is_not_kept() {
        let metering = Metering::default();
        drop(metering.subscribe());
        record(&metering);
        assert_eq!(metering.listening.load(Ordering::Acquire), 0);
        assert_eq!(metering.counters().lost_measurements, 0);
    }
}
