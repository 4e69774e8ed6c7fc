//! The store that both processes use: one item, replaced whole, by compare and swap.

use pilotlight_core::model::secret::Fingerprint;
use pilotlight_core::storage::envelope::StoredItem;

use crate::issuer::Family;
use crate::world::{History, insert};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    item: Option<StoredItem>,
    pub(crate) is_locked: bool,
    /// The next write is refused.
    pub(crate) refuses: bool,
}

/// What a look at the store found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Found {
    pub(crate) item: Option<StoredItem>,
    pub(crate) seen: Option<Fingerprint>,
    /// How many writes the process had made before.
    pub(crate) writes: u64,
}

impl Store {
    /// `None` while the device is locked.
    pub(crate) fn read(&self, writes: u64) -> Option<Found> {
        (!self.is_locked).then(|| Found {
            item: self.item.clone(),
            seen: self.item.as_ref().map(fingerprint),
            writes,
        })
    }

    /// Whether a write would be taken now.
    pub(crate) fn can_be_written(&self) -> bool {
        !self.is_locked && !self.refuses
    }

    /// A write: `Err` when it fails, false when something else is there than what was seen. Without `seen` whatever is
    /// there is replaced.
    pub(crate) fn write(
        &mut self,
        seen: Option<Option<Fingerprint>>,
        new: Option<StoredItem>,
        history: &mut History,
    ) -> Result<bool, ()> {
        if self.is_locked || std::mem::take(&mut self.refuses) {
            return Err(());
        }
        if seen.is_some_and(|seen| seen != self.item.as_ref().map(fingerprint)) {
            return Ok(false);
        }
        self.put(new, history);
        Ok(true)
    }

    pub(crate) fn put(&mut self, new: Option<StoredItem>, history: &mut History) {
        if let Some(StoredItem::Session(session)) = &new
            && let Some(refresh_token) = &session.credentials.refresh_token
        {
            insert(&mut history.stored, refresh_token.expose().to_owned());
        }
        let before = self.sign_in();
        // As it comes back: what is kept in memory only is gone.
        self.item = new.map(|item| StoredItem::decode(&item.encode().unwrap()).unwrap());
        if before.is_some_and(|family| self.sign_in().is_none() && !history.signed_out.contains(&family)) {
            history.break_promise("1: a session went from the store though its user has not signed out");
        }
    }

    pub(crate) fn item(&self) -> Option<&StoredItem> {
        self.item.as_ref()
    }

    /// The sign-in whose session is stored, also one that has ended.
    pub(crate) fn sign_in(&self) -> Option<Family> {
        match &self.item {
            Some(StoredItem::Session(session)) => Some(crate::user::family_of_session(session)),
            _ => None,
        }
    }
}

/// Which content that is. The product's is of the bytes; equal contents have equal bytes.
pub(crate) fn fingerprint(item: &StoredItem) -> Fingerprint {
    Fingerprint::of(&item.encode().unwrap())
}
