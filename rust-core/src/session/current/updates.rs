//! The changes of the metadata that wait, in memory and in step with the store.

use super::{Current, Generation, Inner, Superseded};
use crate::machine::error::Error;
use crate::machine::event::SessionEvent;
use crate::model::pending_update::{PendingUpdate, check_room, merge};
use crate::storage::envelope::StoredSession;

impl Current {
    /// The oldest first.
    pub(in super::super) fn pending_updates(&self) -> Vec<PendingUpdate> {
        let inner = self.lock();
        inner
            .held()
            .map_or_else(Vec::new, |session| session.pending_updates.clone())
    }

    pub(in super::super) fn has_pending_updates(&self) -> bool {
        self.lock()
            .held()
            .is_some_and(|session| !session.pending_updates.is_empty())
    }

    /// The next one to send, if it is that session's.
    pub(in super::super) fn next_update(&self, asked: Generation) -> Option<PendingUpdate> {
        let inner = self.lock();
        let session = inner.held().filter(|_| Generation(inner.generation) == asked)?;
        session.pending_updates.first().cloned()
    }

    /// One more waits.
    pub(in super::super) fn add_update(&self, generation: Generation, update: PendingUpdate) -> Result<(), Error> {
        check_room(&self.pending_updates(), &update.changes.0)?;
        self.change(generation, |_, session| session.pending_updates.push(update))
            .map_err(|Superseded| Error::NoSession)
    }

    /// It does not wait any more; false when it did not. `event` is what became of it.
    pub(in super::super) fn remove_update(&self, id: u64, event: Option<SessionEvent>) -> bool {
        let generation = Generation(self.lock().generation);
        let waits = self.pending_updates().iter().any(|update| update.id == id);
        let remove = |inner: &mut Inner, session: &mut StoredSession| {
            session.pending_updates.retain(|update| update.id != id);
            if let Some(event) = event {
                inner.tell_after(inner.revision + 1, event);
            }
        };
        waits && self.change(generation, remove).is_ok()
    }
}

impl Inner {
    /// The store holds what memory holds.
    pub(super) fn note_stored(&mut self) {
        self.stored_updates = update_ids(self.held());
    }

    /// Two writings of one session.
    pub(super) fn merge_updates(&mut self, held: &mut StoredSession, found: &mut StoredSession) -> Vec<PendingUpdate> {
        let base = std::mem::replace(&mut self.stored_updates, update_ids(Some(found)));
        merge(
            &base,
            std::mem::take(&mut held.pending_updates),
            std::mem::take(&mut found.pending_updates),
        )
    }
}

/// The numbers of the changes that wait; none without a session.
pub(super) fn update_ids(session: Option<&StoredSession>) -> Vec<u64> {
    let updates = session.into_iter().flat_map(|session| &session.pending_updates);
    updates.map(|update| update.id).collect()
}
