//! The adapters that a session runs with in an app.

use std::sync::{Arc, Mutex, PoisonError};

use super::error::SessionError;
use super::runtime::{HTTP_RUNTIME, RUNTIME};
use super::storage::SessionStorage;
use super::store_changes::changes_of;
use crate::adapters::foreign_keychain::ForeignKeychain;
use crate::adapters::http::HttpTransport;
use crate::adapters::keychain;
use crate::adapters::proxy::ProxySource;
use crate::adapters::store_changes::AnnouncedStore;
use crate::adapters::system::{SystemClock, SystemRandomness, TokioSpawner};
use crate::ports::{Log, SecretStore, Transport};
use crate::session::{Dependencies, Sharing};

/// Everything the session needs of the world, for real.
pub(super) fn dependencies(
    storage: &SessionStorage,
    read_only: bool,
    proxies: ProxySource,
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
        transport: transport(proxies),
        clock: Arc::new(SystemClock),
        randomness: Arc::new(SystemRandomness),
        spawner: Arc::new(TokioSpawner::new(RUNTIME)),
        log,
    })
}

/// One for all sessions of the process, for each way to the network: they share connections, the memory of TLS and what the
/// first request makes.
fn transport(proxies: ProxySource) -> Arc<dyn Transport> {
    static TRANSPORTS: Mutex<Vec<(ProxySource, Arc<dyn Transport>)>> = Mutex::new(Vec::new());
    let mut transports = TRANSPORTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, transport)) = transports.iter().find(|(source, _)| *source == proxies) {
        return Arc::clone(transport);
    }
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new().through(proxies).on(HTTP_RUNTIME));
    transports.push((proxies, Arc::clone(&transport)));
    transport
}

/// The store, whose changes other processes get where they use it too.
fn announced(storage: &SessionStorage) -> Result<Arc<dyn SecretStore>, SessionError> {
    let store = storage.open()?;
    Ok(match changes_of(storage) {
        Some(changes) => Arc::new(AnnouncedStore::new(store, changes)),
        None => store,
    })
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::adapters::system::SilentLog;
    use crate::protocol::message::HttpRequest;

    /// This thread has no runtime. The core's polls in the same way, and nothing may block it.
    #[test]
    fn requests_do_not_run_where_they_are_polled() {
        let dependencies =
            dependencies(&SessionStorage::Memory, false, ProxySource::System, Arc::new(SilentLog)).unwrap();
        let request = HttpRequest::get("http://127.0.0.1:1/".parse().unwrap(), "*/*");
        assert!(dependencies.transport.send(request).now_or_never().is_none());
    }

    #[test]
    fn sessions_share_the_transport_of_their_way_to_the_network() {
        let of = |proxies| {
            dependencies(&SessionStorage::Memory, false, proxies, Arc::new(SilentLog))
                .unwrap()
                .transport
        };
        assert!(Arc::ptr_eq(&of(ProxySource::System), &of(ProxySource::System)));
        assert!(!Arc::ptr_eq(&of(ProxySource::System), &of(ProxySource::Direct)));
    }
}
