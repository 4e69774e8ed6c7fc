//! Memory and store in step: what has to be written, and what another process wrote.

use super::publishing::{arrival, differences};
use super::updates::update_ids;
use super::{Current, Inner, Phase};
use crate::envelope::{PendingRevocation, SignedOut, StoredItem, StoredSession};
use crate::event::{SessionEvent, SignInWay};
use crate::profile::Profile;
use crate::secret::{Fingerprint, SecretBytes};
use crate::time::Timestamp;

/// What the store should hold, and up to which change that is.
#[derive(Debug)]
pub(in super::super) struct Unsaved {
    pub(in super::super) content: Option<StoredItem>,
    pub(in super::super) unreadable: Option<SecretBytes>,
    /// What is to be replaced.
    pub(in super::super) seen: Option<Fingerprint>,
    revision: u64,
}

/// The longest that a refresh token is kept to be revoked. Most have expired by then, and whoever never starts the app
/// again should not have it for ever.
const LONGEST_REVOCATION_SECONDS: i64 = 30 * 24 * 3600;

impl Current {
    /// The store was read. Only while nothing is known: a sign-in or sign-out that came first is newer than the store.
    pub(in super::super) fn restored(
        &self,
        stored: Option<StoredItem>,
        seen: Option<Fingerprint>,
        unreadable: Option<SecretBytes>,
    ) {
        let mut inner = self.lock();
        if matches!(inner.phase, Phase::Unrestored | Phase::Locked) {
            inner.see(seen);
            inner.unreadable = unreadable;
            inner.received = None;
            inner.sign_in_was_stored = true;
            inner.phase = phase_of(stored);
            inner.note_stored();
            inner.tell_of_restored();
        }
    }

    /// The store cannot be read now. Only while nothing is known.
    pub(in super::super) fn locked(&self) {
        let mut inner = self.lock();
        if matches!(inner.phase, Phase::Unrestored) {
            inner.phase = Phase::Locked;
        }
    }

    /// Takes over what another process left in the store, unless what is here is newer. True when the session or its
    /// tokens are others now.
    ///
    /// `None` when this process has written since it had made `writes` writes: what was read may be older than that.
    pub(in super::super) fn adopt(
        &self,
        stored: Option<StoredItem>,
        seen: Option<Fingerprint>,
        writes: u64,
    ) -> Option<bool> {
        let mut inner = self.lock();
        (inner.writes == writes).then(|| {
            inner.see(seen);
            inner.adopt(stored)
        })
    }

    /// The store was given another library's session while nobody was signed in.
    pub(in super::super) fn imported(&self, session: StoredSession, written: Fingerprint) {
        let mut inner = self.lock();
        inner.see(Some(written));
        inner.writes += 1;
        inner.take_over(Phase::Held(Box::new(session)), SignInWay::MovingIn);
    }

    /// How many writes this process has made.
    pub(in super::super) fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// Whether there is anything in memory that is worth more than a damaged item.
    pub(in super::super) fn holds_session(&self) -> bool {
        self.lock().held().is_some()
    }

    /// What the store holds is not what it was given.
    pub(in super::super) fn write_over(&self, seen: Option<Fingerprint>) {
        let mut inner = self.lock();
        inner.see(seen);
        inner.revision += 1;
    }

    /// Whether this process knows what the store holds, or held when it last looked.
    pub(in super::super) fn has_looked(&self) -> bool {
        self.lock().has_looked
    }

    /// Whether what is stored does not matter: the user has just signed out, or signed in over what cannot be read. A
    /// sign-out that could not be written at once looks again: somebody may have signed in meanwhile.
    pub(in super::super) fn replaces_what_is_stored(&self) -> bool {
        let inner = self.lock();
        let signs_out = inner.left_unseen || inner.sign_out_revision > inner.tried_revision;
        (matches!(inner.phase, Phase::SignedOut(_)) && signs_out) || inner.unreadable.is_some()
    }

    /// Whether nobody is signed in here.
    pub(in super::super) fn is_signed_out(&self) -> bool {
        matches!(self.lock().phase, Phase::SignedOut(_))
    }

    /// Counts the changes that belong in the store.
    pub(in super::super) fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// The store was given all changes up to this one, whether it took them or not.
    pub(in super::super) fn tried(&self, revision: u64) {
        let mut inner = self.lock();
        inner.tried_revision = inner.tried_revision.max(revision);
        inner.tell_what_is_due();
    }

    /// Whether anything has to be written.
    pub(in super::super) fn is_unsaved(&self) -> bool {
        self.lock().is_unsaved()
    }

    /// What has to be written, if anything.
    pub(in super::super) fn unsaved(&self) -> Option<Unsaved> {
        let inner = self.lock();
        if !inner.is_unsaved() {
            return None;
        }
        let content = match &inner.phase {
            Phase::Held(session) => Some(StoredItem::Session(session.clone())),
            Phase::SignedOut(revocations) if !revocations.is_empty() => {
                Some(StoredItem::SignedOut(SignedOut::with(revocations.clone())))
            }
            _ => None,
        };
        Some(Unsaved {
            content,
            unreadable: inner.unreadable.clone(),
            seen: inner.seen,
            revision: inner.revision,
        })
    }

    /// The store holds what [`Current::unsaved`] gave, in these bytes.
    pub(in super::super) fn saved(&self, unsaved: &Unsaved, written: Option<Fingerprint>) {
        let mut inner = self.lock();
        inner.see(written);
        inner.writes += 1;
        inner.saved_revision = inner.saved_revision.max(unsaved.revision);
        let session = match &unsaved.content {
            Some(StoredItem::Session(session)) => Some(session.as_ref()),
            _ => None,
        };
        inner.stored_updates = update_ids(session);
        if inner.tokens_are_saved() {
            inner.sign_in_was_stored = true;
        }
        if unsaved.unreadable.is_some() {
            inner.unreadable = None;
        }
    }

