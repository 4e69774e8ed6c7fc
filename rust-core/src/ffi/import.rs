//! Moving in from other libraries, for Swift.

use super::error::SessionError;
use super::runtime::run;
use super::session::CoreSession;
use crate::session::{ImportOutcome, ImportSource};

#[uniffi::export]
impl CoreSession {
    /// Takes over the session that another library stored: once, and only while this one has none. Reads and writes the
    /// store; the old item stays. Network only where nothing in it says whose session it is. Throws `waitForUnlock`,
    /// `checkStorage`, `openApp`, `retryLater`; nothing was changed then.
    pub async fn import_session(&self, source: ImportSource) -> Result<ImportOutcome, SessionError> {
        run(
            self.manager(),
            |manager| async move { manager.import_session(source).await },
        )
        .await
    }

    /// Deletes what the other library stored; true when that was done. False, and nothing is deleted, while there is no
    /// session here and there never was one since an import was tried.
    pub async fn discard_imported_session(&self, source: ImportSource) -> Result<bool, SessionError> {
        run(self.manager(), |manager| async move {
            manager.discard_imported_session(source).await
        })
        .await
    }
}
