//! AES-GCM (RFC 5116) with `aes-gcm`, as functions that are not generic. So the code is compiled here, for speed, and
//! not in the crate that uses it, for size, where it would take 15 times as long (docs/adr/0017).

use aes::{Aes128Enc, Aes256Enc};
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::U12;
use aes_gcm::{AesGcm, KeyInit as _};

/// The length of a nonce.
pub const NONCE_BYTES: usize = 12;
/// The length of a tag.
pub const TAG_BYTES: usize = 16;

/// A key of 16 or 32 bytes, ready for use. It is wiped when it is dropped.
pub struct Key(Cipher);

enum Cipher {
    Aes128(AesGcm<Aes128Enc, U12>),
    Aes256(AesGcm<Aes256Enc, U12>),
}

impl Key {
    /// `None` for a key of another length.
    pub fn new(key: &[u8]) -> Option<Self> {
        let cipher = match key.len() {
            16 => Cipher::Aes128(AesGcm::new_from_slice(key).ok()?),
            32 => Cipher::Aes256(AesGcm::new_from_slice(key).ok()?),
            _ => return None,
        };
        Some(Self(cipher))
    }

    /// Encrypts `content` in place, and returns its tag. A nonce must be used only once. `None` for more than 64 GB.
    pub fn seal(&self, nonce: &[u8; NONCE_BYTES], aad: &[u8], content: &mut [u8]) -> Option<[u8; TAG_BYTES]> {
        let tag = match &self.0 {
            Cipher::Aes128(cipher) => cipher.encrypt_inout_detached(nonce.into(), aad, content.into()),
            Cipher::Aes256(cipher) => cipher.encrypt_inout_detached(nonce.into(), aad, content.into()),
        };
        tag.ok().map(Into::into)
    }

    /// Decrypts `content` in place. If the tag is not that of the content, returns `None` and leaves everything as it
    /// was.
    pub fn open(&self, nonce: &[u8; NONCE_BYTES], aad: &[u8], content: &mut [u8], tag: &[u8; TAG_BYTES]) -> Option<()> {
        let opened = match &self.0 {
            Cipher::Aes128(cipher) => cipher.decrypt_inout_detached(nonce.into(), aad, content.into(), tag.into()),
            Cipher::Aes256(cipher) => cipher.decrypt_inout_detached(nonce.into(), aad, content.into(), tag.into()),
        };
        opened.ok()
    }
}

/// Shows nothing of the key.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The GCM specification (McGrew and Viega), test cases 4 and 16: the same content with a key of each length.
    #[test]
    fn the_specifications_examples() {
        let key = from_hex("feffe9928665731c6d6a8f9467308308");
        let content = from_hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let aad = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let nonce = from_hex("cafebabefacedbaddecaf888").try_into().unwrap();
        for (key, expected, tag) in [
            (
                key.clone(),
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
                "5bc94fbc3221a5db94fae95ae7121a47",
            ),
            (
                [&key[..], &key].concat(),
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
                "76fc6ece0f4e1768cddf8853bb2d551b",
            ),
        ] {
            let (key, mut bytes) = (Key::new(&key).unwrap(), content.clone());
            let found = key.seal(&nonce, &aad, &mut bytes).unwrap();
            assert_eq!((bytes.clone(), found.to_vec()), (from_hex(expected), from_hex(tag)));
            assert_eq!(key.open(&nonce, &aad, &mut bytes, &found), Some(()));
            assert_eq!(bytes, content);
        }
    }

    #[test]
    fn what_was_changed_is_not_opened_and_stays_as_it_is() {
        let key = Key::new(&[7; 32]).unwrap();
        let (nonce, mut sealed) = ([1; NONCE_BYTES], b"content".to_vec());
        let tag = key.seal(&nonce, b"aad", &mut sealed).unwrap();
        let refused = |nonce: &[u8; NONCE_BYTES], aad: &[u8], sealed: &[u8], tag: &[u8; TAG_BYTES]| {
            let mut bytes = sealed.to_vec();
            key.open(nonce, aad, &mut bytes, tag).is_none() && bytes == sealed
        };
        let (mut other_tag, mut other) = (tag, sealed.clone());
        (other_tag[15], other[0]) = (tag[15] ^ 1, sealed[0] ^ 1);
        assert!(refused(&nonce, b"aad", &sealed, &other_tag));
        assert!(refused(&nonce, b"aad", &other, &tag));
        assert!(refused(&nonce, b"", &sealed, &tag));
        assert!(refused(&[2; NONCE_BYTES], b"aad", &sealed, &tag));
        assert!(!refused(&nonce, b"aad", &sealed, &tag));
    }

    #[test]
    fn a_key_has_one_of_two_lengths_and_is_not_shown() {
        for length in [0, 15, 17, 24, 31, 33] {
            assert!(Key::new(&vec![0; length]).is_none());
        }
        assert_eq!(format!("{:?}", Key::new(&[0; 16])), "Some([redacted])");
    }

    fn from_hex(text: &str) -> Vec<u8> {
        let digit = |place| u8::from_str_radix(&text[place..place + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(digit).collect()
    }
}
