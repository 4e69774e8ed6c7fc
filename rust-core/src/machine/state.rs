//! The state of one session, and what can be asked of it. It changes in [`super::table`] only.

use std::time::Duration;

use super::announcements::Announcements;
use super::input::WrittenContent;
use super::ledger::{Ledger, Revision};
use super::outcome::RenewalInput;
use super::phase::{Generation, Phase, PhaseKind};
use super::provenance::{Departure, Provenance, update_ids};
use crate::jose;
use crate::model::audience::{Audience, AudienceToken};
use crate::model::credentials::{Credentials, Freshness, MonotonicReceipt};
use crate::model::pending_update::PendingUpdate;
use crate::model::profile::Profile;
use crate::model::secret::{Fingerprint, Secret, SecretBytes};
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::model::time::{Instant, Timestamp};
use crate::protocol::legacy::delegation::Shown;
use crate::storage::envelope::{PendingRevocation, SignedOut, StoredItem, StoredSession};

/// Everything that is known of one session. A value: it does no I/O, has no clock and no lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Machine {
    pub(super) phase: Phase,
    pub(super) generation: Generation,
    pub(super) ledger: Ledger,
    pub(super) provenance: Provenance,
    pub(super) departure: Departure,
    pub(super) receipt: Receipt,
    pub(super) announcements: Announcements,
}

/// How the tokens came into memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Receipt {
    /// When, if that was in this process.
    pub(super) received: MonotonicReceipt,
    /// Raised by every change of the access token.
    pub(super) version: u64,
    /// Renewals and sign-ins that this process made itself.
    pub(super) renewals: u64,
}

/// What the store should hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unsaved {
    /// The item; none is to be there otherwise.
    pub content: Option<StoredItem>,
    /// An item that could not be decoded: it is kept aside before this one is written.
    pub unreadable: Option<SecretBytes>,
    /// Which bytes are to be replaced.
    pub seen: Option<Fingerprint>,
    /// For [`super::input::ItemWritten`].
    pub receipt: WrittenContent,
}

/// What is asked of the session.
impl Machine {
    /// The phase.
    pub fn phase_kind(&self) -> PhaseKind {
        self.phase.kind()
    }

    /// The state as an app shows it; none while the store has not been read.
    pub fn state(&self, now: Instant) -> Option<SessionState> {
        let session = match &self.phase {
            Phase::Unread => return None,
            Phase::Locked => return Some(SessionState::Locked),
            Phase::SignedOut(_) => return Some(SessionState::SignedOut),
            Phase::Session(session) => session,
        };
        let tokens = &session.credentials;
        let cannot_be_renewed =
            tokens.refresh_token.is_none() && tokens.freshness(self.receipt.received, now) == Freshness::RenewalDue;
        let reason = session
            .ended
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

    /// The state that was announced last.
    pub fn published(&self) -> Option<&SessionState> {
        self.announcements.published()
    }

    /// The session; also one that has ended.
    pub fn session(&self) -> Option<&StoredSession> {
        match &self.phase {
            Phase::Session(session) => Some(session),
            _ => None,
        }
    }

    /// Which session that is, among those of this process.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Whose session it is, with the generation that it belongs to.
    pub fn subject(&self) -> Option<(Generation, String)> {
        self.session().map(|session| (self.generation, session.subject.clone()))
    }

    /// The profile as last fetched.
    pub fn profile(&self) -> Option<Profile> {
        self.session().and_then(|session| session.profile.clone())
    }

    /// Whether the session came from another library.
    pub fn is_imported(&self) -> bool {
        self.session().is_some_and(|session| session.imported)
    }

    /// Whether the store has yet to be read.
    pub fn needs_restore(&self) -> bool {
        matches!(self.phase, Phase::Unread | Phase::Locked)
    }

    /// Whether nobody is signed in.
    pub fn is_signed_out(&self) -> bool {
        matches!(self.phase, Phase::SignedOut(_))
    }
}

/// What is asked of the tokens.
impl Machine {
    /// The session's own access token, or that of a further audience, if it is good for at least `min_ttl` and was
    /// checked; also while it waits to be written.
    pub fn access_token(&self, of: Option<&Audience>, min_ttl: Duration, now: Instant) -> Option<&Secret> {
        if let Some(audience) = of {
            let token = self
                .audience_token(audience)
                .filter(|token| self.may_be_given_out(token.revision))?;
            return token.credentials.valid_access_token(min_ttl, token.received, now);
        }
        let tokens = self.checked_credentials()?;
        let received = self.receipt.received;
        let last = || tokens.last_access_token(min_ttl, received, now);
        tokens.valid_access_token(min_ttl, received, now).or_else(last)
    }

