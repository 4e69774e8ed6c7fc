//! An HTTP client for loopback.

use rustls::crypto::ring;

/// A client without TLS and without proxies. In a workspace build reqwest has the core's TLS features as well, and with
/// those it refuses to build a client until somebody has chosen the process's cryptography.
pub fn plain_http_client() -> reqwest::ClientBuilder {
    // An error means that it was chosen before.
    let _ = ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}
