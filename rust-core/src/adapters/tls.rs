//! TLS: rustls with ring's cryptography, and certificates judged by the operating system.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;

/// How Pilotlight speaks TLS 1.2 and 1.3, as a client without a certificate of its own.
///
/// The cryptography is given explicitly and not installed for the whole process: the app, or another library in it, may
/// use rustls with another provider. On Apple systems each certificate goes through `SecTrustEvaluateWithError`, so
/// that profiles, revocation and the user's own trust settings count as they do for `URLSession`.
///
/// Blocks for some milliseconds on Linux, where it reads the certificates of the authorities from disk. A host that has
/// none trusts nobody: every handshake then fails as with an unknown issuer, while plain HTTP to loopback still works.
pub fn client_config() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let verified = match with_versions(provider.clone())?.with_platform_verifier() {
        Ok(verified) => verified,
        Err(_) => trusting_nobody(with_versions(provider)?),
    };
    let mut config = verified.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn with_versions(provider: Arc<CryptoProvider>) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

fn trusting_nobody(
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    builder.with_root_certificates(RootCertStore::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_1_1_is_offered() {
        assert_eq!(client_config().unwrap().alpn_protocols, vec![b"http/1.1".to_vec()]);
    }

    #[test]
    fn nothing_is_installed_for_the_whole_process() {
        client_config().unwrap();
        assert!(CryptoProvider::get_default().is_none());
    }

    #[test]
    fn a_host_without_certificates_still_gets_a_configuration() {
        trusting_nobody(with_versions(Arc::new(ring::default_provider())).unwrap()).with_no_client_auth();
    }
}
