//! The outcome of an input: what the caller gets, and what has to be done.

use std::time::Duration;

use super::error::Error;
use super::event::{Report, SessionEvent};
use super::phase::Generation;
use crate::model::invalid::InvalidValue;
use crate::model::proof_key::ProofKey;
use crate::model::revocable::Revocable;
use crate::model::secret::Secret;
use crate::protocol::legacy::delegation::Shown;

/// The outcome of an input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// What became of the input.
    pub verdict: Verdict,
    /// What has to be done, in this order.
    pub effects: Vec<Effect>,
}

impl Outcome {
    /// The input of the renewal, if one was requested and can be made.
    pub fn renewal(self) -> Option<Box<RenewalInput>> {
        self.effects.into_iter().find_map(|effect| match effect {
            Effect::Renew(input) => Some(input),
            _ => None,
        })
    }

    /// How long to wait before the next attempt; none if that was the last one.
    pub fn pause(self) -> Option<Duration> {
        self.effects.into_iter().find_map(|effect| match effect {
            Effect::Pause(pause) => Some(pause),
            _ => None,
        })
    }

    /// The tokens to revoke, in this order.
    pub fn revocations(self) -> Vec<Revocable> {
        let revocable = |effect| match effect {
            Effect::Revoke(what) => Some(what),
            _ => None,
        };
        self.effects.into_iter().filter_map(revocable).collect()
    }
}

/// What became of an input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The input was applied. The session, its tokens or what is known about the store have changed.
    Changed,
    /// The session and its tokens are the same as before for the caller. Cooldowns, counters, nonces, or what waits to
    /// be written may have changed.
    Unchanged,
    /// The input is for a session that is no longer current.
    Superseded,
    /// This process has written since the store was read, or has read a newer item: the store has to be read again.
    ReadAgain,
    /// The input was refused.
    Refused(Box<InvalidValue>),
    /// The session is kept, but most likely it cannot continue without the user.
    SignInAgain,
    /// The issuer is not asked now, for this reason.
    TooEarly(Box<Error>),
}

/// What has to be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Announce this to all subscribers.
    Announce(Report),
    /// Send this token to the issuer and ask for new ones.
    Renew(Box<RenewalInput>),
    /// Send the same request once more, at once: its answer was lost.
    SendAgain,
    /// Wait this long, then make another attempt at the renewal.
    Pause(Duration),
    /// Ask the issuer to revoke this token.
    Revoke(Revocable),
    /// Write what [`super::Stored::unsaved`] returns.
    Write,
}

/// What a renewal needs to know about the session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalInput {
    /// The session that it is for.
    pub generation: Generation,
    /// The refresh token. If the session lives by its ID token and has no refresh token, the ID token.
    pub token: Secret,
    /// How the session is renewed, if not by the refresh grant.
    pub delegation: Option<Shown>,
    /// The issuer's identifier, as it was at the sign-in.
    pub issuer: String,
    /// The client that signed in.
    pub client_id: String,
    /// The user.
    pub subject: String,
    /// The nonce that was sent to the issuer at the sign-in.
    pub nonce: Option<Secret>,
    /// The APIs that the sign-in asked for (`resource`).
    pub resources: Vec<String>,
    /// The ID token that was accepted last.
    pub id_token: Option<Secret>,
    /// The key that signs the proof (DPoP).
    pub proof_key: Option<ProofKey>,
    /// Whether the refresh token is known to be bound to the key.
    pub is_bound: bool,
}

/// The effects of one input, as the rules collect them.
#[derive(Debug, Default)]
pub(super) struct Effects(Vec<Effect>);

impl Effects {
    pub(super) fn report(&mut self, report: Report) {
        self.0.push(Effect::Announce(report));
    }

    pub(super) fn announce(&mut self, event: SessionEvent) {
        self.report(Report::Event(event));
    }

    pub(super) fn revoke(&mut self, refresh_token: Option<Secret>) {
        let revocable = refresh_token.map(Revocable::refresh_token);
        self.0.extend(revocable.map(Effect::Revoke));
    }

    pub(super) fn revoke_device_secret(&mut self, device_secret: Option<Secret>) {
        let revocable = device_secret.map(Revocable::device_secret);
        self.0.extend(revocable.map(Effect::Revoke));
    }

    pub(super) fn renew(&mut self, input: RenewalInput) {
        self.0.push(Effect::Renew(Box::new(input)));
    }

    pub(super) fn send_again(&mut self) {
        self.0.push(Effect::SendAgain);
    }

    pub(super) fn pause(&mut self, pause: Duration) {
        self.0.push(Effect::Pause(pause));
    }

    pub(super) fn finish(mut self, verdict: Verdict, has_unsaved: bool) -> Outcome {
        self.0.extend(has_unsaved.then_some(Effect::Write));
        Outcome {
            verdict,
            effects: self.0,
        }
    }
}
