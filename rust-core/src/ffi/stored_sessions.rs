//! The names of the stored sessions, for apps in which several users are signed in side by side.

use super::error::SessionError;
use super::storage::SessionStorage;
use crate::model::configuration::{Configuration, SessionConfiguration};
use crate::model::sorted::sorted;

/// The names of the sessions that are stored for this client at this issuer, sorted: those with a signed-in user, those
/// that have ended, and those that wait for a revocation. Open one with `CoreSession` and its name; remove one by
/// signing it out. Storage in memory is never shared, so it has none.
///
/// Reads the list of items in the store, but no item, so the user does not have to authenticate. No network. Throws
/// `fixConfiguration`, `waitForUnlock`, `checkStorage`.
#[uniffi::export]
pub async fn stored_session_names(
    configuration: SessionConfiguration,
    storage: SessionStorage,
) -> Result<Vec<String>, SessionError> {
    names_in(configuration, &storage).await
}

async fn names_in(configuration: SessionConfiguration, storage: &SessionStorage) -> Result<Vec<String>, SessionError> {
    let configuration = Configuration::parse(configuration)?;
    let items = storage
        .open()?
        .names()
        .await
        .map_err(crate::machine::error::Error::from)?;
    Ok(sorted(items.iter().filter_map(|item| configuration.session_name(item))))
}
