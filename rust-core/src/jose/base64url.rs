//! Bytes as base64url (RFC 7515 2).

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Decodes a part of a token. No padding, and only one encoding for each sequence of bytes: the decoder rejects stray
/// trailing bits.
pub(super) fn decode(encoded: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(encoded).ok()
}

/// Decodes a number of a key. Against RFC 7515 2, some issuers pad it, use the alphabet of standard base64 (`+`, `/`),
/// or break its lines; the number is the same.
pub(super) fn decode_lenient(encoded: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let plain = encoded.chars().filter(|c| !c.is_ascii_whitespace());
    let plain: String = plain
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect();
    LENIENT.decode(plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_meaning_however_its_base64_is_written() {
        for encoded in ["-_-_AQ", "-_-_AQ==", "+/+/AQ", "+/+/AQ==", "+/+/\r\nAQ=="] {
            assert_eq!(
                decode_lenient(encoded).as_deref(),
                Some(&[0xfb, 0xff, 0xbf, 1][..]),
                "{encoded}"
            );
        }
        for encoded in ["-_-_A", "-_ü", "AQ==AQ", "-_-_AQ==="] {
            assert_eq!(decode_lenient(encoded), None, "{encoded}");
        }
    }

    #[test]
    fn a_token_has_one_spelling() {
        assert_eq!(decode("AQ").as_deref(), Some(&[1][..]));
        for encoded in ["AQ==", "AR", "+/+/", "A Q"] {
            assert_eq!(decode(encoded), None, "{encoded}");
        }
    }
}
