//! What is announced, and when. Every change of state and every event is announced once, in order. No event is
//! announced before the store holds what it reports.

use std::time::Duration;

use super::event::{Report, SessionEvent, SignInWay};
use super::ledger::{Ledger, Revision};
use super::outcome::Effects;
use crate::model::audience::{Audience, AudienceToken};
use crate::model::credentials::Credentials;
use crate::model::lifetime::SessionEnd;
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::model::time::Instant;
use crate::storage::envelope::StoredSession;

/// What was announced last, and what waits for the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Announcements {
    published: Option<SessionState>,
    /// Why it was announced that the session is over, if that depends on the time. A use in another process, or a
    /// corrected clock, may show that it continues.
    over: Option<ReauthenticationReason>,
    /// The end that a warning was announced for, as the age that the session will have then.
    warned_of: Option<Duration>,
    /// Events that wait until the store holds the change that they belong to.
    waiting: Vec<(Revision, SessionEvent)>,
}

impl Announcements {
    /// The state that was announced last.
    pub(super) fn published(&self) -> Option<&SessionState> {
        self.published.as_ref()
    }

    /// Announces the state if it differs from the one that was announced last.
    pub(super) fn publish(&mut self, state: Option<SessionState>, effects: &mut Effects) {
        let Some(new) = state.filter(|state| Some(state) != self.published.as_ref()) else {
            return;
        };
        let before = self.published.replace(new.clone());
        effects.report(Report::State(new.clone()));
        // No input caused this: time has passed.
        match new {
            SessionState::ReauthenticationRequired { reason } => {
                let was_signed_in = matches!(before, Some(SessionState::SignedIn { .. }));
                let is_news = match reason {
                    ReauthenticationReason::RefreshTokenRejected => false,
                    ReauthenticationReason::NoRefreshToken => was_signed_in,
                    ReauthenticationReason::LifetimeEnded | ReauthenticationReason::IdleTooLong => {
                        !self.is_over_by_its_age()
                    }
                };
                if is_news {
                    self.over = Some(reason);
                    effects.announce(SessionEvent::Ended { reason });
                }
            }
            SessionState::SignedIn { subject, .. } if self.over.take().is_some() => {
                effects.announce(SessionEvent::Restored { subject });
            }
            _ => {}
        }
    }

    /// Warns of an end by age before it comes: once, and again if the end was put off in the meantime.
    pub(super) fn warn(&mut self, end: Option<SessionEnd>, now: Instant, effects: &mut Effects) {
        let near = end.filter(|end| end.left <= end.warning && !end.left.is_zero());
        let Some(SessionEnd { age, left, reason, .. }) = near else {
            return;
        };
        if self.warned_of.replace(age) != Some(age) {
            let at = now.wall.plus(i64::try_from(left.as_secs()).unwrap_or(i64::MAX));
            effects.announce(SessionEvent::WillEnd { at, reason });
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
        for (_, event) in due {
            self.announce(event, effects);
        }
    }

    /// Announces the event now. Exception: no renewal is announced after the end of the session by its age was
    /// announced. Such a renewal was already under way at the end.
    pub(super) fn announce(&self, event: SessionEvent, effects: &mut Effects) {
        if !(self.is_over_by_its_age() && matches!(event, SessionEvent::Renewed { .. })) {
            effects.announce(event);
        }
    }

    fn is_over_by_its_age(&self) -> bool {
        matches!(
            self.over,
            Some(ReauthenticationReason::LifetimeEnded | ReauthenticationReason::IdleTooLong)
        )
    }

    /// The session is another one, or none. Events whose change was never stored are dropped, because nobody else ever
    /// saw that change. A sign-out is still announced.
    pub(super) fn forget_session(&mut self) {
        (self.over, self.warned_of) = (None, None);
        self.waiting
            .retain(|(_, event)| matches!(event, SessionEvent::SignedOut { .. }));
    }

    /// Later tokens of another process have replaced those that the waiting events are about.
    pub(super) fn forget_renewals(&mut self) {
        self.waiting.retain(|(_, event)| !event.is_of_a_renewal());
    }

    /// The session continues after all. True if its end had not been announced yet.
    pub(super) fn forget_end(&mut self) -> bool {
        self.forget(|event| matches!(event, SessionEvent::Ended { .. }))
    }

    /// The version of another process decides whether the session continues. True if its restoration had not been
    /// announced yet.
    pub(super) fn forget_restoration(&mut self) -> bool {
        self.forget(|event| matches!(event, SessionEvent::Restored { .. }))
    }

    fn forget(&mut self, which: impl Fn(&SessionEvent) -> bool) -> bool {
        let waiting = self.waiting.len();
        self.waiting.retain(|(_, event)| !which(event));
        self.waiting.len() < waiting
    }
}

/// The event for a session that is new in this process.
pub(super) fn arrival(session: &StoredSession, by: SignInWay) -> SessionEvent {
    match session.ended {
        Some(reason) => SessionEvent::Ended { reason },
        None => SessionEvent::SignedIn {
            subject: session.subject.clone(),
            by,
        },
    }
}

/// The event for a token that is new in this process.
pub(super) fn renewed(of: Option<&Audience>, token: &Credentials, elsewhere: bool) -> SessionEvent {
    SessionEvent::Renewed {
        audience: of.map(|audience| audience.identifier.clone()),
        expires_at: token.expires_at(),
        elsewhere,
    }
}

/// The events for what another process changed in a session that both have.
///
/// `announced_end`: the last announcement was that our version has ended.
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
    if let (None, Some(reason), false) = (ours.ended, theirs.ended, announced_end) {
        events.push(SessionEvent::Ended { reason });
    }
    events
}
