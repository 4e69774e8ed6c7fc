//! At launch: is there a session, and can it be read?

use super::{SessionManager, Shared};
use crate::machine::error::Error;
use crate::model::state::SessionState;
use crate::ports::{LogLevel, StoreError};
use crate::storage::envelope::StoredItem;

impl SessionManager {
    /// Reads the session from the store: once, or where other processes use it too, each time. While the device is
    /// locked, every call tries again. What an earlier sign-out could not tell the issuer is sent now, in the
    /// background; otherwise no network.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; the next call tries again. [`Error::Envelope`] when what is stored cannot
    /// be decoded: it is kept aside under another name, this is reported once, and the session counts as signed out. What
    /// a newer release wrote stays in place until a sign-in replaces it (it is then kept aside), and is reported at each
    /// launch.
    pub async fn restore(&self) -> Result<SessionState, Error> {
        let shared = &self.shared;
        shared.expire_sign_in();
        if shared.current.needs_restore() {
            shared.ensure_restored().await?;
        } else {
            shared.merge_if_shared().await?;
            shared.retry_save().await;
        }
        self.send_revocations_in_background();
        self.send_waiting_in_background();
        shared
            .current
            .state(shared.now())
            .ok_or_else(|| Error::Internal("restored without a state".to_owned()))
    }
}

impl Shared {
    /// Reads the store unless that was done.
    ///
    /// # Errors
    /// As [`SessionManager::restore`]; a locked device is not an error here but a state.
    pub(super) async fn ensure_restored(&self) -> Result<(), Error> {
        if self.current.needs_restore() {
            let _turn = self.restoring.lock().await;
            if self.current.needs_restore() {
                return self.read_store().await;
            }
        }
        self.retry_save().await;
        Ok(())
    }

    async fn read_store(&self) -> Result<(), Error> {
        let found = match self.rename_old_item().await {
            Ok(()) => self.read_item().await,
            Err(error) => Err(error),
        };
        let outcome = match found {
            Ok((Some(bytes), seen)) => match StoredItem::decode(&bytes) {
                Ok(item) => {
                    self.log(LogLevel::Info, "restored a session");
                    self.current.restored(Some(item), seen, None);
                    Ok(())
                }
                Err(error) => {
                    let left = self.quarantine(bytes, error).await;
                    self.current.restored(None, seen.filter(|_| left.is_some()), left);
                    Err(error.into())
                }
            },
            Ok((None, _)) => {
                self.current.restored(None, None, None);
                Ok(())
            }
            Err(StoreError::Locked) => {
                self.log(
                    LogLevel::Warning,
                    "the device is locked; the session will be read after the unlock",
                );
                self.current.locked();
                Ok(())
            }
            Err(error) => Err(error.into()),
        };
        self.current.publish(self.now());
        outcome
    }
}
