//! What Swift sees: one-line exports over [`crate::session`], the Swift-facing types, the one error conversion, the
//! runtime.

mod error;
mod import;
mod legacy;
mod log;
mod observer;
mod open_sessions;
mod runtime;
mod session;
mod storage;
mod stored_sessions;

pub use error::{RetryReason, SessionError, SignInReason};
pub use log::{LogSink, LogSinkLevel};
pub use observer::SessionObserver;
pub use session::CoreSession;
pub use storage::{
    KeychainAccessConstraint, KeychainAccessControl, KeychainAccessibility, KeychainStorage, SessionStorage,
};
pub use stored_sessions::stored_session_names;
