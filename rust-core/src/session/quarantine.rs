//! Stored items that cannot be decoded: kept aside under another name, never thrown away unasked.

use super::Shared;
use crate::model::configuration::UNREADABLE_SUFFIX;
use crate::model::secret::{Fingerprint, SecretBytes};
use crate::ports::{LogLevel, StoreError};
use crate::storage::envelope::EnvelopeError;

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

    /// Writes `bytes` under the other name, over what an earlier fault left there.
    pub(super) async fn keep_aside(&self, bytes: SecretBytes) -> Result<(), StoreError> {
        self.dependencies.store.write(&self.quarantine_name(), bytes).await
    }

    /// After a sign-out nothing of the session stays, in whatever form.
    pub(super) async fn delete_what_was_kept_aside(&self) -> Result<(), StoreError> {
        self.dependencies.store.delete(&self.quarantine_name()).await
    }

    fn quarantine_name(&self) -> String {
        format!("{}{UNREADABLE_SUFFIX}", self.item_name)
    }
}
