//! What the session logs, kept for the test to look at.

use std::sync::Mutex;

use pilotlight_core::ports::{Log, LogLevel};

#[derive(Debug, Default)]
pub(crate) struct CapturedLog(Mutex<String>);

impl CapturedLog {
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl Log for CapturedLog {
    fn log(&self, level: LogLevel, message: &str) {
        self.0.lock().unwrap().push_str(&format!("{level:?} {message}\n"));
    }
}