    /// The same once the store holds it.
    pub fn stored_access_token(&self, of: Option<&Audience>, min_ttl: Duration, now: Instant) -> Option<&Secret> {
        let is_stored = match of {
            None => self.ledger.tokens_are_stored(),
            Some(audience) => self.ledger.is_stored(self.audience_token(audience)?.revision),
        };
        if !is_stored || self.ledger.rotation_could_not_be_stored() {
            return None;
        }
        self.access_token(of, min_ttl, now)
    }

    /// A number for the access token that [`Machine::stored_access_token`] gives, another one for each new token; 0 for
    /// none.
    pub fn access_token_version(&self, min_ttl: Duration, now: Instant) -> u64 {
        if self.stored_access_token(None, min_ttl, now).is_some() {
            self.receipt.version + 1
        } else {
            0
        }
    }

    /// The access token, whatever its age.
    pub fn any_access_token(&self, of: Option<&Audience>) -> Option<&Secret> {
        if let Some(audience) = of {
            return self.audience_token(audience)?.credentials.access_token.as_ref();
        }
        self.checked_credentials()?.access_token.as_ref()
    }

    /// The token that the session lives by.
    fn own_token(&self, min_ttl: Duration, now: Instant) -> Option<&Secret> {
        let tokens = self.checked_credentials()?;
        let received = self.receipt.received;
        let is_good =
            tokens.is_good_for(min_ttl, received, now) || tokens.last_access_token(min_ttl, received, now).is_some();
        tokens.token().filter(|_| is_good)
    }

    /// The ID token, if it is good for at least `min_ttl`, also while it waits to be written. An ordinary session's says
    /// itself, by the server's clock, how long it is good.
    pub fn id_token(&self, min_ttl: Duration, now: Instant, server_now: Timestamp) -> Option<&Secret> {
        let tokens = self.checked_credentials()?;
        if tokens.lives_by_id_token {
            return self.own_token(min_ttl, now);
        }
        let token = tokens.id_token.as_ref()?;
        let (_, expires_at) = jose::lifetime(token)?;
        let left = u64::try_from(expires_at.seconds_since(server_now)).unwrap_or(0);
        (left > 0 && left >= min_ttl.as_secs()).then_some(token)
    }

    /// The same once the store holds it.
    pub fn stored_id_token(&self, min_ttl: Duration, now: Instant, server_now: Timestamp) -> Option<&Secret> {
        let token = self.id_token(min_ttl, now, server_now)?;
        self.ledger.tokens_are_stored().then_some(token)
    }

    /// The last ID token that was accepted, whatever its age.
    pub fn any_id_token(&self) -> Option<&Secret> {
        self.checked_credentials()?.id_token.as_ref()
    }

    /// Whether the session is one of an older tenant: see [`crate::model::credentials::Credentials::lives_by_id_token`].
    pub fn lives_by_id_token(&self) -> bool {
        self.session()
            .is_some_and(|session| session.credentials.lives_by_id_token)
    }

    /// Whether there is a refresh token.
    pub fn is_renewable(&self) -> bool {
        self.session()
            .is_some_and(|session| session.credentials.refresh_token.is_some())
    }

    /// Whether there is a token that is good for `min_ttl`, or a refresh token to renew it.
    pub fn is_usable(&self, min_ttl: Duration, now: Instant) -> bool {
        self.is_renewable() || self.own_token(min_ttl, now).is_some()
    }

    /// Whether this is the current refresh token.
    pub fn would_renew_with(&self, token: &Secret) -> bool {
        self.session()
            .is_some_and(|session| session.credentials.refresh_token.as_ref() == Some(token))
    }

    /// How long the issuer's access tokens live, by the last one.
    pub fn lifetime_seconds(&self, of: Option<&Audience>) -> Option<u64> {
        let credentials = match of {
            Some(audience) => &self.audience_token(audience)?.credentials,
            None => &self.session()?.credentials,
        };
        Some(credentials.lifetime_seconds)
    }

    /// A number that grows with each token that this process itself gets from the issuer for that audience.
    pub fn renewals(&self, of: Option<&Audience>) -> u64 {
        match of {
            Some(audience) => self.audience_token(audience).map_or(0, |token| token.revision),
            None => self.receipt.renewals,
        }
    }

    /// The token for a further audience, once it was checked.
    fn audience_token(&self, audience: &Audience) -> Option<&AudienceToken> {
        let mut tokens = self.session()?.audience_tokens.iter();
        tokens.find(|token| token.audience == *audience && !token.credentials.unchecked)
    }

    /// The session's own tokens, once they were checked.
    fn checked_credentials(&self) -> Option<&Credentials> {
        self.session()
            .map(|session| &session.credentials)
            .filter(|tokens| !tokens.unchecked && self.may_be_given_out(self.ledger.tokens()))
    }

