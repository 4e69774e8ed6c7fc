//! Stored items that cannot be decoded: kept aside under another name, never thrown away unasked.

use super::Shared;
use crate::model::configuration::unreadable_name;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::{LogLevel, StoreError};
use crate::storage::envelope::EnvelopeError;

/// Damaged items that are kept of one session. Where more than that are damaged, something damages them all.
const MOST_KEPT_ASIDE: u32 = 9;

impl Shared {
    /// Deals with an item that was read and not understood. What comes back is still under the session's own name, and
    /// has to be kept aside before anything is written there.
    ///
    /// A damaged item is moved at once, so that it is reported once and not at every launch. One of a newer release
    /// stays where that release finds it again: the user went back a release and may go forward.
    pub(super) async fn quarantine(&self, bytes: SecretBytes, error: EnvelopeError) -> Option<SecretBytes> {
        self.log(LogLevel::Error, &error.to_string());
        if matches!(error, EnvelopeError::NewerVersion(_)) || self.is_read_only() {
            return Some(bytes);
        }
        let moved = async {
            self.keep_aside(bytes.clone()).await?;
            // Another process may have put a good one there meanwhile, which then is none of this one's business.
            let seen = Some(Fingerprint::of(&bytes));
            self.swap_item(seen, None).await
        };
        match moved.await {
            Ok(_) => None,
            Err(error) => {
                self.log(LogLevel::Warning, &format!("it could not be kept aside yet: {error}"));
                Some(bytes)
            }
        }
    }

    /// Writes `bytes` under another name, beside what an earlier fault left: only a sign-out deletes that. The same bytes
    /// are kept once, and of very many the last ones give way.
    pub(super) async fn keep_aside(&self, bytes: SecretBytes) -> Result<(), StoreError> {
        let store = &self.dependencies.store;
        for number in 1..MOST_KEPT_ASIDE {
            let name = unreadable_name(&self.item_name, number);
            if store.swap(&name, None, Some(bytes.clone())).await? {
                return Ok(());
            }
            if store.read(&name).await?.as_ref() == Some(&bytes) {
                return Ok(());
            }
        }
        store
            .write(&unreadable_name(&self.item_name, MOST_KEPT_ASIDE), bytes)
            .await
    }

    /// After a sign-out nothing of the session stays, in whatever form.
    pub(super) async fn delete_what_was_kept_aside(&self) -> Result<(), StoreError> {
        let store = &self.dependencies.store;
        store.delete(&unreadable_name(&self.item_name, 1)).await?;
        for number in 2..=MOST_KEPT_ASIDE {
            let name = unreadable_name(&self.item_name, number);
            if store.read(&name).await?.is_none() {
                break;
            }
            store.delete(&name).await?;
        }
        Ok(())
    }
}
