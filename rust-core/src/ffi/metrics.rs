//! Carries measurements to Swift.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::observer::Observation;
use crate::session::{MeasuredResult, Measurement, Operation, SessionManager};

/// Receives the session's measurements, as long as the handle that it was given to exists. Called one at a time, in
/// order, on one of Pilotlight's own threads. A slow sink delays nothing, but loses measurements.
#[uniffi::export(with_foreign)]
pub trait MetricsSink: Send + Sync + std::fmt::Debug {
    /// An operation has ended.
    fn record(&self, measurement: CoreMeasurement);
}

/// An operation that has ended. Contains no user, token, host or address.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CoreMeasurement {
    /// The operation.
    pub operation: MeasuredOperation,
    /// How it ended.
    pub result: MeasuredResult,
    /// How long it took.
    pub duration: Duration,
}

/// The operations that are measured.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MeasuredOperation {
    /// A renewal, from its first attempt to its end.
    Renewal {
        /// Whether it was for a further audience.
        is_further: bool,
        /// The number of attempts.
        attempts: u32,
    },
    /// A caller waited for a renewal that another caller had begun.
    SharedRenewal,
    /// A renewal waited for another process's renewal.
    ProcessLock,
    /// One request.
    Request {
        /// The name of the issuer's endpoint.
        endpoint: String,
        /// The status of the answer; nil if there was none.
        status: Option<u16>,
    },
}

/// Gives measurements to `sink` from now on, until the result is dropped.
pub(super) fn record_measurements(manager: &SessionManager, sink: Arc<dyn MetricsSink>) -> Observation {
    let mut measurements = manager.subscribe_to_measurements();
    Observation::by(|mut ended| async move {
        while let Either::Right((Some(measurement), _)) = select(&mut ended, pin!(measurements.recv())).await {
            sink.record(measurement.into());
        }
    })
}

impl From<Measurement> for CoreMeasurement {
    fn from(measurement: Measurement) -> Self {
        Self {
            operation: match measurement.operation {
                Operation::Renewal { is_further, attempts } => MeasuredOperation::Renewal { is_further, attempts },
                Operation::SharedRenewal => MeasuredOperation::SharedRenewal,
                Operation::ProcessLock => MeasuredOperation::ProcessLock,
                Operation::Request { endpoint, status } => MeasuredOperation::Request {
                    endpoint: endpoint.to_string(),
                    status,
                },
            },
            result: measurement.result,
            duration: measurement.duration,
        }
    }
}
