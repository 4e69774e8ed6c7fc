//! Single records, compared with `ring`'s, including some that a rustls server would not send.

use pilotlight_core::adapters::tls;
use rustls::crypto::CryptoProvider;
use rustls::crypto::cipher::{AeadKey, InboundOpaqueMessage, Iv, OutboundChunks, OutboundPlainMessage};
use rustls::crypto::cipher::{MessageDecrypter, MessageEncrypter};
use rustls::crypto::ring;
use rustls::{ContentType, Error, ProtocolVersion, SupportedCipherSuite};

/// The maximum content of a record.
const LARGEST: usize = 1 << 14;

/// Both ends of a connection with AES-256 and a fixed key.
struct Halves {
    sealing: Box<dyn MessageEncrypter>,
    opening: Box<dyn MessageDecrypter>,
}

impl Halves {
    /// For TLS 1.3 and for TLS 1.2.
    fn of(provider: &CryptoProvider) -> [Self; 2] {
        let key = || AeadKey::from([7; 32]);
        let suites = || provider.cipher_suites.iter();
        let is_256 = |suite: &SupportedCipherSuite| format!("{:?}", suite.suite()).contains("AES_256");
        let tls13 = suites()
            .filter(|suite| is_256(suite))
            .find_map(SupportedCipherSuite::tls13);
        let tls12 = suites().filter(|suite| is_256(suite)).find_map(|suite| match suite {
            SupportedCipherSuite::Tls12(suite) => Some(*suite),
            SupportedCipherSuite::Tls13(_) => None,
        });
        let (tls13, tls12) = (tls13.unwrap().aead_alg, tls12.unwrap().aead_alg);
        let shape = tls12.key_block_shape();
        assert_eq!(
            (shape.enc_key_len, shape.fixed_iv_len, shape.explicit_nonce_len),
            (32, 4, 8)
        );
        assert_eq!(tls13.key_len(), 32);
        let iv = || Iv::from([3; 12]);
        [
            Self {
                sealing: tls13.encrypter(key(), iv()),
                opening: tls13.decrypter(key(), iv()),
            },
            Self {
                sealing: tls12.encrypter(key(), &[1; 4], &[2; 8]),
                opening: tls12.decrypter(key(), &[1; 4]),
            },
        ]
    }

    fn sealed(&mut self, content: &[u8], sequence: u64) -> Vec<u8> {
        let message = OutboundPlainMessage {
            typ: ContentType::ApplicationData,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(content),
        };
        let length = self.sealing.encrypted_payload_len(content.len());
        let record = self.sealing.encrypt(message, sequence).unwrap();
        let sealed = record.payload.as_ref();
        assert_eq!(sealed.len(), length);
        sealed.to_vec()
    }

    fn opened(&mut self, sealed: &[u8], sequence: u64) -> Result<Vec<u8>, Error> {
        let mut sealed = sealed.to_vec();
        let message = InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut sealed);
        self.opening
            .decrypt(message, sequence)
            .map(|message| message.payload.to_vec())
    }
}

#[test]
fn a_record_is_that_of_ring_byte_for_byte() {
    let ours = Halves::of(&tls::provider()).into_iter();
    for (mut ours, mut rings) in ours.zip(Halves::of(&ring::default_provider())) {
        for length in (0..100).chain([255, 256, 257, 1000, LARGEST]) {
            let content = vec![0x5a; length];
            for sequence in [0, 1, u64::MAX - 1] {
                let sealed = ours.sealed(&content, sequence);
                assert_eq!(sealed, rings.sealed(&content, sequence), "{length}");
                assert_eq!(ours.opened(&sealed, sequence), Ok(content.clone()), "{length}");
                assert_eq!(ours.opened(&sealed, sequence + 1), Err(Error::DecryptError), "{length}");
            }
        }
    }
}

#[test]
fn a_record_that_holds_too_much_is_refused() {
    for mut halves in Halves::of(&tls::provider()) {
        let sealed = halves.sealed(&[0x5a; LARGEST + 1], 0);
        assert_eq!(halves.opened(&sealed, 0), Err(Error::PeerSentOversizedRecord));
    }
}

#[test]
fn a_record_that_is_too_short_for_its_tag_is_refused() {
    for mut halves in Halves::of(&tls::provider()) {
        let whole = halves.sealed(b"", 0);
        assert!(halves.opened(&whole, 0).is_ok());
        for length in 0..whole.len() {
            assert_eq!(halves.opened(&whole[..length], 0), Err(Error::DecryptError), "{length}");
        }
    }
}
