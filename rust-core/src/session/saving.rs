//! What is in the store follows what is in memory.

use super::Shared;
use crate::error::Error;
use crate::ports::LogLevel;

impl Shared {
    /// Writes what memory holds, if the store does not hold it yet; deletes the item after a sign-out. Writers take
    /// turns, and each writes what is current when its turn comes, so that an older session never replaces a newer one.
    ///
    /// # Errors
    /// [`Error::Store`]; then memory stays as it is and the next call tries again.
    pub(super) async fn save(&self) -> Result<(), Error> {
        if !self.current.is_unsaved() {
            return Ok(());
        }
        let _writer = self.saving.lock().await;
        self.write_unsaved().await
    }

    async fn write_unsaved(&self) -> Result<(), Error> {
        if !self.current.is_unsaved() || self.is_read_only() {
            return Ok(());
        }
        let revision = self.current.revision();
        let _writing = self.writing().await;
        let written = async {
            // Another process may have signed out, signed in or renewed since this one looked.
            if self.is_shared() && !self.current.replaces_what_is_stored() {
                match self.adopt_from_store().await {
                    // A sign-out removes also what cannot be read.
                    Err(Error::Envelope(_)) if self.current.is_signed_out() => {}
                    looked => drop(looked?),
                }
            }
            let Some(unsaved) = self.current.unsaved() else {
                return Ok(());
            };
            match &unsaved.content {
                None => self.delete_items().await?,
                Some(item) => {
                    if let Some(unreadable) = unsaved.unreadable.clone() {
                        self.keep_aside(unreadable).await?;
                    }
                    self.environment.store.write(&self.item_name, item.encode()?).await?;
                }
            }
            self.current.saved(&unsaved);
            Ok(())
        };
        let written = written.await;
        self.current.tried(revision);
        if let Err(error) = &written {
            self.log(
                LogLevel::Error,
                &format!("the session could not be stored and will be at the next chance: {error}"),
            );
        }
        written
    }

    /// The same, for callers whose own result does not depend on the store.
    pub(super) async fn save_if_possible(&self) {
        // Logged where it failed; tried again at the next call.
        let _ = self.save().await;
    }

    /// The next chance for what could not be written. Does not wait for a write that is under way: a caller who only
    /// wants a token from memory must not wait for the store.
    pub(super) async fn retry_save(&self) {
        if !self.current.is_unsaved() {
            return;
        }
        if let Ok(_writer) = self.saving.try_lock() {
            let _ = self.write_unsaved().await;
        }
    }
}
