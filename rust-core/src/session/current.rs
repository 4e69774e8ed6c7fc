//! The one session that all tasks share: the machine under a lock, and who listens.
//!
//! A std `Mutex` guards it: each critical section is a few assignments, and the synchronous path of a valid token must
//! not wait for a runtime. Announcements are sent under the same lock, so that their order is that of the changes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::machine::error::Error;
use crate::machine::event::{Report, SessionEvent};
use crate::machine::input::{
    CheckResult, FirstRead, Imported, ItemDamaged, ItemSeen, ItemWritten, ProfileFetched, RenewalAnswered,
    RenewalAsked, RenewalBegun, RenewalDeclined, RenewalFailed, RenewalRefused, RequestFailed, RevocationEnded,
    SignedIn, SignedOut, StoreLocked, TimePassed, TokensChecked, UpdateAdded, UpdateRemoved, WriteAttempted,
};
use crate::machine::{Effect, Input, Machine, Outcome, RenewalKind, Verdict};
use crate::model::audience::Audience;
use crate::model::pending_update::PendingUpdate;
use crate::model::profile::Profile;
use crate::model::secret::{Fingerprint, Secret, SecretBytes};
use crate::model::state::{ReauthenticationReason, SessionState};
use crate::model::time::{Instant, Timestamp};
use crate::protocol::token::TokenAnswer;
use crate::storage::envelope::{PendingRevocation, StoredItem, StoredSession};

pub(super) use crate::machine::{Generation, RenewalInput, Unsaved};

/// The session changed hands while the answer was under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Superseded;

#[derive(Debug, Default)]
pub(super) struct Current(Mutex<Shared>);

#[derive(Debug, Default)]
struct Shared {
    machine: Machine,
    subscribers: Vec<UnboundedSender<Report>>,
}

impl Current {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic elsewhere must not take the session along: every section leaves the state whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies one input and sends what it announces. The other effects are for the caller.
    pub(super) fn apply(&self, input: impl Into<Input>) -> Outcome {
        let shared = &mut *self.lock();
        let outcome = shared.machine.apply(input);
        for effect in &outcome.effects {
            if let Effect::Announce(report) = effect {
                let hears = |subscriber: &UnboundedSender<Report>| subscriber.send(report.clone()).is_ok();
                shared.subscribers.retain(hears);
            }
        }
        outcome
    }

    /// Looks at the session as it is now.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Machine) -> T) -> T {
        look(&self.lock().machine)
    }

    /// The state that was announced last, and everything that is from now on.
    pub(super) fn subscribe(&self, now: Instant) -> UnboundedReceiver<Report> {
        self.apply(TimePassed { now });
        let (sender, receiver) = unbounded_channel();
        let mut shared = self.lock();
        // A session that nothing happens to would keep those for ever that are gone.
        shared.subscribers.retain(|subscriber| !subscriber.is_closed());
        if let Some(state) = shared.machine.published() {
            // The receiver is right here, so this cannot fail.
            let _ = sender.send(Report::State(state.clone()));
        }
        shared.subscribers.push(sender);
        receiver
    }
}

/// What happens to the session.
impl Current {
    /// Gives the refresh token of another user's session that this one replaces: it is to be revoked.
    pub(super) fn signed_in(&self, session: StoredSession, received: Duration) -> Option<Secret> {
        let session = Box::new(session);
        to_revoke(self.apply(SignedIn { session, received }))
    }

    /// Gives the refresh token that is to be revoked now.
    pub(super) fn signed_out(&self, at: Timestamp) -> Option<Secret> {
        to_revoke(self.apply(SignedOut { at }))
    }

    /// Whether the token does not wait any more to be revoked.
    pub(super) fn revocation_ended(&self, refresh_token: &Secret, failure: Option<&Error>) -> bool {
        let (refresh_token, failure) = (refresh_token.clone(), failure.cloned());
        let ended = RevocationEnded { refresh_token, failure };
        self.apply(ended).verdict == Verdict::Changed
    }

    /// Whether the issuer may be asked.
    pub(super) fn begin_renewal(&self, kind: RenewalKind, now: Instant) -> Result<(), Error> {
        match self.apply(RenewalBegun { kind, now }).verdict {
            Verdict::TooEarly(refusal) => Err(refusal),
            _ => Ok(()),
        }
    }

    /// Whether the same request is sent once more.
    pub(super) fn asks_again(&self, error: &Error, sent: Duration, now: Duration) -> bool {
        let error = error.clone();
        let outcome = self.apply(RequestFailed { error, sent, now });
        outcome.effects.contains(&Effect::SendAgain)
    }

