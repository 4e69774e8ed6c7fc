//! TLS with rustls. The operating system evaluates the certificates. On Apple systems most of the cryptography is the
//! system's too, elsewhere it is `ring`'s (docs/adr/0017).

#[cfg(target_vendor = "apple")]
mod aes_gcm;
mod no_private_keys;
#[cfg(target_vendor = "apple")]
mod system_hashes;
#[cfg(target_vendor = "apple")]
mod system_key_exchange;
#[cfg(target_vendor = "apple")]
mod system_provider;
#[cfg(target_vendor = "apple")]
pub mod system_signatures;
#[cfg(target_vendor = "apple")]
mod system_verifier;
#[cfg(target_vendor = "apple")]
mod x25519;

use std::sync::Arc;

#[cfg(any(test, not(target_vendor = "apple")))]
use rustls::RootCertStore;
#[cfg(any(test, not(target_vendor = "apple")))]
use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, ConfigBuilder, WantsVerifier};
use rustls_platform_verifier::Verifier;

#[cfg(target_vendor = "apple")]
pub use system_provider::provider;
#[cfg(target_vendor = "apple")]
use system_verifier::SystemVerifier;

/// The configuration for TLS 1.2 and 1.3, as a client without a certificate.
///
/// The cryptography is passed explicitly and not installed for the whole process: the app, or another library in it,
/// may use rustls with another provider. On Apple systems each certificate is evaluated by `SecTrustEvaluateWithError`,
/// so that profiles, revocation and the user's own trust settings apply as they do for `URLSession`.
///
/// Blocks for some milliseconds on Linux, where it reads the certificates of the authorities from disk. A host that has
/// none trusts no server: every handshake then fails as with an unknown issuer, while plain HTTP to loopback still
/// works.
pub fn client_config() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(provider());
    let verified = match Verifier::new(provider.clone()) {
        Ok(verifier) => with_versions(provider)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(whole(verifier))),
        // Apple's verifier reads nothing when it is made, so a fallback verifier would be useless code in every app.
        #[cfg(target_vendor = "apple")]
        Err(error) => return Err(error),
        #[cfg(not(target_vendor = "apple"))]
        Err(_) => trusting_nobody(with_versions(provider)?),
    };
    let mut config = verified.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The verifier, with the verification of handshake signatures added.
#[cfg(target_vendor = "apple")]
fn whole(verifier: Verifier) -> SystemVerifier {
    SystemVerifier(verifier)
}

/// The verifier, which verifies handshake signatures itself with the provider.
#[cfg(not(target_vendor = "apple"))]
fn whole(verifier: Verifier) -> Verifier {
    verifier
}

/// `ring`'s provider, restricted to the suites that Apple systems have here, and likewise without code that reads
/// private keys and signs with them.
#[cfg(not(target_vendor = "apple"))]
pub fn provider() -> CryptoProvider {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.retain(|suite| {
        let name = suite.suite().as_str().unwrap_or_default();
        !name.contains("CHACHA20")
    });
    provider.key_provider = &no_private_keys::NoPrivateKeys;
    provider
}

fn with_versions(provider: Arc<CryptoProvider>) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

#[cfg(any(test, not(target_vendor = "apple")))]
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
        trusting_nobody(with_versions(Arc::new(provider())).unwrap()).with_no_client_auth();
    }
}
