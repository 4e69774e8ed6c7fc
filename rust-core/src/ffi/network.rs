//! Whose HTTP client a session's requests go through.

use std::sync::Arc;

use super::error::SessionError;
use crate::adapters::app_transport::{AppHttpTransport, AppTransport};
use crate::adapters::proxy::ProxySource;
use crate::ports::Transport;

/// What sends a session's requests.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum SessionNetwork {
    /// The core's own HTTP client.
    Core {
        /// For its connections.
        proxies: ProxySource,
    },
    /// The app's, which sees all that is sent and received, the refresh token included.
    App {
        /// It.
        transport: Arc<dyn AppTransport>,
    },
}

/// Whether this build of the core has its own HTTP client; else every session needs the app's.
#[uniffi::export]
pub fn core_has_http_client() -> bool {
    cfg!(feature = "http-client")
}

impl SessionNetwork {
    pub(super) fn transport(&self) -> Result<Arc<dyn Transport>, SessionError> {
        match self {
            Self::App { transport } => Ok(Arc::new(AppHttpTransport::new(Arc::clone(transport)))),
            #[cfg(feature = "http-client")]
            Self::Core { proxies } => Ok(core_transport(*proxies)),
            #[cfg(not(feature = "http-client"))]
            Self::Core { .. } => Err(no_core_transport()),
        }
    }

    /// In words, for the error about two that differ.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Core { .. } => "Pilotlight's own HTTP client",
            Self::App { .. } => "URLSession",
        }
    }
}

/// One for all sessions of the process, for each way to the network: they share connections, the memory of TLS and what the
/// first request makes.
#[cfg(feature = "http-client")]
fn core_transport(proxies: ProxySource) -> Arc<dyn Transport> {
    use std::sync::{Mutex, PoisonError};

    use super::runtime::HTTP_RUNTIME;
    use crate::adapters::http::HttpTransport;

    static TRANSPORTS: Mutex<Vec<(ProxySource, Arc<dyn Transport>)>> = Mutex::new(Vec::new());
    let mut transports = TRANSPORTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, transport)) = transports.iter().find(|(source, _)| *source == proxies) {
        return Arc::clone(transport);
    }
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new().through(proxies).on(HTTP_RUNTIME));
    transports.push((proxies, Arc::clone(&transport)));
    transport
}

#[cfg(not(feature = "http-client"))]
fn no_core_transport() -> SessionError {
    SessionError::from(crate::machine::error::Error::Configuration {
        field: "transport",
        problem: "is missing: this build of Pilotlight was made without its own HTTP client".to_owned(),
    })
}
