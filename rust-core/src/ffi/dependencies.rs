//! The adapters that a session runs with in an app.

use std::sync::Arc;

use super::error::SessionError;
use super::runtime::runtime;
use super::storage::SessionStorage;
use crate::adapters::foreign_keychain::ForeignKeychain;
use crate::adapters::http::HttpTransport;
use crate::adapters::keychain;
use crate::adapters::system::{SystemClock, SystemRandomness, TokioSpawner};
use crate::ports::Log;
use crate::session::{Dependencies, Sharing};

/// Everything the session needs of the world, for real.
pub(super) fn dependencies(
    storage: &SessionStorage,
    read_only: bool,
    log: Arc<dyn Log>,
) -> Result<Dependencies, SessionError> {
    Ok(Dependencies {
        store: storage.open()?,
        foreign_items: Arc::new(ForeignKeychain::new(Box::new(keychain::open), runtime().clone())),
        sharing: match storage.lock() {
            _ if read_only => Sharing::ReadOnly,
            Some(lock) => Sharing::Processes(lock),
            None => Sharing::Alone,
        },
        transport: Arc::new(HttpTransport::new()),
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
        spawner: Arc::new(TokioSpawner::new(runtime().clone())),
        log,
    })
}
