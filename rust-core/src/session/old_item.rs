//! The item under the name that it had before names were escaped.

use super::Shared;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::StoreError;
use crate::storage::envelope::StoredItem;

impl Shared {
    /// Moves it to its name of today, if it is this session's. First it is there twice: a crash in between loses nothing,
    /// and the next launch comes here again.
    pub(super) async fn rename_old_item(&self) -> Result<(), StoreError> {
        let Some(old_name) = self.old_item_name.as_ref().filter(|_| !self.is_read_only()) else {
            return Ok(());
        };
        let store = &self.dependencies.store;
        let Some(bytes) = store.read(old_name).await?.filter(|bytes| self.is_own(bytes)) else {
            return Ok(());
        };
        let seen = Fingerprint::of(&bytes);
        // Where there is one of today already, that is the newer one.
        store.swap(&self.item_name, None, Some(bytes)).await?;
        store.swap(old_name, Some(seen), None).await.map(drop)
    }

    /// Whether the item says that it is this client's: by its old name alone it could be another's.
    fn is_own(&self, bytes: &SecretBytes) -> bool {
        let session = StoredItem::decode(bytes).ok().and_then(StoredItem::into_session);
        session.is_some_and(|session| session.client_id == self.configuration.client_id)
    }
}
