//! A runtime that may not have been started yet.

use std::fmt;

use tokio::runtime::Handle;

/// The runtime that an adapter's work runs on. Starting a thread takes longer than opening a session, and many sessions
/// that are opened at launch are not used, so the first work starts it.
#[derive(Clone)]
pub enum LazyRuntime {
    /// A runtime that has been started.
    Running(Handle),
    /// The first call starts the runtime; every call returns the same one.
    StartedBy(fn() -> &'static Handle),
}

impl LazyRuntime {
    /// The runtime, started now if it was not before.
    pub(super) fn handle(&self) -> &Handle {
        match self {
            Self::Running(handle) => handle,
            Self::StartedBy(start) => start(),
        }
    }
}

impl From<Handle> for LazyRuntime {
    fn from(handle: Handle) -> Self {
        Self::Running(handle)
    }
}

impl fmt::Debug for LazyRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LazyRuntime")
    }
}
