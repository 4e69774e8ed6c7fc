//! AES-GCM (RFC 5116) as TLS 1.2 (RFC 5288) and TLS 1.3 (RFC 8446 5.2) use it.

use pilotlight_aes_gcm::{Key, TAG_BYTES};
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter,
    NONCE_LEN, Nonce, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls12AeadAlgorithm,
    Tls13AeadAlgorithm, UnsupportedOperationError, make_tls12_aad, make_tls13_aad,
};
use rustls::{ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion};

pub(super) static AES_128_GCM: AesGcm = AesGcm { key_bytes: 16 };
pub(super) static AES_256_GCM: AesGcm = AesGcm { key_bytes: 32 };

/// The length of the explicit part of the nonce, which precedes the content in a TLS 1.2 record.
const EXPLICIT_NONCE_BYTES: usize = 8;
const SALT_BYTES: usize = NONCE_LEN - EXPLICIT_NONCE_BYTES;
/// The largest content of one record (RFC 5246 6.2.1).
const LARGEST_FRAGMENT: usize = 1 << 14;

/// AES-GCM with keys of one length.
pub(super) struct AesGcm {
    key_bytes: usize,
}

/// A cipher with its key. `None` for a key of another length, which rustls never passes.
struct Keyed(Option<Key>);

impl Keyed {
    fn new(key: &AeadKey) -> Self {
        Self(Key::new(key.as_ref()))
    }

    fn seal(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], content: &mut [u8]) -> Result<[u8; TAG_BYTES], Error> {
        let key = self.0.as_ref().ok_or(Error::EncryptError)?;
        key.seal(nonce, aad, content).ok_or(Error::EncryptError)
    }

    /// Decrypts `content` in place. Returns its length without the tag.
    fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], content: &mut [u8]) -> Result<usize, Error> {
        let key = self.0.as_ref().ok_or(Error::DecryptError)?;
        let (content, tag) = content.split_last_chunk_mut().ok_or(Error::DecryptError)?;
        key.open(nonce, aad, content, tag).ok_or(Error::DecryptError)?;
        Ok(content.len())
    }
}

impl Tls13AeadAlgorithm for AesGcm {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Tls13(Keyed::new(&key), iv))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(Tls13(Keyed::new(&key), iv))
    }

    fn key_len(&self) -> usize {
        self.key_bytes
    }

    /// Not supported: keys do not leave the connection.
    fn extract_keys(&self, _: AeadKey, _: Iv) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

struct Tls13(Keyed, Iv);

impl MessageEncrypter for Tls13 {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, sequence: u64) -> Result<OutboundOpaqueMessage, Error> {
        let length = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(length);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&message.typ.to_array());
        let nonce = Nonce::new(&self.1, sequence);
        let tag = self.0.seal(&nonce.0, &make_tls13_aad(length), payload.as_mut())?;
        payload.extend_from_slice(&tag);
        // The version in every TLS 1.3 record (RFC 8446 5.1).
        Ok(OutboundOpaqueMessage::new(
            ContentType::ApplicationData,
            ProtocolVersion::TLSv1_2,
            payload,
        ))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        length + 1 + TAG_BYTES
    }
}

impl MessageDecrypter for Tls13 {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        sequence: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let nonce = Nonce::new(&self.1, sequence);
        let aad = make_tls13_aad(message.payload.len());
        let length = self.0.open(&nonce.0, &aad, &mut message.payload)?;
        message.payload.truncate(length);
        message.into_tls13_unpadded_message()
    }
}

impl Tls12AeadAlgorithm for AesGcm {
    fn encrypter(&self, key: AeadKey, salt: &[u8], explicit: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(Tls12Sealing(Keyed::new(&key), Iv::new(joined(salt, explicit))))
    }

    fn decrypter(&self, key: AeadKey, salt: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(Tls12Opening(Keyed::new(&key), salt.try_into().unwrap_or_default()))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape {
            enc_key_len: self.key_bytes,
            fixed_iv_len: SALT_BYTES,
            explicit_nonce_len: EXPLICIT_NONCE_BYTES,
        }
    }

    /// Not supported: keys do not leave the connection.
    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Err(UnsupportedOperationError)
    }
}

struct Tls12Sealing(Keyed, Iv);

impl MessageEncrypter for Tls12Sealing {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, sequence: u64) -> Result<OutboundOpaqueMessage, Error> {
        let content = message.payload.len();
        let mut payload = PrefixedPayload::with_capacity(self.encrypted_payload_len(content));
        let nonce = Nonce::new(&self.1, sequence);
        let (_, explicit) = nonce.0.split_at(SALT_BYTES);
        payload.extend_from_slice(explicit);
        payload.extend_from_chunks(&message.payload);
        let aad = make_tls12_aad(sequence, message.typ, message.version, content);
        let (_, sealed) = payload.as_mut().split_at_mut(EXPLICIT_NONCE_BYTES);
        let tag = self.0.seal(&nonce.0, &aad, sealed)?;
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(message.typ, message.version, payload))
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        EXPLICIT_NONCE_BYTES + length + TAG_BYTES
    }
}

struct Tls12Opening(Keyed, [u8; SALT_BYTES]);

impl MessageDecrypter for Tls12Opening {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        sequence: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let payload = &mut *message.payload;
        let length = payload
            .len()
            .checked_sub(EXPLICIT_NONCE_BYTES + TAG_BYTES)
            .ok_or(Error::DecryptError)?;
        let (explicit, sealed) = payload.split_at_mut(EXPLICIT_NONCE_BYTES);
        let nonce = joined(&self.1, explicit);
        let aad = make_tls12_aad(sequence, message.typ, message.version, length);
        self.0.open(&nonce, &aad, sealed)?;
        if length > LARGEST_FRAGMENT {
            return Err(Error::PeerSentOversizedRecord);
        }
        Ok(message.into_plain_message_range(EXPLICIT_NONCE_BYTES..EXPLICIT_NONCE_BYTES + length))
    }
}

/// The nonce from both its parts (RFC 5288 3).
fn joined(salt: &[u8], explicit: &[u8]) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    let parts = nonce.iter_mut().zip(salt.iter().chain(explicit));
    parts.for_each(|(byte, given)| *byte = *given);
    nonce
}
