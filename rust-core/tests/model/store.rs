//! The store that both processes use: one item, replaced as a whole by compare and swap.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use pilotlight_core::model::secret::Fingerprint;
use pilotlight_core::storage::envelope::{StoredItem, StoredSession};

use crate::issuer::Family;
use crate::user::family_of_session;
use crate::world::History;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    item: Option<Kept>,
    pub(crate) is_locked: bool,
    /// The next write is refused.
    pub(crate) refuses: bool,
}

/// An item with its fingerprint: the same content has the same bytes.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    item: Arc<StoredItem>,
    fingerprint: Fingerprint,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }
}

impl Eq for Kept {}

impl Kept {
    fn session(&self) -> Option<&StoredSession> {
        match &*self.item {
            StoredItem::Session(session) => Some(session),
            StoredItem::SignedOut(_) => None,
        }
    }
}

impl Hash for Kept {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fingerprint.hash(state);
    }
}

/// The result of reading the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Found {
    kept: Option<Kept>,
    /// How much the process had read before.
    pub(crate) looks: u64,
}

impl Found {
    pub(crate) fn item(&self) -> Option<StoredItem> {
        self.kept.as_ref().map(|kept| StoredItem::clone(&kept.item))
    }

    pub(crate) fn seen(&self) -> Option<Fingerprint> {
        self.kept.as_ref().map(|kept| kept.fingerprint)
    }

    pub(crate) fn sign_in(&self) -> Option<Family> {
        self.kept.as_ref().and_then(Kept::session).map(family_of_session)
    }
}

impl Store {
    /// `None` while the device is locked.
    pub(crate) fn read(&self, looks: u64) -> Option<Found> {
        let kept = self.item.clone();
        (!self.is_locked).then_some(Found { kept, looks })
    }

    /// Whether a write would succeed now.
    pub(crate) fn can_be_written(&self) -> bool {
        !self.is_locked && !self.refuses
    }

    /// A write: `Err` if it fails, false if the stored item is not the one that was seen.
    pub(crate) fn swap(
        &mut self,
        seen: Option<Fingerprint>,
        new: Option<&StoredItem>,
        history: &mut History,
    ) -> Result<bool, ()> {
        if self.is_locked || std::mem::take(&mut self.refuses) {
            return Err(());
        }
        if seen != self.fingerprint() {
            return Ok(false);
        }
        self.put(new, history);
        Ok(true)
    }

    pub(crate) fn put(&mut self, new: Option<&StoredItem>, history: &mut History) {
        let before = self.item.take();
        self.item = new.map(|item| {
            let bytes = item.encode().unwrap();
            let fingerprint = Fingerprint::of(&bytes);
            // Decoded again, so that data kept only in memory is gone.
            let item = Arc::new(StoredItem::decode(&bytes).unwrap());
            Kept { item, fingerprint }
        });
        if let Some(before) = before.as_ref().and_then(Kept::session) {
            check_replacement(before, self.session(), history);
        }
        if let Some(session) = self.session() {
            history.store(session);
        }
    }

    pub(crate) fn fingerprint(&self) -> Option<Fingerprint> {
        self.item.as_ref().map(|kept| kept.fingerprint)
    }

    pub(crate) fn session(&self) -> Option<&StoredSession> {
        self.item.as_ref().and_then(Kept::session)
    }
}

/// A session leaves the store only if its user has signed out, or if another sign-in is stored for the first time.
fn check_replacement(before: &StoredSession, new: Option<&StoredSession>, history: &mut History) {
    let family = family_of_session(before);
    match new {
        None if !history.has_left(family) => {
            history.break_promise("1: a session went from the store though its user has not signed out");
        }
        // A step-up: the session continues with tokens of another sign-in.
        Some(new) if history.replaced.contains(&(family, family_of_session(new))) => {}
        Some(new) if family_of_session(new) != family => {
            if history.stored.contains(&family_of_session(new)) {
                history.break_promise("5: an older sign-in was written over a newer one");
            }
            history.signed_out.insert(family);
            if new.subject != before.subject {
                history.gone.insert(family);
            }
        }
        _ => {}
    }
}

/// The sign-in to which the session belongs, even if it has ended.
pub(crate) fn sign_in_of(item: Option<&StoredItem>) -> Option<Family> {
    match item {
        Some(StoredItem::Session(session)) => Some(family_of_session(session)),
        _ => None,
    }
}

/// The fingerprint of the content.
pub(crate) fn fingerprint(item: &StoredItem) -> Fingerprint {
    Fingerprint::of(&item.encode().unwrap())
}
