//! Carries measurements to Swift.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::observer::Observation;
use crate::session::{MeasuredResult, Measurement, Operation, SessionManager};

/// Takes what the session measures, as long as the handle lives that it was given to. Called for one thing at a time, in order, on
/// a thread of Pilotlight's own. One that is slow delays nothing, and loses measurements.
#[uniffi::export(with_foreign)]
pub trait MetricsSink: Send + Sync + std::fmt::Debug {
    /// Something has ended.
    fn record(&self, measurement: CoreMeasurement);
}

/// Something that took time and has ended. Names no user, token, host or address.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CoreMeasurement {
    /// What it was.
    pub operation: MeasuredOperation,
    /// How it ended.
    pub result: MeasuredResult,
    /// How long it took.
    pub duration: Duration,
}

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MeasuredOperation {
    /// A renewal from its first attempt to its end.
    Renewal {
        /// Whether it was for a further audience.
        is_further: bool,
        /// How often it was tried.
        attempts: u32,
    },
    /// A caller waited for the renewal that another had begun.
    SharedRenewal,
    /// A renewal waited for another process's.
    ProcessLock,
    /// One request.
    Request {
        /// Which of the issuer's endpoints, in words.
        endpoint: String,
        /// The answer's status; nil where there was none.
        status: Option<u16>,
    },
}

/// Gives what is measured from now on to `sink`, until the result is dropped.
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
