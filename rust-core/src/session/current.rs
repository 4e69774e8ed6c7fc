//! The state in memory, and every way it can change. A std `Mutex` guards it: each critical section is a few
//! assignments, and the synchronous path of a valid token must not wait for a runtime.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::credentials::{Credentials, Freshness, MonotonicReceipt};
use crate::envelope::StoredSession;
use crate::profile::Profile;
use crate::provider::token::TokenAnswer;
use crate::secret::{Secret, SecretBytes};
use crate::state::{ReauthenticationReason, SessionState};
use crate::time::{Instant, Timestamp};

/// Counts sign-ins and sign-outs. An answer asked for in an older generation is not for this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u64);

/// The session changed hands while the answer was under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Superseded;

/// What a renewal needs to know of the session.
#[derive(Clone, Debug)]
pub(super) struct RenewalInput {
    pub(super) generation: Generation,
    pub(super) refresh_token: Secret,
    pub(super) subject: String,
    /// The nonce of the sign-in.
    pub(super) nonce: Option<Secret>,
    /// The ID token that was believed last.
    pub(super) id_token: Option<Secret>,
}

/// What the store should hold, and up to which change that is.
#[derive(Debug)]
pub(super) struct Unsaved {
    pub(super) content: Option<StoredSession>,
    pub(super) unreadable: Option<SecretBytes>,
    revision: u64,
}

#[derive(Debug, Default)]
pub(super) struct Current(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    phase: Phase,
    generation: u64,
    /// Raised by every change that belongs in the store.
    revision: u64,
    saved_revision: u64,
    /// Raised by every change of the access token.
    renewals: u64,
    /// The revision that brought the tokens in memory. While it is not stored, callers are led to the call that writes.
    tokens_revision: u64,
    /// The tokens in memory came with an ID token that has not been looked at yet: they are stored, and not given out.
    tokens_are_unchecked: bool,
    received: MonotonicReceipt,
    /// An item that could not be decoded; kept aside before it is replaced.
    unreadable: Option<SecretBytes>,
    subscribers: Vec<UnboundedSender<SessionState>>,
    published: Option<SessionState>,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Unrestored,
    Locked,
    SignedOut,
    /// Also after the end of the session, with `ended` set and no tokens: the profile stays for the sign-in screen.
    Held(Box<StoredSession>),
}

/// Reading.
impl Current {
    pub(super) fn state(&self, now: Instant) -> Option<SessionState> {
        self.lock().state(now)
    }

    pub(super) fn with_access_token<T>(
        &self,
        min_ttl: Duration,
        now: Instant,
        use_token: impl FnOnce(&Secret) -> T,
    ) -> Option<T> {
        let inner = self.lock();
        if !inner.tokens_are_saved() {
            return None;
        }
        inner.valid_access_token(min_ttl, now).map(use_token)
    }

    /// A number for the access token that [`Current::with_access_token`] would use, another one for each new token; 0
    /// for none.
    pub(super) fn access_token_version(&self, min_ttl: Duration, now: Instant) -> u64 {
        let inner = self.lock();
        let usable = inner.tokens_are_saved() && inner.valid_access_token(min_ttl, now).is_some();
        if usable { inner.renewals + 1 } else { 0 }
    }

    /// The same, also while the tokens wait to be written.
    pub(super) fn access_token(&self, min_ttl: Duration, now: Instant) -> Option<Secret> {
        self.lock().valid_access_token(min_ttl, now).cloned()
    }

    pub(super) fn is_usable(&self, min_ttl: Duration, now: Instant) -> bool {
        let inner = self.lock();
        inner.is_renewable() || inner.valid_access_token(min_ttl, now).is_some()
    }

    pub(super) fn profile(&self) -> Option<Profile> {
        self.lock().held().and_then(|session| session.profile.clone())
    }

    /// Whose session it is, with the generation it belongs to.
    pub(super) fn subject(&self) -> Option<(Generation, String)> {
        let inner = self.lock();
        inner
            .held()
            .map(|session| (Generation(inner.generation), session.subject.clone()))
    }

    /// How long the issuer's access tokens live, by the last one.
    pub(super) fn lifetime_seconds(&self) -> Option<u64> {
        self.lock().held().map(|session| session.credentials.lifetime_seconds)
    }

