//! TLS handshakes of the core's client with a server made of rustls and `ring`: each kind of certificate, group,
//! version and suite.

use std::sync::Arc;

use pilotlight_core::adapters::tls;
use pilotlight_core::crypto::Curve;
use rcgen::{
    CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256,
};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{
    CertificateError, CipherSuite, ClientConfig, ClientConnection, ConnectionCommon, DigitallySignedStruct, Error,
    NamedGroup, ProtocolVersion, ServerConfig, ServerConnection, SignatureScheme, SupportedCipherSuite,
    SupportedProtocolVersion,
};

use crate::signatures::{self, Version, schemes};
use crate::support::rsa_key_pkcs8;

const CERTIFICATES: [Certificate; 4] = [
    Certificate::Ecdsa(Curve::P256),
    Certificate::Ecdsa(Curve::P384),
    Certificate::Ed25519,
    Certificate::Rsa,
];
const GROUPS: [NamedGroup; 3] = [NamedGroup::X25519, NamedGroup::secp256r1, NamedGroup::secp384r1];
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

#[test]
fn every_kind_of_certificate_group_and_version_comes_to_a_connection() {
    for certificate in CERTIFICATES.into_iter().filter(|one| one.is_offered()) {
        for group in GROUPS {
            for version in VERSIONS {
                let server = server(certified(certificate, certificate), group, version);
                let outcome = handshake(server);
                let expected = (version.version, group);
                assert_eq!(outcome, Ok(expected), "{certificate:?}");
            }
        }
    }
}

/// More than one record, and none, in both directions.
#[test]
fn every_suite_carries_what_is_sent() {
    for suite in tls::provider().cipher_suites {
        let suite = suite.suite();
        let (mut server, mut client) = (server_of(suite), client());
        shake_hands(&mut client, &mut server).unwrap();
        assert_eq!(client.negotiated_cipher_suite().unwrap().suite(), suite);
        for length in [0, 1, 15, 16, 17, 255, 256, 16_384, 16_385, 50_000] {
            let sent: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
            assert_eq!(carried(&mut client, &mut server, &sent), sent, "{suite:?}");
            assert_eq!(carried(&mut server, &mut client, &sent), sent, "{suite:?}");
        }
    }
}

/// Each byte of a record is changed once, and one record is too short.
#[test]
fn a_record_that_was_changed_on_the_way_is_refused() {
    for suite in tls::provider().cipher_suites {
        let suite = suite.suite();
        let changed = |change: &dyn Fn(&mut Vec<u8>)| {
            let (mut server, mut client) = (server_of(suite), client());
            shake_hands(&mut client, &mut server).unwrap();
            transfer_to_client(&mut server, &mut client).unwrap();
            std::io::Write::write_all(&mut server.writer(), b"answer").unwrap();
            let mut record = Vec::new();
            server.write_tls(&mut record).unwrap();
            change(&mut record);
            client.read_tls(&mut &record[..]).unwrap();
            client
                .process_new_packets()
                .map(|state| state.plaintext_bytes_to_read())
        };
        assert_eq!(changed(&|_| ()), Ok(6));
        let length = {
            let length = std::cell::Cell::new(0);
            changed(&|record| length.set(record.len())).unwrap();
            length.get()
        };
        for place in 5..length {
            let outcome = changed(&|record| record[place] ^= 1);
            assert_eq!(outcome, Err(Error::DecryptError), "{suite:?}, {place}");
        }
        for content in 0..length - 5 {
            let outcome = changed(&|record| {
                record.truncate(5 + content);
                record[4] = content as u8;
            });
            assert!(outcome.is_err(), "{suite:?}, {content}");
        }
    }
}

/// The certificate belongs to one key, and the handshake is signed with another of the same kind.
#[test]
fn a_handshake_that_another_key_signed_is_refused() {
    for certificate in [
        Certificate::Ecdsa(Curve::P256),
        Certificate::Ecdsa(Curve::P384),
        Certificate::Ed25519,
    ]
    .into_iter()
    .filter(|certificate| certificate.is_offered())
    {
        for version in VERSIONS {
            let (published, other) = (certified(certificate, certificate), certified(certificate, certificate));
            let mixed = CertifiedKey::new(published.cert.clone(), other.key.clone());
            let outcome = handshake(server(Arc::new(mixed), NamedGroup::X25519, version));
            let expected = Error::InvalidCertificate(CertificateError::BadSignature);
            assert_eq!(outcome, Err(expected), "{certificate:?}");
        }
    }
}

