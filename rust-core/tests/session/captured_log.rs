//! The session's log, kept so that tests can read it.

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
