//! The cryptography of TLS on Apple systems: what rustls offers with `ring`, in the same order, with the parts that need
//! P-256, P-384 or RSA by the operating system, and without ChaCha20-Poly1305. Every server of TLS 1.3 has AES-GCM (RFC 8446 9.1), every
//! device has instructions for it, and what no handshake needs would be in every app.
//!
//! Nothing here may name [`rustls::crypto::ring::default_provider`]: with it all of `ring` would be in the app.

use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::crypto::ring::cipher_suite;
use rustls::crypto::{CryptoProvider, GetRandomFailed, SecureRandom};
use rustls::{CipherSuiteCommon, SupportedCipherSuite, Tls13CipherSuite};

use super::no_private_keys::NoPrivateKeys;
use super::system_key_exchange::{SECP256R1, SECP384R1};
use super::system_signatures::ALGORITHMS;
use super::x25519::X25519;

/// The system's and `ring`'s, without the code that reads and signs with private keys, and without QUIC's: they would be
/// in every app, and Pilotlight never presents a certificate and speaks HTTP/1.1.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![
            SupportedCipherSuite::Tls13(&AES_256),
            SupportedCipherSuite::Tls13(&AES_128),
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ],
        kx_groups: vec![&X25519, &SECP256R1, &SECP384R1],
        signature_verification_algorithms: ALGORITHMS,
        secure_random: &Random,
        key_provider: &NoPrivateKeys,
    }
}

static AES_256: Tls13CipherSuite = without_quic(&cipher_suite::TLS13_AES_256_GCM_SHA384);
static AES_128: Tls13CipherSuite = without_quic(&cipher_suite::TLS13_AES_128_GCM_SHA256);

#[allow(clippy::panic, reason = "it is called while the compiler runs, and only there")]
const fn without_quic(suite: &SupportedCipherSuite) -> Tls13CipherSuite {
    let SupportedCipherSuite::Tls13(suite) = suite else {
        panic!("a suite of TLS 1.3")
    };
    Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: suite.common.suite,
            hash_provider: suite.common.hash_provider,
            confidentiality_limit: suite.common.confidentiality_limit,
        },
        hkdf_provider: suite.hkdf_provider,
        aead_alg: suite.aead_alg,
        quic: None,
    }
}

#[derive(Debug)]
struct Random;

impl SecureRandom for Random {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        SystemRandom::new().fill(bytes).map_err(|_| GetRandomFailed)
    }
}
