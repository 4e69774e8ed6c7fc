//! A handle for finding an open session again.

use std::sync::{Arc, Weak};

use super::manager::SessionManager;
use super::parts::Parts;

/// A handle that does not keep the session open.
#[derive(Clone, Debug)]
pub struct WeakSessionManager(Weak<Parts>);

impl WeakSessionManager {
    /// A handle to this session.
    pub fn of(session: &SessionManager) -> Self {
        Self(Arc::downgrade(&session.parts))
    }

    /// The session, if a handle or work in progress keeps it open.
    pub fn upgrade(&self) -> Option<SessionManager> {
        self.0.upgrade().map(|parts| SessionManager { parts })
    }

    /// Whether this is a handle to the same session.
    pub fn is_of(&self, session: &SessionManager) -> bool {
        self.0.as_ptr() == Arc::as_ptr(&session.parts)
    }
}
