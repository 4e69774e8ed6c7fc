//! What is announced, and when: every change of state and every event once, in order, and no event before the store
//! holds what it speaks of.

use super::event::{Report, SessionEvent, SignInWay};
use super::ledger::{Ledger, Revision};
use super::outcome::Effects;
use crate::model::audience::{Audience, AudienceToken};
use crate::model::credentials::Credentials;
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::storage::envelope::StoredSession;

/// What was announced last, and what waits for the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Announcements {
    published: Option<SessionState>,
    /// What happened with which change, while the store does not hold it.
    waiting: Vec<(Revision, SessionEvent)>,
}

impl Announcements {
    /// The state that was announced last.
    pub(super) fn published(&self) -> Option<&SessionState> {
        self.published.as_ref()
    }

    /// Announces the state, if it is not the one that was announced last.
    pub(super) fn publish(&mut self, state: Option<SessionState>, effects: &mut Effects) {
        let Some(new) = state.filter(|state| Some(state) != self.published.as_ref()) else {
            return;
        };
        let before = self.published.replace(new.clone());
        let reason = ReauthenticationReason::NoRefreshToken;
        let cannot_be_renewed = new == SessionState::ReauthenticationRequired { reason };
        effects.report(Report::State(new));
        // No input did that: time has passed.
        if cannot_be_renewed && matches!(before, Some(SessionState::SignedIn { .. })) {
            effects.announce(SessionEvent::Ended { reason });
        }
    }

    /// Announces the event when the store holds that change, or was given it: see
    /// [`SessionEvent::waits_for_the_store`].
    pub(super) fn add(&mut self, revision: Revision, event: SessionEvent, ledger: &Ledger, effects: &mut Effects) {
        self.waiting.retain(|(_, waiting)| !waiting.gives_way_to(&event));
        self.waiting.push((revision, event));
        self.release(ledger, effects);
    }

    /// Announces what no longer has to wait.
    pub(super) fn release(&mut self, ledger: &Ledger, effects: &mut Effects) {
        let is_due = |(revision, event): &mut (Revision, SessionEvent)| {
            if event.waits_for_the_store() {
                ledger.is_stored(*revision)
            } else {
                ledger.is_attempted(*revision)
            }
        };
        let due: Vec<_> = self.waiting.extract_if(.., is_due).collect();
        due.into_iter().for_each(|(_, event)| effects.announce(event));
    }

    /// The session is another one, or none. What was not stored of it was never there for anybody else; but a user who
    /// has left has left.
    pub(super) fn forget_session(&mut self) {
        self.waiting
            .retain(|(_, event)| matches!(event, SessionEvent::SignedOut { .. }));
    }

    /// Another process's later tokens took the place of what is waiting.
    pub(super) fn forget_renewals(&mut self) {
        self.waiting.retain(|(_, event)| !event.is_of_a_renewal());
    }

    /// The session goes on after all. True where its end had not been announced yet.
    pub(super) fn forget_end(&mut self) -> bool {
        let waiting = self.waiting.len();
        self.waiting
            .retain(|(_, event)| !matches!(event, SessionEvent::Ended { .. }));
        self.waiting.len() < waiting
    }
}

/// What a session means that was not here before.
pub(super) fn arrival(session: &StoredSession, by: SignInWay) -> SessionEvent {
    match session.ended {
        Some(reason) => SessionEvent::Ended { reason },
        None => SessionEvent::SignedIn {
            subject: session.subject.clone(),
            by,
        },
    }
}

/// What a token means that was not here before.
pub(super) fn renewed(of: Option<&Audience>, token: &Credentials, elsewhere: bool) -> SessionEvent {
    SessionEvent::Renewed {
        audience: of.map(|audience| audience.identifier.clone()),
        expires_at: token.expires_at(),
        elsewhere,
    }
}

/// What another process made of a session that both have.
///
/// `announced_end`: that ours has ended was announced.
pub(super) fn differences(ours: &StoredSession, theirs: &StoredSession, announced_end: bool) -> Vec<SessionEvent> {
    let mut events = Vec::new();
    if announced_end && theirs.ended.is_none() {
        let subject = theirs.subject.clone();
        events.push(SessionEvent::Restored { subject });
    }
    let is_news = |tokens: &Credentials| !tokens.unchecked && tokens.token().is_some();
    let is_known = |known: &Credentials, tokens: &Credentials| !known.unchecked && known.token() == tokens.token();
    if is_news(&theirs.credentials) && !is_known(&ours.credentials, &theirs.credentials) {
        events.push(renewed(None, &theirs.credentials, true));
    }
    for token in theirs
        .audience_tokens
        .iter()
        .filter(|token| is_news(&token.credentials))
    {
        let is_same = |known: &AudienceToken| {
            known.audience == token.audience && is_known(&known.credentials, &token.credentials)
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
