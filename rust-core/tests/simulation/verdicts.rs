//! The rules for the results that a session gives out: a published state, an event, an error, or the token that a call
//! returns.

use std::collections::BTreeSet;
use std::time::Duration;

use pilotlight_core::machine::error::Error;
use pilotlight_core::machine::event::SessionEvent;
use pilotlight_core::model::state::{ReauthenticationReason, SessionState};
use pilotlight_core::model::time::Timestamp;

use crate::profile::Profile;
use crate::rules::Held;
use crate::server::{RefreshToken, Who};
use crate::world::{State, name_of};

impl State {
    /// All processes had a chance to write: the stored session must be valid if nothing can have been lost.
    pub(crate) fn must_be_good(&mut self) {
        let Profile {
            crash,
            lost_answer,
            zombie,
            freeze,
            rotation,
            ..
        } = self.profile;
        let Held::Session {
            family,
            token: Some(token),
            ..
        } = self.stored()
        else {
            return;
        };
        let is_alive = self.server.families[family].ended.is_none();
        let is_spent = self.server.refresh_tokens[&token].spent_at.is_some();
        if crash + lost_answer + zombie + freeze == 0 && rotation && is_alive && is_spent {
            self.blame(format!("{token} is spent, and nobody stores its successor"));
        }
    }

    /// A state was published, or an error shows the state.
    pub(crate) fn publishes(&mut self, who: Who, published: &SessionState) {
        let seen = &self.processes[who.process].seen;
        let mistake = match published {
            SessionState::SignedOut if seen.sign_outs == 0 && !seen.read_nothing => {
                Some("nobody signed out, and the store was not empty".to_owned())
            }
            SessionState::Locked if !seen.read_locked => Some("the store was never locked".to_owned()),
            SessionState::ReauthenticationRequired { reason } => self.why_not_ended(who, *reason),
            SessionState::SignedIn { expires_at, .. } => self.why_too_early(who, *expires_at),
            _ => None,
        };
        if let Some(mistake) = mistake {
            self.blame(format!(
                "process {} publishes {published:?}: {mistake}",
                name_of(who.process)
            ));
        }
    }

    fn why_too_early(&self, who: Who, expires_at: Timestamp) -> Option<String> {
        // Two renewals may have brought the same expiry, and one of them was dropped.
        let is_it = |known: &&RefreshToken| known.reached.contains(&(who, expires_at.0));
        let mut brought = self.server.refresh_tokens.values().filter(is_it).peekable();
        let early = self.profile.rotation
            && brought.peek().is_some()
            && brought.all(|known| !known.write_tried)
            && !self.stored_expiries.contains(&expires_at.0);
        early.then(|| "its refresh token was not written yet".to_owned())
    }

    /// An event was announced.
    pub(crate) fn tells(&mut self, who: Who, event: &SessionEvent) {
        let seen = &self.processes[who.process].seen;
        let is_there = seen.tells_of_a_session;
        let mistake = match event {
            SessionEvent::SignedOut { elsewhere: false } if seen.sign_outs == 0 => Some("nobody did that".to_owned()),
            SessionEvent::SignedOut { elsewhere: true } if !seen.read_nothing => {
                Some("the store was not empty".to_owned())
            }
            SessionEvent::Ended { reason } => self.why_not_ended(who, *reason),
            SessionEvent::Renewed { .. } if !is_there => {
                Some("by what it announced before, nobody is signed in".to_owned())
            }
            SessionEvent::Renewed { expires_at, .. } => self.why_too_early(who, *expires_at),
            _ => None,
        };
        let is_there_now = match event {
            SessionEvent::SignedIn { .. } | SessionEvent::Restored { .. } | SessionEvent::Renewed { .. } => true,
            SessionEvent::Ended { .. } | SessionEvent::SignedOut { .. } => false,
            _ => is_there,
        };
        self.processes[who.process].seen.tells_of_a_session = is_there_now;
        if let Some(mistake) = mistake {
            self.blame(format!("process {} tells {event:?}: {mistake}", name_of(who.process)));
        }
    }

    fn why_not_ended(&self, who: Who, reason: ReauthenticationReason) -> Option<String> {
        let seen = &self.processes[who.process].seen;
        let mut ends = seen.refused.union(&seen.read_ended);
        if reason == ReauthenticationReason::NoRefreshToken {
            Some("there always is a refresh token".to_owned())
        } else if ends.any(|family| self.why_not_end(*family).is_none()) {
            None
        } else {
            let whole = seen
                .refused
                .union(&seen.read_ended)
                .map(|family| self.why_not_end(*family));
            Some(format!("no good reason: {:?}", whole.collect::<Vec<_>>()))
        }
    }

    /// A call failed.
    pub(crate) fn fails(&mut self, who: Who, error: &Error) {
        match error {
            Error::NoSession => self.publishes(who, &SessionState::SignedOut),
            Error::Reauthenticate(reason) => {
                let ended = SessionState::ReauthenticationRequired { reason: *reason };
                self.publishes(who, &ended);
            }
            Error::Internal(_) | Error::Envelope(_) | Error::Configuration { .. } => {
                self.blame(format!("process {}: {error}", name_of(who.process)));
            }
            _ => {}
        }
    }

    /// A caller got an access token.
    pub(crate) fn hands_out(&mut self, who: Who, left_before: &BTreeSet<usize>, token: &str) {
        let Some(access) = self.server.access_tokens.get(token) else {
            self.blame(format!("{token} was never issued"));
            return;
        };
        let known = &self.server.refresh_tokens[&access.refresh_token];
        // A process that continued without the lock may find a later renewal in the store, and then keeps that one. A
        // sign-in whose call has not returned is not recorded yet.
        let is_sign_in = known.parent.is_none();
        if !known.write_tried && !is_sign_in && !self.is_without_lock(who) {
            self.blame(format!("{token} is handed out before its refresh token was written"));
        } else if left_before.contains(&known.family) {
            self.blame(format!("{token} is handed out after the sign-out"));
        }
    }

    /// And the token is valid, as far as a process can know: by clocks that nobody sets, and while it is not suspended.
    pub(crate) fn is_fresh(&mut self, token: &str, now: Duration) {
        let can_know = self.profile.clock_jump == 0 && self.profile.freeze == 0;
        let expires = self.server.access_tokens.get(token).map(|access| access.expires);
        // The device reads whole seconds, and counts from the receipt of the answer.
        let margin = self.profile.slowest_answer + Duration::from_secs(2);
        if can_know && expires.is_some_and(|expires| now > expires + margin) {
            self.blame(format!("{token} is handed out after it has expired"));
        }
    }
}
