//! RSA (RFC 8017): which keys and signatures are accepted for verification.

use super::algorithm::{Hash, Padding};
use super::backend;
use super::der;

/// 2048 to 8192 bits, in whole bytes (RFC 7518 3.3 has the lower bound).
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// Larger exponents are slow to verify with, and nobody uses them.
const LARGEST_EXPONENT: u64 = (1 << 33) - 1;

/// A public key in PKCS #1 form (`RSAPublicKey`, RFC 8017 A.1.1), made from its two numbers. `None` if one is zero or
/// far too long. The other bounds are checked together with a signature.
pub fn public_key(modulus: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    der::write_pair(modulus, exponent)
}

/// Whether a modulus, which may have leading zeros, has fewer than 2048 bits.
pub fn is_too_short(modulus: &[u8]) -> bool {
    der::without_zeros(modulus).len() < *MODULUS_BYTES.start()
}

/// Whether the key `public_key` made `signature` over `message`. The key must be in PKCS #1 form, and have 2048 to 8192
/// bits and an odd exponent from 3 to 2^33 - 1.
pub fn verify(padding: Padding, hash: Hash, public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    der::read_pair(public_key).is_some_and(|(modulus, exponent)| {
        is_acceptable(modulus, exponent)
            // RFC 8017 8.1.2 and 8.2.2, step 1. Not every backend checks it.
            && signature.len() == modulus.len()
            && backend::verify_rsa(padding, hash, public_key, message, signature)
    })
}

fn is_acceptable(modulus: &[u8], exponent: &[u8]) -> bool {
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    let exponent_is_small = exponent.len() <= 5 && (3..=LARGEST_EXPONENT).contains(&number(exponent));
    MODULUS_BYTES.contains(&modulus.len()) && is_odd(modulus) && is_odd(exponent) && exponent_is_small
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_keys_are_exact() {
        let modulus = |bytes: usize, last: u8| [vec![0x80; bytes - 1], vec![last]].concat();
        for (bytes, last, exponent, acceptable) in [
            (256, 1, &[1, 0, 1][..], true),
            (1024, 1, &[1, 0, 1], true),
            (255, 1, &[1, 0, 1], false),
            (1025, 1, &[1, 0, 1], false),
            (256, 2, &[1, 0, 1], false),
            (256, 1, &[3], true),
            (256, 1, &[1], false),
            (256, 1, &[4], false),
            (256, 1, &[0x01, 0xff, 0xff, 0xff, 0xff], true),
            (256, 1, &[0x02, 0x00, 0x00, 0x00, 0x01], false),
            (256, 1, &[1, 0, 0, 0, 0, 1], false),
        ] {
            assert_eq!(
                is_acceptable(&modulus(bytes, last), exponent),
                acceptable,
                "{bytes} bytes, exponent {exponent:02x?}"
            );
        }
    }
}
