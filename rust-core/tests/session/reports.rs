//! What a session reports to its listeners: its states, or its events.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::machine::event::{Report, SessionEvent};
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::SessionManager;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::TryRecvError;

/// Only the changes of state.
pub(crate) struct States(UnboundedReceiver<Report>);

pub(crate) fn states(session: &SessionManager) -> States {
    States(session.subscribe())
}

impl States {
    pub(crate) async fn recv(&mut self) -> Option<SessionState> {
        loop {
            if let Report::State(state) = self.0.recv().await? {
                return Some(state);
            }
        }
    }

    pub(crate) fn try_recv(&mut self) -> Result<SessionState, TryRecvError> {
        loop {
            if let Report::State(state) = self.0.try_recv()? {
                return Ok(state);
            }
        }
    }
}

/// Only the events.
pub(crate) struct Events(UnboundedReceiver<Report>);

pub(crate) fn events(session: &SessionManager) -> Events {
    Events(session.subscribe())
}

impl Events {
    /// The events since the last call.
    pub(crate) fn take(&mut self) -> Vec<SessionEvent> {
        let mut events = Vec::new();
        while let Ok(report) = self.0.try_recv() {
            if let Report::Event(event) = report {
                events.push(event);
            }
        }
        events
    }

    /// The same, each in a few words.
    pub(crate) fn announced(&mut self) -> Vec<String> {
        self.take().into_iter().map(in_words).collect()
    }
}

fn in_words(event: SessionEvent) -> String {
    let or_own = |audience: Option<String>| audience.unwrap_or_else(|| "own".to_owned());
    match event {
        SessionEvent::SignedIn { subject, by } => format!("{subject} by {by:?}"),
        SessionEvent::RefreshTokenMissing => "no refresh token".to_owned(),
        SessionEvent::Restored { subject } => format!("{subject} restored"),
        SessionEvent::Renewed {
            audience, elsewhere, ..
        } => {
            format!(
                "renewed {}{}",
                or_own(audience),
                if elsewhere { " elsewhere" } else { "" }
            )
        }
        SessionEvent::RenewalFailed { audience, cause, .. } => {
            let cause = match SessionError::from(*cause.0) {
                SessionError::RetryLater { reason, .. } => format!("{reason:?}"),
                SessionError::SignIn { reason, .. } => format!("{reason:?}"),
                SessionError::MfaRequired { .. } => "second factor".to_owned(),
                SessionError::FixConfiguration { field, .. } => format!("fix {field}"),
                SessionError::CheckStorage { .. } => "storage".to_owned(),
                SessionError::WaitForUnlock { .. } => "unlock".to_owned(),
                other => format!("{other:?}"),
            };
            format!("not renewed {}: {cause}", or_own(audience))
        }
        SessionEvent::WillEnd { reason, .. } => format!("will end: {reason:?}"),
        SessionEvent::Ended { reason } => format!("ended: {reason:?}"),
        SessionEvent::SignedOut { elsewhere } => format!("signed out{}", if elsewhere { " elsewhere" } else { "" }),
        SessionEvent::ProfileChanged => "profile".to_owned(),
        SessionEvent::MetadataUpdateSent { id } => format!("sent {id}"),
        SessionEvent::MetadataUpdateRefused { id } => format!("refused {id}"),
    }
}
