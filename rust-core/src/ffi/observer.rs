//! Carries changes of state, and events, to Swift, in order.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use super::error::SessionError;
use super::runtime::spawn_when_running;
use super::waiting_work::Waiting;
use crate::machine::error::Error;
use crate::machine::event::{RenewalFailure, Report, SessionEvent};
use crate::model::state::SessionState;
use crate::session::SessionManager;

/// Receives every change of the session's state, and every event. Called one at a time, in order, on one of
/// Pilotlight's own threads, as long as the handle that it was given to exists. Must return quickly.
#[uniffi::export(with_foreign)]
pub trait SessionObserver: Send + Sync + std::fmt::Debug {
    /// The state has changed.
    fn state_changed(&self, state: SessionState);

    /// An event happened.
    fn happened(&self, event: SessionEvent);
}

// Lowered as the public error, by the one conversion there is. It is never lifted.
uniffi::custom_type!(RenewalFailure, SessionError, {
    try_lift: |error| Ok(Self(Box::new(Error::Internal(error.to_string())))),
    lower: |failure| (*failure.0).into(),
});

/// An observation. Its observer is called until the observation is dropped, and released then.
#[derive(Debug)]
#[expect(dead_code, reason = "its drop is what counts")]
pub(super) struct Observation {
    ends: oneshot::Sender<()>,
    forwarding: Arc<Waiting>,
}

impl Observation {
    /// An observation by the task that `forward` makes. The task must end when the observation does.
    pub(super) fn by<F>(forward: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (ends, ended) = oneshot::channel();
        let forwarding = spawn_when_running(Box::pin(forward(ended)));
        Self { ends, forwarding }
    }
}

/// Forwards reports as long as the observation lives. The channel also closes with the session, so no task outlives it.
pub(super) fn forward_reports(
    manager: &SessionManager,
    observer: Option<Arc<dyn SessionObserver>>,
) -> Option<Observation> {
    let observer = observer?;
    let mut reports = manager.subscribe();
    Some(Observation::by(|mut ended| async move {
        // The end is checked first: reports that came in the meantime have no receiver.
        while let Either::Right((Some(report), _)) = select(&mut ended, pin!(reports.recv())).await {
            match report {
                Report::State(state) => observer.state_changed(state),
                Report::Event(event) => observer.happened(event),
            }
        }
    }))
}
