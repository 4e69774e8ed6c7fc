//! Memory and store in step: what has to be written, and what was.

use super::updates::update_ids;
use super::{Current, Inner, Phase};
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::model::time::Timestamp;
use crate::storage::envelope::{PendingRevocation, SignedOut, StoredItem};

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
    pub(super) fn see(&mut self, seen: Option<Fingerprint>) {
        self.seen = seen;
        self.has_looked = true;
    }

    pub(super) fn is_unsaved(&self) -> bool {
        self.revision != self.saved_revision
    }
}
