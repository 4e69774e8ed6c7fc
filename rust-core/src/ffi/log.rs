//! Carries log lines to Swift's logger.

use std::sync::Arc;

use crate::ports::{Log, LogLevel};

/// Receives Pilotlight's log lines. They contain no secrets and no personal data.
#[uniffi::export(with_foreign)]
pub trait LogSink: Send + Sync + std::fmt::Debug {
    /// Logs one line. Called on any thread; must return quickly.
    fn log(&self, level: LogLevel, message: String);
}

/// The session's log port over an optional sink.
#[derive(Debug)]
pub(super) struct ForwardingLog(Option<Arc<dyn LogSink>>);

impl ForwardingLog {
    pub(super) fn over(sink: Option<Arc<dyn LogSink>>) -> Arc<dyn Log> {
        Arc::new(Self(sink))
    }
}

impl Log for ForwardingLog {
    fn log(&self, level: LogLevel, message: &str) {
        if let Some(sink) = &self.0 {
            sink.log(level, message.to_owned());
        }
    }
}
