//! Telling who listens: every change of state and every event once, in order, and nothing before the store was given it.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Current, Generation, Inner};
use crate::machine::event::{Report, SessionEvent, SignInWay};
use crate::model::audience::{Audience, AudienceToken};
use crate::model::credentials::Credentials;
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::model::time::Instant;
use crate::storage::envelope::StoredSession;

impl Current {
    pub(in super::super) fn subscribe(&self, now: Instant) -> UnboundedReceiver<Report> {
        let (sender, receiver) = unbounded_channel();
        let mut inner = self.lock();
        inner.publish(now);
        if let Some(state) = inner.published.clone() {
            // The receiver is right here, so this cannot fail.
            let _ = sender.send(Report::State(state));
        }
        inner.subscribers.push(sender);
        receiver
    }

    /// Tells the subscribers, if the state is not the one they were told last.
    pub(in super::super) fn publish(&self, now: Instant) {
        self.lock().publish(now);
    }

    /// Tells what happened to the session of that generation, if it is still there and has not ended.
    pub(in super::super) fn tell_of_session(&self, asked: Generation, event: SessionEvent) {
        let mut inner = self.lock();
        if Generation(inner.generation) == asked && inner.held().is_some_and(|session| session.ended.is_none()) {
            inner.tell(event);
        }
    }
}

impl Inner {
    fn publish(&mut self, now: Instant) {
        // Nobody hears of new tokens before the store was given them; whoever writes them tells.
        if self.held().is_some() && self.tokens_revision > self.tried_revision {
            return;
        }
        let state = self.state(now);
        let Some(new) = state.clone().filter(|_| state != self.published) else {
            return;
        };
        let before = std::mem::replace(&mut self.published, state);
        let reason = ReauthenticationReason::NoRefreshToken;
        let is_stranded = new == SessionState::ReauthenticationRequired { reason };
        self.send(Report::State(new));
        // Nobody did that: time has passed.
        if is_stranded && matches!(before, Some(SessionState::SignedIn { .. })) {
            self.tell(SessionEvent::Ended { reason });
        }
    }

    /// Tells what the store holds already, or need not hold.
    pub(super) fn tell(&mut self, event: SessionEvent) {
        self.send(Report::Event(event));
    }

    /// Tells it when the store has been given that revision.
    pub(super) fn tell_after(&mut self, revision: u64, event: SessionEvent) {
        self.untold.retain(|(_, untold)| !untold.gives_way_to(&event));
        self.untold.push((revision, event));
        self.tell_what_is_due();
    }

    pub(super) fn tell_what_is_due(&mut self) {
        let (saved, given) = (self.saved_revision, self.tried_revision.max(self.saved_revision));
        let is_due = |(revision, event): &mut (u64, SessionEvent)| {
            *revision <= if event.waits_for_the_store() { saved } else { given }
        };
        let due: Vec<_> = self.untold.extract_if(.., is_due).collect();
        for (_, event) in due {
            self.tell(event);
        }
    }

    fn send(&mut self, report: Report) {
        self.subscribers
            .retain(|subscriber| subscriber.send(report.clone()).is_ok());
    }
}

/// What a session that was not here before means.
pub(super) fn arrival(session: &StoredSession, by: SignInWay) -> SessionEvent {
    match session.ended {
        Some(reason) => SessionEvent::Ended { reason },
        None => SessionEvent::SignedIn {
            subject: session.subject.clone(),
            by,
        },
    }
}

/// What a token that was not here before means.
pub(super) fn renewed(of: Option<&Audience>, token: &Credentials, elsewhere: bool) -> SessionEvent {
    SessionEvent::Renewed {
        audience: of.map(|audience| audience.identifier.clone()),
        expires_at: token.expires_at(),
        elsewhere,
    }
}

/// What another process made of a session that both have.
pub(super) fn differences(ours: &StoredSession, theirs: &StoredSession) -> Vec<SessionEvent> {
    let mut events = Vec::new();
    let token = theirs.credentials.token();
    if token.is_some() && token != ours.credentials.token() {
        events.push(renewed(None, &theirs.credentials, true));
    }
    for token in &theirs.audience_tokens {
        let is_same = |known: &AudienceToken| {
            known.audience == token.audience && known.credentials.access_token == token.credentials.access_token
        };
        if !ours.audience_tokens.iter().any(is_same) {
            events.push(renewed(Some(&token.audience), &token.credentials, true));
        }
    }
    if let (None, Some(reason)) = (ours.ended, theirs.ended) {
        events.push(SessionEvent::Ended { reason });
    }
    events
}
