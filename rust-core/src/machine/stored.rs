//! Queries about the store: what it should hold, and what waits in it.

use super::input::WrittenContent;
use super::ledger::Revision;
use super::phase::{Generation, Phase};
use super::provenance::{SignInName, update_ids};
use super::revocations;
use super::state::Machine;
use crate::model::pending_update::PendingUpdate;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::storage::envelope::{PendingRevocation, RenewedImport, StoredItem};

/// What the store should hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unsaved {
    /// The item; if none, the store should hold no item.
    pub content: Option<StoredItem>,
    /// An item that could not be decoded. It is kept aside before this one is written.
    pub unreadable: Option<SecretBytes>,
    /// The fingerprint of the bytes to replace.
    pub seen: Option<Fingerprint>,
    /// The content for [`super::input::ItemWritten`].
    pub receipt: WrittenContent,
}

/// What is known about the store of a session.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a>(&'a Machine);

impl<'a> Stored<'a> {
    /// The store of this session.
    pub const fn of(machine: &'a Machine) -> Self {
        Self(machine)
    }

    /// What has to be written, if anything.
    pub fn unsaved(self) -> Option<Unsaved> {
        self.0.has_unsaved().then(|| self.to_store())
    }

    /// What the store holds, if that is a session and nothing has to be written.
    pub fn saved_session(self) -> Option<Unsaved> {
        (self.0.session().is_some() && !self.0.has_unsaved()).then(|| self.to_store())
    }

    /// A placeholder item for a future session, if nobody is signed in and nothing has to be written.
    pub fn place(self) -> Option<Unsaved> {
        let Phase::SignedOut(left) = &self.0.phase else {
            return None;
        };
        (!self.0.has_unsaved()).then(|| Unsaved {
            content: Some(StoredItem::SignedOut(left.clone())),
            ..self.to_store()
        })
    }

    /// The tokens of an import that renewed them and could not finish yet.
    pub fn renewed_import(self) -> Option<&'a RenewedImport> {
        match &self.0.phase {
            Phase::SignedOut(left) => left.renewed_import.as_deref(),
            _ => None,
        }
    }

    fn to_store(self) -> Unsaved {
        let content = match &self.0.phase {
            Phase::Session(session) => {
                let mut session = session.clone();
                session.proof_nonces.clone_from(&self.0.proof_nonces);
                Some(StoredItem::Session(session))
            }
            Phase::SignedOut(left) if left.is_needed() => Some(StoredItem::SignedOut(left.clone())),
            _ => None,
        };
        Unsaved {
            content,
            unreadable: self.0.provenance.unreadable.clone(),
            seen: self.0.provenance.seen,
            receipt: WrittenContent {
                revision: self.0.ledger.current(),
                updates: update_ids(self.0.session()),
                sign_in: self.0.session().map(SignInName::of),
                revocations: revocations::tokens(self.0.phase.revocations()),
                replaced_unreadable: self.0.provenance.unreadable.is_some(),
            },
        }
    }

    /// The number of the last change that belongs in the store.
    pub fn revision(self) -> Revision {
        self.0.ledger.current()
    }

    /// Counts what this process learned about the store: each of its writes, and each look that found another item.
    /// What was read before this number last grew may be out of date.
    pub fn looks(self) -> u64 {
        self.0.provenance.looks
    }

    /// Whether this process has looked at the store at least once.
    pub fn has_looked(self) -> bool {
        self.0.provenance.has_looked
    }

    /// Whether memory replaces an item that cannot be read. Any session replaces a damaged item. Only what the user did
    /// in this process, a sign-in or a sign-out that was never stored, replaces an item of a newer release.
    pub fn replaces_unreadable(self, is_damaged: bool) -> bool {
        match &self.0.phase {
            Phase::Session(_) => is_damaged || !self.0.provenance.sign_in_was_stored,
            Phase::SignedOut(_) => self.0.has_unsaved(),
            Phase::Unread | Phase::Locked => false,
        }
    }

    /// The tokens that have yet to be revoked at the issuer: first those that no session has, see
    /// [`Stored::orphans`], then those that are stored, the oldest first.
    pub fn pending_revocations(self) -> impl Iterator<Item = &'a PendingRevocation> {
        self.orphans().chain(self.0.phase.revocations())
    }

    /// The tokens that no session has and that have yet to be revoked.
    pub fn orphans(self) -> impl Iterator<Item = &'a PendingRevocation> {
        self.0.orphans.iter()
    }

    /// The stored tokens that still have to be revoked when this user has signed in.
    pub fn revocations_of_others(self, subject: &str) -> Vec<PendingRevocation> {
        revocations::of_others(self.0.phase.revocations(), subject)
    }

    /// The changes of the metadata that wait, the oldest first.
    pub fn pending_updates(self) -> &'a [PendingUpdate] {
        self.0.session().map_or(&[], |session| &session.pending_updates)
    }

    /// Whether the store still holds a change of the metadata that no longer waits. After a restart, or in another
    /// process, it would be sent again. Therefore no later change may be sent until the store has let go of it.
    pub fn holds_settled_update(self) -> bool {
        let waits = |id: &u64| self.pending_updates().iter().any(|update| update.id == *id);
        self.0.session().is_some() && !self.0.provenance.stored_updates.iter().all(waits)
    }

    /// The next change of the metadata to send, if `asked` is the current generation.
    pub fn next_update(self, asked: Generation) -> Option<&'a PendingUpdate> {
        (self.0.generation == asked).then(|| self.pending_updates().first())?
    }
}