    pub(super) fn is_renewable(&self) -> bool {
        self.lock().is_renewable()
    }

    pub(super) fn renewals(&self) -> u64 {
        self.lock().renewals
    }

    pub(super) fn needs_restore(&self) -> bool {
        matches!(self.lock().phase, Phase::Unrestored | Phase::Locked)
    }

    pub(super) fn renewal_input(&self) -> Option<RenewalInput> {
        let inner = self.lock();
        let session = inner.held()?;
        let refresh_token = session.credentials.refresh_token.clone()?;
        Some(RenewalInput {
            generation: Generation(inner.generation),
            refresh_token,
            subject: session.subject.clone(),
            nonce: session.nonce.clone(),
            id_token: session.credentials.id_token.clone(),
        })
    }

    /// What has to be written, if anything.
    pub(super) fn unsaved(&self) -> Option<Unsaved> {
        let inner = self.lock();
        if inner.revision == inner.saved_revision {
            return None;
        }
        let content = inner.held().cloned();
        Some(Unsaved {
            content,
            unreadable: inner.unreadable.clone(),
            revision: inner.revision,
        })
    }
}

/// Changing. Each says in which phases it does something; otherwise it leaves everything as it is.
impl Current {
    /// The store was read. Only while nothing is known: a sign-in or sign-out that came first is newer than the store.
    pub(super) fn restored(&self, stored: Option<StoredSession>, unreadable: Option<SecretBytes>) {
        let mut inner = self.lock();
        if matches!(inner.phase, Phase::Unrestored | Phase::Locked) {
            inner.unreadable = unreadable;
            inner.received = None;
            inner.phase = stored.map_or(Phase::SignedOut, |session| Phase::Held(Box::new(session)));
        }
    }

    /// The store cannot be read now. Only while nothing is known.
    pub(super) fn locked(&self) {
        let mut inner = self.lock();
        if matches!(inner.phase, Phase::Unrestored) {
            inner.phase = Phase::Locked;
        }
    }

    /// A sign-in ended well.
    pub(super) fn signed_in(&self, session: StoredSession, received: Duration) {
        let mut inner = self.lock();
        inner.generation += 1;
        inner.renewals += 1;
        inner.received = Some(received);
        inner.phase = Phase::Held(Box::new(session));
        inner.revision += 1;
        inner.tokens_revision = inner.revision;
        inner.tokens_are_unchecked = false;
    }

    /// The user signed out; gives what was held.
    pub(super) fn signed_out(&self) -> Option<StoredSession> {
        let mut inner = self.lock();
        inner.generation += 1;
        inner.renewals += 1;
        inner.revision += 1;
        inner.unreadable = None;
        match std::mem::replace(&mut inner.phase, Phase::SignedOut) {
            Phase::Held(session) => Some(*session),
            _ => None,
        }
    }

    /// The issuer renewed the tokens. What the answer leaves out stays, but for the access token. Nobody gets that one
    /// before [`Current::trust_renewal`].
    pub(super) fn renewed(&self, generation: Generation, answer: &TokenAnswer, at: Instant) -> Result<(), Superseded> {
        self.change(generation, |inner, session| {
            let kept = &mut session.credentials;
            *kept = Credentials {
                access_token: answer.access_token.clone(),
                refresh_token: answer.refresh_token.clone().or_else(|| kept.refresh_token.take()),
                id_token: answer.id_token.clone().or_else(|| kept.id_token.take()),
                scope: answer.scope.clone().or_else(|| kept.scope.take()),
                received_at: at.wall,
                lifetime_seconds: Credentials::lifetime_for(answer.expires_in),
            };
            inner.received = Some(at.monotonic);
            inner.renewals += 1;
            // That of this change, which is counted when it is done.
            inner.tokens_revision = inner.revision + 1;
            inner.tokens_are_unchecked = true;
        })
    }

    /// The renewal passed its checks: its access token may be used. Changes nothing that is stored.
    pub(super) fn trust_renewal(&self, generation: Generation) -> Result<(), Superseded> {
        let mut inner = self.lock();
        if Generation(inner.generation) != generation {
            return Err(Superseded);
        }
        inner.tokens_are_unchecked = false;
        Ok(())
    }