    /// The pause before the next attempt; none where that was the last.
    pub(super) fn renewal_failed(&self, failed: RenewalFailed) -> Option<Duration> {
        let effects = self.apply(failed).effects;
        effects.into_iter().find_map(|effect| match effect {
            Effect::Pause(pause) => Some(pause),
            _ => None,
        })
    }

    pub(super) fn renewal_input(&self) -> Option<RenewalInput> {
        let effects = self.apply(RenewalAsked).effects;
        effects.into_iter().find_map(|effect| match effect {
            Effect::Renew(input) => Some(*input),
            _ => None,
        })
    }

    pub(super) fn renewed(
        &self,
        generation: Generation,
        audience: Option<&Audience>,
        answer: &TokenAnswer,
        at: Instant,
    ) -> Outcome {
        self.apply(RenewalAnswered {
            generation,
            audience: audience.cloned(),
            answer: answer.clone(),
            at,
        })
    }

    pub(super) fn checked(&self, generation: Generation, audience: Option<&Audience>, result: CheckResult) -> Outcome {
        self.apply(TokensChecked {
            generation,
            audience: audience.cloned(),
            result,
        })
    }

    pub(super) fn refused(&self, generation: Generation, token: &Secret, reason: ReauthenticationReason) -> Verdict {
        let token = token.clone();
        self.apply(RenewalRefused {
            generation,
            token,
            reason,
        })
        .verdict
    }

    /// The issuer declined a renewal. Whether it has done so for long enough to ask the user to sign in.
    pub(super) fn declined(&self, declined: RenewalDeclined) -> bool {
        self.apply(declined).verdict == Verdict::SignInAgain
    }

    pub(super) fn set_profile(&self, generation: Generation, profile: Profile) -> Result<(), Superseded> {
        let profile = Box::new(profile);
        taken(self.apply(ProfileFetched { generation, profile }))
    }

    /// One more change of the metadata waits.
    pub(super) fn add_update(&self, generation: Generation, update: PendingUpdate) -> Result<(), Error> {
        match self.apply(UpdateAdded { generation, update }).verdict {
            Verdict::Refused(refusal) => Err(refusal.into()),
            Verdict::Superseded => Err(Error::NoSession),
            _ => Ok(()),
        }
    }

    /// It does not wait any more; false when it did not. `event` is what became of it.
    pub(super) fn remove_update(&self, id: u64, event: Option<SessionEvent>) -> bool {
        self.apply(UpdateRemoved { id, event }).verdict == Verdict::Changed
    }

    /// Announces the state, if it is not the one that was announced last.
    pub(super) fn publish(&self, now: Instant) {
        self.apply(TimePassed { now });
    }
}

/// What is known of the store.
impl Current {
    pub(super) fn restored(
        &self,
        item: Option<StoredItem>,
        seen: Option<Fingerprint>,
        unreadable: Option<SecretBytes>,
    ) {
        self.apply(FirstRead { item, seen, unreadable });
    }

    pub(super) fn locked(&self) {
        self.apply(StoreLocked);
    }

    /// `None` when this process has written since it had made `writes` writes; else whether the session or its tokens
    /// are others now.
    pub(super) fn merge(&self, item: Option<StoredItem>, seen: Option<Fingerprint>, writes: u64) -> Option<bool> {
        match self.apply(ItemSeen { item, seen, writes }).verdict {
            Verdict::ReadAgain => None,
            verdict => Some(verdict == Verdict::Changed),
        }
    }

    pub(super) fn imported(&self, session: StoredSession, written: Fingerprint) {
        let session = Box::new(session);
        self.apply(Imported { session, written });
    }

    pub(super) fn write_over(&self, seen: Option<Fingerprint>) {
        self.apply(ItemDamaged { seen });
    }

    pub(super) fn tried(&self, revision: u64) {
        self.apply(WriteAttempted { revision });
    }

    pub(super) fn saved(&self, unsaved: &Unsaved, written: Option<Fingerprint>) {
        let content = unsaved.receipt.clone();
        self.apply(ItemWritten { content, written });
    }

    pub(super) fn unsaved(&self) -> Option<Unsaved> {
        self.read(Machine::unsaved)
    }

    pub(super) fn saved_session(&self) -> Option<Unsaved> {
        self.read(Machine::saved_session)
    }

    pub(super) fn is_unsaved(&self) -> bool {
        self.read(Machine::has_unsaved)
    }

    pub(super) fn revision(&self) -> u64 {
        self.read(Machine::revision)
    }

    pub(super) fn writes(&self) -> u64 {
        self.read(Machine::writes)
    }

    pub(super) fn has_looked(&self) -> bool {
        self.read(Machine::has_looked)
    }

    pub(super) fn replaces_what_is_stored(&self) -> bool {
        self.read(Machine::replaces_what_is_stored)
    }

