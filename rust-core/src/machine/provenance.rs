//! What this process knows of the store, and which sign-in it has left.

use crate::model::secret::{Fingerprint, Secret, SecretBytes};
use crate::storage::envelope::StoredSession;

/// Where that comes from what is in memory: what the store held when it was last looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Provenance {
    /// Which item the store held when this process last read or wrote it.
    pub(super) seen: Option<Fingerprint>,
    /// It has read or written the item at least once.
    pub(super) has_looked: bool,
    /// Writes that this process has made. What was read before the last one may be older than that.
    pub(super) writes: u64,
    /// The sign-in in memory has been in the store; when it is not there now, another process took it out.
    pub(super) sign_in_was_stored: bool,
    /// The waiting changes of the metadata that the store holds, by their numbers.
    pub(super) stored_updates: Vec<u64>,
    /// An item that could not be decoded; it is kept aside before it is replaced.
    pub(super) unreadable: Option<SecretBytes>,
}

/// Which sign-in ended with the last sign-out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Departure {
    /// It, where that is known.
    pub(super) sign_in: Option<Secret>,
    /// The sign-out did not know which sign-in it ended: it removes whatever the store holds.
    pub(super) is_unknown: bool,
}

impl Provenance {
    pub(super) fn look(&mut self, seen: Option<Fingerprint>) {
        self.seen = seen;
        self.has_looked = true;
    }
}

/// The numbers of the changes that wait; none without a session.
pub(super) fn update_ids(session: Option<&StoredSession>) -> Vec<u64> {
    let updates = session.into_iter().flat_map(|session| &session.pending_updates);
    updates.map(|update| update.id).collect()
}
