//! The sessions that are open in this process. Whoever opens the same one again gets the same: two that renewed side by
//! side would present one refresh token twice, and an issuer that rotates ends the session for that.

use std::sync::{Mutex, PoisonError};

use super::error::SessionError;
use super::storage::SessionStorage;
use crate::model::configuration::{Configuration, SessionConfiguration};
use crate::session::{Dependencies, SessionManager, WeakSessionManager};

/// What makes two sessions the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) configuration: SessionConfiguration,
    pub(super) storage: SessionStorage,
    pub(super) name: String,
    pub(super) read_only: bool,
}

static OPEN: Mutex<Vec<(Identity, WeakSessionManager)>> = Mutex::new(Vec::new());

/// The open session of that identity, or a new one in the dependencies that `dependencies` makes.
pub(super) fn open_or_join(
    identity: Identity,
    dependencies: impl FnOnce() -> Result<Dependencies, SessionError>,
) -> Result<SessionManager, SessionError> {
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(_, manager)| manager.upgrade().is_some());
    // What is in memory belongs to nobody else, whatever its name.
    let can_be_shared = identity.storage != SessionStorage::Memory;
    let same = open.iter().find(|(other, _)| can_be_shared && *other == identity);
    if let Some(manager) = same.and_then(|(_, manager)| manager.upgrade()) {
        return Ok(manager);
    }
    let configuration = Configuration::parse(identity.configuration.clone())?;
    let manager = SessionManager::new(configuration, &identity.name, dependencies()?)?;
    open.push((identity, manager.downgrade()));
    Ok(manager)
}