    /// A renewal's tokens are not given out before the store was given them. Those of a new sign-in are: there is no
    /// older session to go back to.
    fn may_be_given_out(&self, revision: Revision) -> bool {
        !self.provenance.sign_in_was_stored || self.ledger.is_attempted(revision)
    }

    pub(super) fn renewal_input(&self) -> Option<RenewalInput> {
        let session = self.session()?;
        let tokens = &session.credentials;
        let (token, shown) = match (&tokens.refresh_token, tokens.token()) {
            (Some(refresh_token), _) => (refresh_token, Shown::RefreshToken),
            (None, Some(id_token)) if tokens.lives_by_id_token => (id_token, Shown::IdToken),
            _ => return None,
        };
        Some(RenewalInput {
            generation: self.generation,
            token: token.clone(),
            delegation: tokens.lives_by_id_token.then_some(shown),
            issuer: session.issuer.clone(),
            client_id: session.client_id.clone(),
            subject: session.subject.clone(),
            nonce: session.sent_nonce().cloned(),
            resources: session.resources.clone(),
            id_token: tokens.id_token.clone().filter(|_| !tokens.unchecked),
        })
    }
}

/// What is asked about the store.
impl Machine {
    /// Whether anything has to be written.
    pub fn has_unsaved(&self) -> bool {
        self.ledger.has_unsaved()
    }

    /// What has to be written, if anything.
    pub fn unsaved(&self) -> Option<Unsaved> {
        self.has_unsaved().then(|| self.to_store())
    }

    /// What the store holds, where it is a session and nothing has to be written.
    pub fn saved_session(&self) -> Option<Unsaved> {
        (self.session().is_some() && !self.has_unsaved()).then(|| self.to_store())
    }

    fn to_store(&self) -> Unsaved {
        let content = match &self.phase {
            Phase::Session(session) => Some(StoredItem::Session(session.clone())),
            Phase::SignedOut(revocations) if !revocations.is_empty() => {
                Some(StoredItem::SignedOut(SignedOut::with(revocations.clone())))
            }
            _ => None,
        };
        Unsaved {
            content,
            unreadable: self.provenance.unreadable.clone(),
            seen: self.provenance.seen,
            receipt: WrittenContent {
                revision: self.ledger.current(),
                updates: update_ids(self.session()),
                replaced_unreadable: self.provenance.unreadable.is_some(),
            },
        }
    }

    /// The last change that belongs in the store.
    pub fn revision(&self) -> Revision {
        self.ledger.current()
    }

    /// How many writes this process has made.
    pub fn writes(&self) -> u64 {
        self.provenance.writes
    }

    /// Whether this process knows what the store holds, or held when it last looked.
    pub fn has_looked(&self) -> bool {
        self.provenance.has_looked
    }

    /// Whether what is stored does not matter: the user has just signed out, or signed in over what cannot be read. A
    /// sign-out that could not be written at once looks again: somebody may have signed in meanwhile.
    pub fn replaces_what_is_stored(&self) -> bool {
        let signs_out = self.departure.is_unknown || self.ledger.sign_out_is_new();
        (self.is_signed_out() && signs_out) || self.provenance.unreadable.is_some()
    }

    /// The refresh tokens that have yet to be revoked at the issuer, the oldest first.
    pub fn pending_revocations(&self) -> &[PendingRevocation] {
        match &self.phase {
            Phase::SignedOut(revocations) => revocations,
            _ => &[],
        }
    }

    /// The changes of the metadata that wait, the oldest first.
    pub fn pending_updates(&self) -> &[PendingUpdate] {
        self.session().map_or(&[], |session| &session.pending_updates)
    }

    /// The next change of the metadata to send, if it is that session's.
    pub fn next_update(&self, asked: Generation) -> Option<&PendingUpdate> {
        (self.generation == asked).then(|| self.pending_updates().first())?
    }
}

/// What several rules do.
impl Machine {
    /// The session, if it is that one.
    pub(super) fn session_of(&mut self, asked: Generation) -> Option<&mut StoredSession> {
        match &mut self.phase {
            Phase::Session(session) if self.generation == asked => Some(session),
            _ => None,
        }
    }

    /// Another session, or none: answers that are under way are not for it.
    pub(super) fn begin_generation(&mut self, phase: Phase) {
        self.generation = self.generation.next();
        self.receipt.version += 1;
        self.receipt.received = None;
        self.announcements.forget_session();
        self.phase = phase;
    }

    /// The store holds what memory holds.
    pub(super) fn note_stored(&mut self) {
        self.provenance.stored_updates = update_ids(self.session());
        self.provenance.sign_in_was_stored = true;
    }
}