    /// What the issuer has yet to be told; what is too old is forgotten.
    pub(in super::super) fn pending_revocations(&self, now: Timestamp) -> Vec<PendingRevocation> {
        let mut inner = self.lock();
        let Phase::SignedOut(revocations) = &mut inner.phase else {
            return Vec::new();
        };
        let known = revocations.len();
        revocations.retain(|pending| now.seconds_since(pending.since) < LONGEST_REVOCATION_SECONDS);
        let (kept, forgotten) = (revocations.clone(), revocations.len() != known);
        inner.revision += u64::from(forgotten);
        kept
    }
}

impl Inner {
    fn see(&mut self, seen: Option<Fingerprint>) {
        self.seen = seen;
        self.has_looked = true;
    }

    fn adopt(&mut self, stored: Option<StoredItem>) -> bool {
        match std::mem::take(&mut self.phase) {
            Phase::Held(held) => self.adopt_over(held, stored),
            // A sign-out that is not written yet is newer than what it will remove, but not than a sign-in elsewhere.
            Phase::SignedOut(ours) if self.is_unsaved() && !self.is_newer_sign_in(stored.as_ref()) => {
                self.phase = Phase::SignedOut(ours);
                false
            }
            Phase::SignedOut(_) if !matches!(stored, Some(StoredItem::Session(_))) => {
                self.phase = phase_of(stored);
                false
            }
            Phase::SignedOut(_) => self.take_over(phase_of(stored), SignInWay::Elsewhere),
            Phase::Unrestored | Phase::Locked => {
                self.replace_by_stored(phase_of(stored));
                self.tell_of_restored();
                true
            }
        }
    }

    fn adopt_over(&mut self, held: Box<StoredSession>, stored: Option<StoredItem>) -> bool {
        match stored {
            Some(StoredItem::Session(found)) if held.is_same_sign_in(&found) => self.adopt_later(held, found),
            // A sign-in that never reached the store is newer than whatever is there.
            _ if !self.sign_in_was_stored => {
                self.phase = Phase::Held(held);
                false
            }
            other => self.take_over(phase_of(other), SignInWay::Elsewhere),
        }
    }

    /// Two writings of one session: the later tokens, and the later profile.
    fn adopt_later(&mut self, mut held: Box<StoredSession>, mut found: Box<StoredSession>) -> bool {
        let (our_profile, their_profile) = (held.profile.take(), found.profile.take());
        let fetched_at = |profile: &Option<Profile>| profile.as_ref().map(|profile| profile.fetched_at);
        let takes_profile = fetched_at(&their_profile) >= fetched_at(&our_profile);
        let mut news = Vec::new();
        // Two renewals with one refresh token can only both be made without the lock. An end is no news then.
        let (ours, theirs) = (
            (held.sequence, held.ended.is_none()),
            (found.sequence, found.ended.is_none()),
        );
        let takes_tokens = theirs > ours;
        let updates = self.merge_updates(&mut held, &mut found);
        if takes_tokens {
            news = differences(&held, &found);
            self.untold.retain(|(_, event)| !event.is_of_a_renewal());
            held = found;
            self.token_version += 1;
            (self.tokens_revision, self.rotation_revision) = (0, 0);
            self.tokens_are_unchecked = false;
            self.received = None;
        } else if theirs < ours {
            // Somebody wrote what is long spent over what is current.
            self.revision += 1;
        }
        if takes_profile
            && their_profile
                .as_ref()
                .is_some_and(|profile| !profile.says_the_same_as(our_profile.as_ref()))
        {
            news.push(SessionEvent::ProfileChanged);
        }
        held.profile = if takes_profile { their_profile } else { our_profile };
        held.pending_updates = updates;
        self.phase = Phase::Held(held);
        news.into_iter().for_each(|event| self.tell(event));
        takes_tokens
    }

    fn has_left(&self, stored: Option<&StoredItem>) -> bool {
        let Some(StoredItem::Session(found)) = stored else {
            return false;
        };
        self.left.is_some() && self.left == found.nonce
    }

    /// Whether that is the session of a sign-in other than the one that ended here.
    fn is_newer_sign_in(&self, stored: Option<&StoredItem>) -> bool {
        matches!(stored, Some(StoredItem::Session(_))) && !self.left_unseen && !self.has_left(stored)
    }

    /// Whoever was signed in, another session or none is there now.
    fn take_over(&mut self, phase: Phase, by: SignInWay) -> bool {
        self.replace_by_stored(phase);
        let event = match self.held() {
            Some(session) => arrival(session, by),
            None => SessionEvent::SignedOut { elsewhere: true },
        };
        self.tell(event);
        true
    }

    fn replace_by_stored(&mut self, phase: Phase) {
        self.begin_generation(phase);
        self.note_stored();
        self.sign_in_was_stored = true;
        self.saved_revision = self.revision;
        self.tried_revision = self.revision;
        self.tell_what_is_due();
    }

    /// The store was read for the first time. A session that has ended is no news: that was told when it ended.
    fn tell_of_restored(&mut self) {
        if let Some(session) = self.held().filter(|session| session.ended.is_none()) {
            let subject = session.subject.clone();
            self.tell(SessionEvent::Restored { subject });
        }
    }

    fn is_unsaved(&self) -> bool {
        self.revision != self.saved_revision
    }
}

fn phase_of(stored: Option<StoredItem>) -> Phase {
    match stored {
        Some(StoredItem::Session(session)) => Phase::Held(session),
        Some(StoredItem::SignedOut(item)) => Phase::SignedOut(item.revocations),
        None => Phase::SignedOut(Vec::new()),
    }
}
