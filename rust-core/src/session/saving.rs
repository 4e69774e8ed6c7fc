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
        let _turn = self.saving.lock().await;
        self.write_unsaved().await
    }

    async fn write_unsaved(&self) -> Result<(), Error> {
        let Some(unsaved) = self.current.unsaved() else {
            return Ok(());
        };
        let written = async {
            let Some(session) = &unsaved.content else {
                return self.delete_items().await.map_err(Error::from);
            };
            if let Some(unreadable) = unsaved.unreadable.clone() {
                self.keep_aside(unreadable).await?;
            }
            let bytes = session.encode()?;
            Ok(self.environment.store.write(&self.item_name, bytes).await?)
        };
        let written = written.await;
        match &written {
            Ok(()) => self.current.saved(&unsaved),
            Err(error) => self.log(
                LogLevel::Error,
                &format!("the session could not be stored and will be at the next chance: {error}"),
            ),
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
        if let Ok(_turn) = self.saving.try_lock() {
            let _ = self.write_unsaved().await;
        }
    }
}
