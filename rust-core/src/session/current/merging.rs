//! What the store holds becomes what memory holds: read at a launch, put there by another process, or moved in.

use super::publishing::{arrival, differences};
use super::{Current, Inner, Phase};
use crate::machine::event::{SessionEvent, SignInWay};
use crate::model::audience::AudienceToken;
use crate::model::profile::Profile;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::storage::envelope::{StoredItem, StoredSession};

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
    pub(in super::super) fn merge(
        &self,
        stored: Option<StoredItem>,
        seen: Option<Fingerprint>,
        writes: u64,
    ) -> Option<bool> {
        let mut inner = self.lock();
        (inner.writes == writes).then(|| {
            inner.see(seen);
            inner.merge(stored)
        })
    }

    /// The store was given another library's session while nobody was signed in.
    pub(in super::super) fn imported(&self, session: StoredSession, written: Fingerprint) {
        let mut inner = self.lock();
        inner.see(Some(written));
        inner.writes += 1;
        inner.take_over(Phase::Held(Box::new(session)), SignInWay::MovingIn);
    }
}

impl Inner {
    fn merge(&mut self, stored: Option<StoredItem>) -> bool {
        match std::mem::take(&mut self.phase) {
            Phase::Held(held) => self.merge_over(held, stored),
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

    fn merge_over(&mut self, held: Box<StoredSession>, stored: Option<StoredItem>) -> bool {
        match stored {
            Some(StoredItem::Session(found)) if held.is_same_sign_in(&found) => self.merge_writings(held, found),
            // A sign-in that never reached the store is newer than whatever is there.
            _ if !self.sign_in_was_stored => {
                self.phase = Phase::Held(held);
                false
            }
            other => self.take_over(phase_of(other), SignInWay::Elsewhere),
        }
    }

    /// Two writings of one session: the later tokens, and the later profile.
    fn merge_writings(&mut self, mut held: Box<StoredSession>, mut found: Box<StoredSession>) -> bool {
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
            keep_receipts(&held, &mut found);
            if !held.credentials.has_the_token_of(&found.credentials) {
                self.received = None;
            }
            held = found;
            self.token_version += 1;
            (self.tokens_revision, self.rotation_revision) = (0, 0);
            self.tokens_are_unchecked = false;
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
}

/// A token for a further audience that is the one that was here already is as old as it was.
fn keep_receipts(held: &StoredSession, found: &mut StoredSession) {
    for token in &mut found.audience_tokens {
        let same = |ours: &&AudienceToken| {
            ours.audience == token.audience && ours.credentials.has_the_token_of(&token.credentials)
        };
        token.received = held.audience_tokens.iter().find(same).and_then(|ours| ours.received);
    }
}

fn phase_of(stored: Option<StoredItem>) -> Phase {
    match stored {
        Some(StoredItem::Session(session)) => Phase::Held(session),
        Some(StoredItem::SignedOut(item)) => Phase::SignedOut(item.revocations),
        None => Phase::SignedOut(Vec::new()),
    }
}