/// A signature of another kind than the certificate's key.
#[test]
fn a_signature_of_another_kind_than_the_key_is_refused() {
    for version in VERSIONS {
        let (ecdsa, rsa) = (Certificate::Ecdsa(Curve::P256), Certificate::Rsa);
        for (published, signing) in [(ecdsa, rsa), (rsa, ecdsa)] {
            let outcome = handshake(server(certified(published, signing), NamedGroup::X25519, version));
            assert!(outcome.is_err(), "{published:?} {signing:?}");
        }
    }
}

#[test]
fn the_same_is_offered_as_by_ring_in_the_same_order_but_chacha20() {
    let (ours, mut rings) = (tls::provider(), ring::default_provider());
    let is_chacha20 = |suite: &SupportedCipherSuite| format!("{:?}", suite.suite()).contains("CHACHA20");
    rings.cipher_suites.retain(|suite| !is_chacha20(suite));
    assert_eq!(rings.cipher_suites.len(), 6);
    let suites = |provider: &CryptoProvider| {
        let suites = provider.cipher_suites.iter();
        suites.map(|suite| suite.suite()).collect::<Vec<_>>()
    };
    let groups = |provider: &CryptoProvider| {
        let groups = provider.kx_groups.iter();
        groups.map(|group| group.name()).collect::<Vec<_>>()
    };
    assert_eq!(suites(&ours), suites(&rings));
    assert_eq!(groups(&ours), groups(&rings));
    let known = rings.signature_verification_algorithms.supported_schemes();
    // On Apple systems Ed25519 is missing, because the system has no keys of that kind (docs/adr/0017).
    let is_missing =
        |scheme: &SignatureScheme| !Certificate::Ed25519.is_offered() && *scheme == SignatureScheme::ED25519;
    let expected: Vec<_> = known.into_iter().filter(|scheme| !is_missing(scheme)).collect();
    assert_eq!(schemes(), expected);
}

#[test]
fn no_private_key_is_read_and_random_bytes_differ() {
    let provider = tls::provider();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(rsa_key_pkcs8()));
    assert!(provider.key_provider.load_private_key(key).is_err());
    let (mut one, mut other) = ([0; 32], [0; 32]);
    provider.secure_random.fill(&mut one).unwrap();
    provider.secure_random.fill(&mut other).unwrap();
    assert_ne!(one, other);
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Certificate {
    Ecdsa(Curve),
    Ed25519,
    Rsa,
}

impl Certificate {
    /// Whether the client announces that it verifies these signatures.
    fn is_offered(self) -> bool {
        !matches!(self, Self::Ed25519) || schemes().contains(&SignatureScheme::ED25519)
    }

    fn key(self) -> KeyPair {
        match self {
            Self::Ecdsa(Curve::P256) => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            Self::Ecdsa(Curve::P384) => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap(),
            Self::Ed25519 => KeyPair::generate_for(&PKCS_ED25519).unwrap(),
            Self::Rsa => {
                let key = PrivatePkcs8KeyDer::from(rsa_key_pkcs8());
                KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_RSA_SHA256).unwrap()
            }
        }
    }
}

/// A certificate of one kind with a signing key of one kind; if both are the same, the key belongs to the certificate.
pub(crate) fn certified(published: Certificate, signing: Certificate) -> Arc<CertifiedKey> {
    let key = published.key();
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .unwrap()
        .self_signed(&key);
    let signing = if std::mem::discriminant(&published) == std::mem::discriminant(&signing) {
        key
    } else {
        signing.key()
    };
    let signing = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing.serialize_der()));
    let signing = ring::sign::any_supported_type(&signing).unwrap();
    Arc::new(CertifiedKey::new(vec![certificate.unwrap().der().clone()], signing))
}

