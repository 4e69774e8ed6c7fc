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

/// Receives every change of the session's state, and what happens to it. Called for one thing at a time, in order,
/// on a thread of Pilotlight's own, as long as the handle lives that it was given with. Must return soon.
#[uniffi::export(with_foreign)]
pub trait SessionObserver: Send + Sync + std::fmt::Debug {
    /// The state is another one.
    fn state_changed(&self, state: SessionState);

    /// Something happened.
    fn happened(&self, event: SessionEvent);
}

// The public error, by the one conversion there is; it never comes back.
uniffi::custom_type!(RenewalFailure, SessionError, {
    try_lift: |error| Ok(Self(Box::new(Error::Internal(error.to_string())))),
    lower: |failure| (*failure.0).into(),
});

/// Until this is dropped its observer is called; then it is let go of.
#[derive(Debug)]
#[expect(dead_code, reason = "its drop is what counts")]
pub(super) struct Observation {
    ends: oneshot::Sender<()>,
    forwarding: Arc<Waiting>,
}

impl Observation {
    /// By the task that `forward` makes, which is to end when the observation does.
    pub(super) fn by<F>(forward: impl FnOnce(oneshot::Receiver<()>) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (ends, ended) = oneshot::channel();
        let forwarding = spawn_when_running(Box::pin(forward(ended)));
        Self { ends, forwarding }
    }
}

/// Forwards as long as the observation lives. The sender's side ends with the session, so no task outlives that either.
pub(super) fn forward_reports(
    manager: &SessionManager,
    observer: Option<Arc<dyn SessionObserver>>,
) -> Option<Observation> {
    let observer = observer?;
    let mut reports = manager.subscribe();
    Some(Observation::by(|mut ended| async move {
        // The end is looked at first: what came in the meantime is for nobody.
        while let Either::Right((Some(report), _)) = select(&mut ended, pin!(reports.recv())).await {
            match report {
                Report::State(state) => observer.state_changed(state),
                Report::Event(event) => observer.happened(event),
            }
        }
    }))
}
