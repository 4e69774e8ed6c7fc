//! An HTTP client for loopback.

use rustls::crypto::ring;

/// A client without TLS and without proxies. In a workspace build, reqwest also has the core's TLS features, and then
/// it refuses to build a client until a cryptographic provider has been chosen for the process.
pub fn plain_http_client() -> reqwest::ClientBuilder {
    // An error means that a provider was chosen before.
    let _ = ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}
