//! The HTTP client that a session's requests go through.

use std::sync::Arc;

use super::error::SessionError;
use crate::adapters::app_transport::{AppHttpTransport, AppTransport};
use crate::adapters::proxy::ProxySource;
use crate::ports::Transport;

/// The HTTP client that sends a session's requests.
#[derive(Clone, Debug, uniffi::Enum)]
pub enum SessionNetwork {
    /// The core's own HTTP client.
    Core {
        /// The source of the proxies for its connections.
        proxies: ProxySource,
    },
    /// The app's HTTP client. It sees everything that is sent and received, including the refresh token.
    App {
        /// The client.
        transport: Arc<dyn AppTransport>,
    },
}

/// Whether this build of the core has its own HTTP client. If not, every session needs one of the app's.
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

    /// The client's name, for the error about two different ones.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Core { .. } => "Pilotlight's own HTTP client",
            Self::App { .. } => "URLSession",
        }
    }
}

/// One client for all sessions of the process with the same proxies. They share connections, TLS session state and the
/// setup of the first request.
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