    pub(super) fn needs_restore(&self) -> bool {
        self.read(Machine::needs_restore)
    }

    pub(super) fn holds_session(&self) -> bool {
        self.read(|machine| machine.session().is_some())
    }

    pub(super) fn is_signed_out(&self) -> bool {
        self.read(Machine::is_signed_out)
    }

    /// What is too old is forgotten.
    pub(super) fn pending_revocations(&self, now: Instant) -> Vec<PendingRevocation> {
        self.apply(TimePassed { now });
        self.read(|machine| machine.pending_revocations().to_vec())
    }
}

/// What is asked of the session.
impl Current {
    pub(super) fn state(&self, now: Instant) -> Option<SessionState> {
        self.read(|machine| machine.state(now))
    }

    /// The caller's own code runs without the lock.
    pub(super) fn with_access_token<T>(
        &self,
        of: Option<&Audience>,
        min_ttl: Duration,
        now: Instant,
        use_token: impl FnOnce(&Secret) -> T,
    ) -> Option<T> {
        let token = self.read(|machine| machine.stored_access_token(of, min_ttl, now).cloned())?;
        Some(use_token(&token))
    }

    pub(super) fn access_token_version(&self, min_ttl: Duration, now: Instant) -> u64 {
        self.read(|machine| machine.access_token_version(min_ttl, now))
    }

    pub(super) fn access_token(&self, of: Option<&Audience>, min_ttl: Duration, now: Instant) -> Option<Secret> {
        self.read(|machine| machine.access_token(of, min_ttl, now).cloned())
    }

    pub(super) fn any_access_token(&self, of: Option<&Audience>) -> Option<Secret> {
        self.read(|machine| machine.any_access_token(of).cloned())
    }

    pub(super) fn id_token(&self, min_ttl: Duration, now: Instant, server_now: Timestamp) -> Option<Secret> {
        self.read(|machine| machine.id_token(min_ttl, now, server_now).cloned())
    }

    pub(super) fn saved_id_token(&self, min_ttl: Duration, now: Instant, server_now: Timestamp) -> Option<Secret> {
        self.read(|machine| machine.stored_id_token(min_ttl, now, server_now).cloned())
    }

    pub(super) fn any_id_token(&self) -> Option<Secret> {
        self.read(|machine| machine.any_id_token().cloned())
    }

    pub(super) fn lives_by_id_token(&self) -> bool {
        self.read(Machine::lives_by_id_token)
    }

    pub(super) fn is_renewable(&self) -> bool {
        self.read(Machine::is_renewable)
    }

    pub(super) fn is_usable(&self, min_ttl: Duration, now: Instant) -> bool {
        self.read(|machine| machine.is_usable(min_ttl, now))
    }

    pub(super) fn would_renew_with(&self, token: &Secret) -> bool {
        self.read(|machine| machine.would_renew_with(token))
    }

    pub(super) fn lifetime_seconds(&self, of: Option<&Audience>) -> Option<u64> {
        self.read(|machine| machine.lifetime_seconds(of))
    }

    pub(super) fn renewals(&self, of: Option<&Audience>) -> u64 {
        self.read(|machine| machine.renewals(of))
    }

    pub(super) fn was_short_lived(&self, kind: &RenewalKind, lifetime: u64, now: Instant) -> bool {
        self.read(|machine| machine.was_short_lived(kind, lifetime, now))
    }

    pub(super) fn generation(&self) -> Generation {
        self.read(Machine::generation)
    }

    pub(super) fn subject(&self) -> Option<(Generation, String)> {
        self.read(Machine::subject)
    }

    pub(super) fn profile(&self) -> Option<Profile> {
        self.read(Machine::profile)
    }

    pub(super) fn is_imported(&self) -> bool {
        self.read(Machine::is_imported)
    }

    pub(super) fn pending_updates(&self) -> Vec<PendingUpdate> {
        self.read(|machine| machine.pending_updates().to_vec())
    }

    pub(super) fn has_pending_updates(&self) -> bool {
        self.read(|machine| !machine.pending_updates().is_empty())
    }

    pub(super) fn next_update(&self, asked: Generation) -> Option<PendingUpdate> {
        self.read(|machine| machine.next_update(asked).cloned())
    }
}

fn taken(outcome: Outcome) -> Result<(), Superseded> {
    match outcome.verdict {
        Verdict::Superseded => Err(Superseded),
        _ => Ok(()),
    }
}

/// The refresh token that is to be revoked, if there is one.
pub(super) fn to_revoke(outcome: Outcome) -> Option<Secret> {
    outcome.effects.into_iter().find_map(|effect| match effect {
        Effect::Revoke(refresh_token) => Some(refresh_token),
        _ => None,
    })
}
