//! The cryptography of TLS on Apple systems: what rustls offers with `ring`, in the same order, without
//! ChaCha20-Poly1305 and Ed25519. Hashes, P-256, P-384 and RSA come from the operating system. AES-GCM and X25519,
//! which its C interfaces lack, come from Rust crates. Every TLS 1.3 server supports AES-GCM (RFC 8446 9.1) and every
//! device has instructions for it; anything more would be in every app without being needed for a handshake.

use rustls::crypto::tls12::PrfUsingHmac;
use rustls::crypto::tls13::HkdfUsingHmac;
use rustls::crypto::{
    CipherSuiteCommon, CryptoProvider, GetRandomFailed, KeyExchangeAlgorithm, SecureRandom, WebPkiSupportedAlgorithms,
};
use rustls::{CipherSuite, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite};

use super::aes_gcm::{AES_128_GCM, AES_256_GCM, AesGcm};
use super::no_private_keys::NoPrivateKeys;
use super::system_hashes::{SHA256, SHA384, Sha2};
use super::system_key_exchange::{SECP256R1, SECP384R1};
use super::system_signatures::{ECDSA, RSA};
use super::x25519::X25519;

/// The algorithms of the system and the crates, without code that reads private keys and signs with them: it would be
/// in every app, and Pilotlight never presents a certificate. [`super::system_verifier`] checks certificates, so this
/// provider verifies no signatures.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![
            SupportedCipherSuite::Tls13(&TLS13_AES_256),
            SupportedCipherSuite::Tls13(&TLS13_AES_128),
            SupportedCipherSuite::Tls12(&ECDSA_AES_256),
            SupportedCipherSuite::Tls12(&ECDSA_AES_128),
            SupportedCipherSuite::Tls12(&RSA_AES_256),
            SupportedCipherSuite::Tls12(&RSA_AES_128),
        ],
        kx_groups: vec![&X25519, &SECP256R1, &SECP384R1],
        signature_verification_algorithms: WebPkiSupportedAlgorithms { all: &[], mapping: &[] },
        secure_random: &Random,
        key_provider: &NoPrivateKeys,
    }
}

static TLS13_AES_256: Tls13CipherSuite = tls13(
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    &AES_256_GCM,
    &SHA384,
    &HkdfUsingHmac(&SHA384),
);
static TLS13_AES_128: Tls13CipherSuite = tls13(
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    &AES_128_GCM,
    &SHA256,
    &HkdfUsingHmac(&SHA256),
);

static ECDSA_AES_256: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ECDSA,
    &AES_256_GCM,
    &SHA384,
    &PrfUsingHmac(&SHA384),
);
static ECDSA_AES_128: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ECDSA,
    &AES_128_GCM,
    &SHA256,
    &PrfUsingHmac(&SHA256),
);
static RSA_AES_256: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    RSA,
    &AES_256_GCM,
    &SHA384,
    &PrfUsingHmac(&SHA384),
);
static RSA_AES_128: Tls12CipherSuite = tls12(
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    RSA,
    &AES_128_GCM,
    &SHA256,
    &PrfUsingHmac(&SHA256),
);

const fn tls13(
    suite: CipherSuite,
    aead_alg: &'static AesGcm,
    hash: &'static Sha2,
    hkdf_provider: &'static HkdfUsingHmac<'static>,
) -> Tls13CipherSuite {
    Tls13CipherSuite {
        common: common(suite, hash),
        hkdf_provider,
        aead_alg,
        quic: None,
    }
}

const fn tls12(
    suite: CipherSuite,
    sign: &'static [SignatureScheme],
    aead_alg: &'static AesGcm,
    hash: &'static Sha2,
    prf_provider: &'static PrfUsingHmac<'static>,
) -> Tls12CipherSuite {
    let kx = KeyExchangeAlgorithm::ECDHE;
    Tls12CipherSuite {
        common: common(suite, hash),
        prf_provider,
        kx,
        sign,
        aead_alg,
    }
}

/// After 2^24 records, new keys are required (RFC 8446 5.5).
const fn common(suite: CipherSuite, hash_provider: &'static Sha2) -> CipherSuiteCommon {
    CipherSuiteCommon {
        suite,
        hash_provider,
        confidentiality_limit: 1 << 24,
    }
}

#[derive(Debug)]
struct Random;

impl SecureRandom for Random {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        getrandom::fill(bytes).map_err(|_| GetRandomFailed)
    }
}
