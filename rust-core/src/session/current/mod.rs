//! The state in memory, and every way it can change. A std `Mutex` guards it: each critical section is a few
//! assignments, and the synchronous path of a valid token must not wait for a runtime.
//!
//! `reading` looks, `changing` does what a sign-in, a renewal or a sign-out does, `storing` keeps memory and store in
//! step, `adopting` takes over what the store holds, `updates` keeps what waits for the network, `publishing` tells who
//! listens.

mod changing;
mod merging;
mod publishing;
mod reading;
mod storing;
mod updates;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::jose;
use crate::machine::event::{Report, SessionEvent};
use crate::model::audience::{Audience, AudienceToken};
use crate::model::credentials::{Freshness, MonotonicReceipt};
use crate::model::secret::{Fingerprint, Secret, SecretBytes};
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::model::time::{Instant, Timestamp};
use crate::storage::envelope::{PendingRevocation, StoredSession};

pub(super) use reading::RenewalInput;
pub(super) use storing::Unsaved;

/// Counts sign-ins and sign-outs. An answer asked for in an older generation is not for this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u64);

/// The session changed hands while the answer was under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Superseded;

#[derive(Debug, Default)]
pub(super) struct Current(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    phase: Phase,
    generation: u64,
    /// Raised by every change that belongs in the store.
    revision: u64,
    saved_revision: u64,
    /// Which item the store held when this process last read or wrote it.
    seen: Option<Fingerprint>,
    has_looked: bool,
    /// Writes that were done.
    writes: u64,
    /// Up to here a write was tried at least once.
    tried_revision: u64,
    /// The revision of the last sign-out.
    sign_out_revision: u64,
    /// Raised by every change of the access token.
    token_version: u64,
    /// Renewals and sign-ins that this process made itself.
    renewals: u64,
    /// The revision that brought the tokens in memory. While it is not stored, callers are led to the call that writes.
    tokens_revision: u64,
    /// The revision that brought the refresh token in memory.
    rotation_revision: u64,
    /// The tokens in memory came with an ID token that has not been looked at yet: they are stored, and not given out.
    tokens_are_unchecked: bool,
    /// The sign-in in memory has been in the store; when it is not there now, somebody else took it out.
    sign_in_was_stored: bool,
    /// The sign-in, by its nonce, that ended with the last sign-out.
    left: Option<Secret>,
    /// The last sign-out did not know which sign-in it ended: it takes out whatever is there.
    left_unseen: bool,
    received: MonotonicReceipt,
    /// The changes of the metadata that the store holds, by their numbers.
    stored_updates: Vec<u64>,
    /// An item that could not be decoded; kept aside before it is replaced.
    unreadable: Option<SecretBytes>,
    subscribers: Vec<UnboundedSender<Report>>,
    published: Option<SessionState>,
    /// What happened with which revision, while the store does not have it.
    untold: Vec<(u64, SessionEvent)>,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Unrestored,
    Locked,
    /// With what the issuer has yet to be told.
    SignedOut(Vec<PendingRevocation>),
    /// Also after the end of the session, with `ended` set and no tokens: the profile stays for the sign-in screen.
    Held(Box<StoredSession>),
}

impl Current {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere must not take the session along: every section leaves the state whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn tokens_are_saved(&self) -> bool {
        self.tokens_revision <= self.saved_revision
    }

    /// The refresh token in memory exists nowhere else, and an attempt to write it has failed.
    fn rotation_could_not_be_saved(&self) -> bool {
        self.rotation_revision > self.saved_revision && self.rotation_revision <= self.tried_revision
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

    /// The token for a further audience, once it was checked.
    fn audience_token(&self, audience: &Audience) -> Option<&AudienceToken> {
        let mut tokens = self.held()?.audience_tokens.iter();
        tokens.find(|token| token.audience == *audience && !token.is_unchecked)
    }

    /// The session's own access token, or that of a further audience.
    fn valid_access_token(&self, of: Option<&Audience>, min_ttl: Duration, now: Instant) -> Option<&Secret> {
        if let Some(audience) = of {
            let token = self.audience_token(audience)?;
            return token.credentials.valid_access_token(min_ttl, token.received, now);
        }
        if self.tokens_are_unchecked {
            return None;
        }
        self.held()?.credentials.valid_access_token(min_ttl, self.received, now)
    }

    /// The token that the session lives by.
    fn valid_token(&self, min_ttl: Duration, now: Instant) -> Option<&Secret> {
        let tokens = &self.held().filter(|_| !self.tokens_are_unchecked)?.credentials;
        let is_good = tokens.is_good_for(min_ttl, self.received, now);
        tokens.token().filter(|_| is_good)
    }

    /// An ordinary session's ID token says itself, by the server's clock, how long it is good.
    fn valid_id_token(&self, min_ttl: Duration, now: Instant, server_now: Timestamp) -> Option<&Secret> {
        let tokens = &self.held().filter(|_| !self.tokens_are_unchecked)?.credentials;
        if tokens.lives_by_id_token {
            return self.valid_token(min_ttl, now);
        }
        let token = tokens.id_token.as_ref()?;
        let (_, expires_at) = jose::lifetime(token)?;
        let left = u64::try_from(expires_at.seconds_since(server_now)).unwrap_or(0);
        (left > 0 && left >= min_ttl.as_secs()).then_some(token)
    }

    fn state(&self, now: Instant) -> Option<SessionState> {
        let session = match &self.phase {
            Phase::Unrestored => return None,
            Phase::Locked => return Some(SessionState::Locked),
            Phase::SignedOut(_) => return Some(SessionState::SignedOut),
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
                expires_at: if tokens.token().is_some() {
                    tokens.expires_at()
                } else {
                    tokens.received_at
                },
            },
        })
    }
}
