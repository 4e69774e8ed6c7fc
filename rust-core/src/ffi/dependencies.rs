//! The adapters that a session runs with in an app.

use std::sync::Arc;

use super::error::SessionError;
use super::network::SessionNetwork;
use super::proofs;
use super::runtime::RUNTIME;
use super::storage::SessionStorage;
use super::store_changes::changes_of;
use crate::adapters::foreign_keychain::ForeignKeychain;
use crate::adapters::keychain;
use crate::adapters::proof_keys::AppProofKeys;
use crate::adapters::store_changes::AnnouncedStore;
use crate::adapters::system::{SystemClock, SystemRandomness, TokioSpawner};
use crate::ports::{Log, SecretStore};
use crate::session::{Dependencies, Sharing};

/// The real adapters for everything that the session needs from outside.
pub(super) fn dependencies(
    storage: &SessionStorage,
    read_only: bool,
    network: &SessionNetwork,
    proof_keys: Option<Arc<dyn AppProofKeys>>,
    log: Arc<dyn Log>,
) -> Result<Dependencies, SessionError> {
    Ok(Dependencies {
        store: announced(storage)?,
        foreign_items: Arc::new(ForeignKeychain::new(Box::new(keychain::open), RUNTIME)),
        sharing: match storage.lock() {
            _ if read_only => Sharing::ReadOnly,
            Some(lock) => Sharing::Processes(lock),
            None => Sharing::Alone,
        },
        proof_keys: proofs::proof_keys(proof_keys),
        transport: network.transport()?,
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
        spawner: Arc::new(TokioSpawner::new(RUNTIME)),
        log,
    })
}

/// The store. If other processes use it too, they are notified of its changes.
fn announced(storage: &SessionStorage) -> Result<Arc<dyn SecretStore>, SessionError> {
    let store = storage.open()?;
    Ok(match changes_of(storage) {
        Some(changes) => Arc::new(AnnouncedStore::new(store, changes)),
        None => store,
    })
}

#[cfg(test)]
#[cfg(feature = "http-client")]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::adapters::proxy::ProxySource;
    use crate::adapters::system::SilentLog;
    use crate::ports::Transport;
    use crate::protocol::message::HttpRequest;

    fn transport(proxies: ProxySource) -> Arc<dyn Transport> {
        let network = SessionNetwork::Core { proxies };
        let dependencies = dependencies(&SessionStorage::Memory, false, &network, None, Arc::new(SilentLog));
        dependencies.unwrap().transport
    }

    /// This thread has no runtime. The core's own runtime polls in the same way, and nothing may block it.
    #[test]
    fn requests_do_not_run_where_they_are_polled() {
        let transport = transport(ProxySource::System);
        let request = HttpRequest::get("http://127.0.0.1:1/".parse().unwrap(), "*/*");
        assert!(transport.send(request).now_or_never().is_none());
    }

    #[test]
    fn sessions_share_the_transport_of_their_way_to_the_network() {
        assert!(Arc::ptr_eq(
            &transport(ProxySource::System),
            &transport(ProxySource::System)
        ));
        assert!(!Arc::ptr_eq(
            &transport(ProxySource::System),
            &transport(ProxySource::Direct)
        ));
    }
}