    /// The renewed ID token was not believed: the access token that came with it is not used, the refresh token stays.
    pub(super) fn distrust_renewal(&self, generation: Generation, believed: Option<Secret>) -> Result<(), Superseded> {
        self.change(generation, |inner, session| {
            session.credentials.access_token = None;
            session.credentials.id_token = believed;
            inner.tokens_are_unchecked = false;
        })
    }

    /// The issuer ended the session: the tokens go, who it was stays.
    pub(super) fn ended(&self, generation: Generation, reason: ReauthenticationReason) -> Result<(), Superseded> {
        self.change(generation, |inner, session| {
            let tokens = &mut session.credentials;
            (tokens.access_token, tokens.refresh_token, tokens.id_token) = (None, None, None);
            session.ended = Some(reason);
            inner.renewals += 1;
        })
    }

    /// The profile was fetched.
    pub(super) fn set_profile(&self, generation: Generation, profile: Profile) -> Result<(), Superseded> {
        self.change(generation, |_, session| session.profile = Some(profile))
    }

    /// The store holds what [`Current::unsaved`] gave.
    pub(super) fn saved(&self, unsaved: &Unsaved) {
        let mut inner = self.lock();
        inner.saved_revision = inner.saved_revision.max(unsaved.revision);
        if unsaved.unreadable.is_some() {
            inner.unreadable = None;
        }
    }

    fn change(&self, asked: Generation, apply: impl FnOnce(&mut Inner, &mut StoredSession)) -> Result<(), Superseded> {
        let mut inner = self.lock();
        if Generation(inner.generation) != asked {
            return Err(Superseded);
        }
        let Phase::Held(mut session) = std::mem::take(&mut inner.phase) else {
            return Err(Superseded);
        };
        apply(&mut inner, &mut session);
        inner.phase = Phase::Held(session);
        inner.revision += 1;
        Ok(())
    }
}

/// Publishing.
impl Current {
    pub(super) fn subscribe(&self, now: Instant) -> UnboundedReceiver<SessionState> {
        let (sender, receiver) = unbounded_channel();
        let mut inner = self.lock();
        inner.publish(now);
        if let Some(state) = inner.published.clone() {
            // The receiver is right here, so this cannot fail.
            let _ = sender.send(state);
        }
        inner.subscribers.push(sender);
        receiver
    }

    /// Tells the subscribers, if the state is not the one they were told last.
    pub(super) fn publish(&self, now: Instant) {
        self.lock().publish(now);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere must not take the session along: every section leaves the state whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn tokens_are_saved(&self) -> bool {
        self.tokens_revision <= self.saved_revision
    }

    fn is_renewable(&self) -> bool {
        self.held()
            .is_some_and(|session| session.credentials.refresh_token.is_some())
    }

    fn held(&self) -> Option<&StoredSession> {
        match &self.phase {
            Phase::Held(session) => Some(session),
            _ => None,
        }
    }

    fn valid_access_token(&self, min_ttl: Duration, now: Instant) -> Option<&Secret> {
        if self.tokens_are_unchecked {
            return None;
        }
        self.held()?.credentials.valid_access_token(min_ttl, self.received, now)
    }

    fn state(&self, now: Instant) -> Option<SessionState> {
        let session = match &self.phase {
            Phase::Unrestored => return None,
            Phase::Locked => return Some(SessionState::Locked),
            Phase::SignedOut => return Some(SessionState::SignedOut),
            Phase::Held(session) => session,
        };
        let tokens = &session.credentials;
        let stranded = tokens.refresh_token.is_none() && tokens.freshness(self.received, now) == Freshness::RenewalDue;
        let reason = session
            .ended
            .or(stranded.then_some(ReauthenticationReason::NoRefreshToken));
        Some(match reason {
            Some(reason) => SessionState::ReauthenticationRequired { reason },
            None => SessionState::SignedIn {
                subject: session.subject.clone(),
                expires_at: self.expires_at(tokens),
            },
        })
    }

    fn expires_at(&self, tokens: &Credentials) -> Timestamp {
        if tokens.access_token.is_some() {
            tokens.expires_at()
        } else {
            tokens.received_at
        }
    }

    fn publish(&mut self, now: Instant) {
        let state = self.state(now);
        if state.is_some() && state != self.published {
            self.published = state.clone();
            self.subscribers
                .retain(|subscriber| state.clone().is_some_and(|state| subscriber.send(state).is_ok()));
        }
    }
}