fn server(key: Arc<CertifiedKey>, group: NamedGroup, version: &'static SupportedProtocolVersion) -> ServerConnection {
    let mut provider = ring::default_provider();
    provider.kx_groups.retain(|one| one.name() == group);
    server_by(provider, key, &[version])
}

/// A server that supports no other suite.
fn server_of(suite: CipherSuite) -> ServerConnection {
    let mut provider = ring::default_provider();
    provider.cipher_suites.retain(|one| one.suite() == suite);
    let versions: Vec<_> = provider
        .cipher_suites
        .iter()
        .map(SupportedCipherSuite::version)
        .collect();
    let is_for_rsa = suite.as_str().unwrap().contains("_RSA_");
    let certificate = if is_for_rsa {
        Certificate::Rsa
    } else {
        Certificate::Ecdsa(Curve::P256)
    };
    server_by(provider, certified(certificate, certificate), &versions)
}

fn server_by(
    provider: CryptoProvider,
    key: Arc<CertifiedKey>,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConnection {
    let builder = ServerConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_protocol_versions(versions).unwrap().with_no_client_auth();
    let key: Arc<dyn ResolvesServerCert> = Arc::new(SingleCertAndKey::from(key));
    ServerConnection::new(Arc::new(builder.with_cert_resolver(key))).unwrap()
}

fn client() -> ClientConnection {
    let builder = ClientConfig::builder_with_provider(Arc::new(tls::provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().dangerous();
    let config = builder
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap()
}

/// The version and the group of the connection after bytes went in both directions, or the client's error.
fn handshake(mut server: ServerConnection) -> Result<(ProtocolVersion, NamedGroup), Error> {
    let mut client = client();
    shake_hands(&mut client, &mut server)?;
    std::io::Write::write_all(&mut client.writer(), b"request").unwrap();
    transfer_to_server(&mut client, &mut server);
    assert_eq!(read(&mut server.reader(), 7), b"request");
    let group = client.negotiated_key_exchange_group().unwrap().name();
    Ok((client.protocol_version().unwrap(), group))
}

fn shake_hands(client: &mut ClientConnection, server: &mut ServerConnection) -> Result<(), Error> {
    while client.is_handshaking() || server.is_handshaking() {
        transfer_to_server(client, server);
        transfer_to_client(server, client)?;
    }
    Ok(())
}

/// The bytes that arrive when `sent` is sent.
fn carried<A, B>(from: &mut ConnectionCommon<A>, to: &mut ConnectionCommon<B>, sent: &[u8]) -> Vec<u8> {
    std::io::Write::write_all(&mut from.writer(), sent).unwrap();
    let (mut bytes, mut arrived) = (Vec::new(), Vec::new());
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    let mut bytes = &bytes[..];
    while !bytes.is_empty() {
        to.read_tls(&mut bytes).unwrap();
        let length = to.process_new_packets().unwrap().plaintext_bytes_to_read();
        arrived.extend(read(&mut to.reader(), length));
    }
    arrived
}

fn read(reader: &mut impl std::io::Read, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).unwrap();
    bytes
}

fn transfer_to_server(client: &mut ClientConnection, server: &mut ServerConnection) {
    let mut bytes = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut bytes).unwrap();
    }
    let mut bytes = &bytes[..];
    while !bytes.is_empty() {
        server.read_tls(&mut bytes).unwrap();
        // The client's alert, if it refused.
        let _ = server.process_new_packets();
    }
}

fn transfer_to_client(server: &mut ServerConnection, client: &mut ClientConnection) -> Result<(), Error> {
    let mut bytes = Vec::new();
    while server.wants_write() {
        server.write_tls(&mut bytes).unwrap();
    }
    assert!(
        !bytes.is_empty() || client.wants_write() || !client.is_handshaking(),
        "both wait"
    );
    let mut bytes = &bytes[..];
    while !bytes.is_empty() {
        client.read_tls(&mut bytes).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

/// Evaluates no certificates, and verifies the handshake's signature like the core's verifier.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signatures::verify(Version::Tls12, message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signatures::verify(Version::Tls13, message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes()
    }
}
