//! The state of one session, and the queries on it: those on the whole session are here, those on its tokens and their
//! renewal in `tokens`, those on the store in `stored`. Only [`super::table`] changes the state.

use std::sync::Arc;

use super::announcements::Announcements;
use super::cooldown::{Attempt, Cooldowns};
use super::error::Error;
use super::ledger::Ledger;
use super::lifetime;
use super::phase::{Generation, Phase, PhaseKind};
use super::provenance::{Departure, Provenance, update_ids};
use super::refusals::Refusals;
use super::retry::RetryPolicy;
use super::revocations;
use crate::model::credentials::{Freshness, MonotonicReceipt};
use crate::model::lifetime::{LifetimeLimits, SessionEnd};
use crate::model::profile::Profile;
use crate::model::proof_nonces::ProofNonces;
use crate::model::secret::Secret;
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::model::time::Instant;
use crate::storage::envelope::{KeptDiscovery, PendingRevocation, StoredItem, StoredSession};

/// Everything that is known about one session. A value: it does no I/O and has no clock and no lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Machine {
    pub(super) phase: Phase,
    pub(super) generation: Generation,
    /// The longest that a session may last, as the app set it.
    pub(super) limits: LifetimeLimits,
    pub(super) ledger: Ledger,
    pub(super) provenance: Provenance,
    pub(super) departure: Departure,
    /// Tokens that no session has and that have yet to be revoked. They are stored once that has failed.
    pub(super) orphans: Vec<PendingRevocation>,
    pub(super) receipt: Receipt,
    pub(super) announcements: Announcements,
    pub(super) cooldowns: Cooldowns,
    /// The retries of the renewal that is under way.
    pub(super) retries: Option<RetryPolicy>,
    pub(super) refusals: Refusals,
    /// The issuer's discovery document, as this process fetched or read it.
    pub(super) discovery: Option<KeptDiscovery>,
    /// The last nonce of each server, whether this process or another one got it.
    pub(super) proof_nonces: ProofNonces,
}

/// How the tokens came into memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Receipt {
    /// When this process received them; none if they were read from the store.
    pub(super) received: MonotonicReceipt,
    /// The number of renewals and sign-ins that this process made itself.
    pub(super) renewals: u64,
}

/// Queries.
impl Machine {
    /// A machine whose sessions may last no longer than these limits.
    pub fn limited(limits: LifetimeLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Sets how long a session may last from now on. The limits apply to the current session too.
    pub fn limit(&mut self, limits: LifetimeLimits) {
        self.limits = limits;
    }

    /// The phase.
    pub fn phase_kind(&self) -> PhaseKind {
        self.phase.kind()
    }

    /// The state that an app shows; none while the store has not been read.
    pub fn state(&self, now: Instant) -> Option<SessionState> {
        let session = match &self.phase {
            Phase::Unread => return None,
            Phase::Locked => return Some(SessionState::Locked),
            Phase::SignedOut(_) => return Some(SessionState::SignedOut),
            Phase::Session(session) => session,
        };
        let tokens = &session.credentials;
        let cannot_be_renewed =
            tokens.refresh_token.is_none() && tokens.own_freshness(self.receipt.received, now) == Freshness::RenewalDue;
        let reason = session
            .ended
            .or_else(|| self.reason_of_end(now))
            .or(cannot_be_renewed.then_some(ReauthenticationReason::NoRefreshToken));
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

    /// The next end of the session by its age; none if there is no session, if it has ended, or if nothing limits it.
    pub fn next_end(&self, now: Instant) -> Option<SessionEnd> {
        lifetime::end(self.limits, self.session()?, now)
    }

    /// Why the session is over by its age, if it is.
    pub fn reason_of_end(&self, now: Instant) -> Option<ReauthenticationReason> {
        let over = self.next_end(now).filter(|end| end.left.is_zero());
        over.map(|end| end.reason)
    }

    /// Whether a use now should be recorded: the idle time is limited, and the last recorded use is more than a moment
    /// ago.
    pub fn is_new_use(&self, now: Instant) -> bool {
        let lifetime = || self.session()?.lifetime.as_ref();
        self.limits.idle.is_some() && lifetime().is_none_or(|lifetime| lifetime.is_new_use(now))
    }

    /// The state that was announced last.
    pub fn published(&self) -> Option<&SessionState> {
        self.announcements.published()
    }

    /// The session, also one that has ended.
    pub fn session(&self) -> Option<&StoredSession> {
        match &self.phase {
            Phase::Session(session) => Some(session),
            _ => None,
        }
    }

    /// The ID of the sign-in that began the session.
    pub fn session_began_by(&self) -> Option<&Secret> {
        self.session()?.sign_in_id.as_ref()
    }

    /// The number of the current session among the sessions of this process.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The user of the session, with its generation.
    pub fn subject(&self) -> Option<(Generation, String)> {
        self.session().map(|session| (self.generation, session.subject.clone()))
    }

    /// The profile that was fetched last.
    pub fn profile(&self) -> Option<Arc<Profile>> {
        self.session().and_then(|session| session.profile.clone())
    }

    /// The nonce that the next proof of possession for this origin contains.
    pub fn proof_nonce(&self, origin: &str) -> Option<&str> {
        self.proof_nonces.of(origin)
    }

    /// Whether the session came from another library.
    pub fn is_imported(&self) -> bool {
        self.session().is_some_and(|session| session.imported)
    }

    /// Whether the store has yet to be read.
    pub fn needs_restore(&self) -> bool {
        matches!(self.phase, Phase::Unread | Phase::Locked)
    }

    /// The error that an attempt of this kind gets during the cooldown after a failure.
    pub fn attempt_refusal(&self, attempt: Attempt, now: Instant) -> Option<Error> {
        self.cooldowns.attempt_refusal(attempt, now)
    }

    /// Whether anything has to be written.
    pub fn has_unsaved(&self) -> bool {
        self.ledger.has_unsaved()
    }

    /// Whether nobody is signed in.
    pub fn is_signed_out(&self) -> bool {
        matches!(self.phase, Phase::SignedOut(_))
    }
}

/// Parts that several rules share.
impl Machine {
    /// The session, if `asked` is its generation.
    pub(super) fn session_of(&mut self, asked: Generation) -> Option<&mut StoredSession> {
        match &mut self.phase {
            Phase::Session(session) if self.generation == asked => Some(session),
            _ => None,
        }
    }

    /// The session, mutably.
    pub(super) fn current_session(&mut self) -> Option<&mut StoredSession> {
        match &mut self.phase {
            Phase::Session(session) => Some(session),
            _ => None,
        }
    }

    /// Begins another session, or none. Answers that are still under way do not apply to it.
    pub(super) fn begin_generation(&mut self, phase: Phase) {
        self.generation = self.generation.next();
        self.receipt.received = None;
        self.announcements.forget_session();
        self.refusals.forget();
        self.cooldowns.end_of_session();
        self.phase = phase;
        if let Phase::Session(session) = &self.phase {
            self.orphans = revocations::of_others(&self.orphans, &session.subject);
        }
    }

    /// Takes over the nonces that servers gave to another process.
    pub(super) fn take_nonces(&mut self, found: Option<&StoredItem>) {
        if let Some(StoredItem::Session(found)) = found {
            self.proof_nonces.merge(&found.proof_nonces);
        }
    }

    /// Notes that the store holds what memory holds.
    pub(super) fn note_stored(&mut self) {
        self.provenance.stored_updates = update_ids(self.session());
        self.provenance.stored_revocations = revocations::tokens(self.phase.revocations());
        self.provenance.sign_in_was_stored = true;
    }
}
