//! Carries changes of state, and events, to Swift, in order.

use std::sync::Arc;

use super::error::SessionError;
use super::runtime::spawn;
use crate::machine::error::Error;
use crate::machine::event::{RenewalFailure, Report, SessionEvent};
use crate::model::state::SessionState;
use crate::session::SessionManager;

/// Hears of every change of the session's state, and of what happens to it. Called for one thing at a time, in order,
/// on a thread of Pilotlight's own. Must return soon.
#[uniffi::export(with_foreign)]
pub trait SessionObserver: Send + Sync + std::fmt::Debug {
    /// The state is another one.
    fn state_changed(&self, state: SessionState);

    /// Something happened.
    fn happened(&self, event: SessionEvent);
}

// The public error, by the one conversion there is; it never comes back.
uniffi::custom_type!(RenewalFailure, SessionError, {
    try_lift: |error| Ok(Self(Error::Internal(error.to_string()))),
    lower: |failure| failure.0.into(),
});

/// Forwards until the session is gone: the sender side ends with it, so no task outlives it.
pub(super) fn forward_reports(manager: &SessionManager, observer: Option<Arc<dyn SessionObserver>>) {
    let Some(observer) = observer else { return };
    let mut reports = manager.subscribe();
    spawn(Box::pin(async move {
        while let Some(report) = reports.recv().await {
            match report {
                Report::State(state) => observer.state_changed(state),
                Report::Event(event) => observer.happened(event),
            }
        }
    }));
}
