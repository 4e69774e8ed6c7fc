//! ECDSA (FIPS 186-5, 6): which points and signatures are accepted for verification.

use super::algorithm::{Curve, Hash};
use super::backend;
use super::der;

/// Whether `point` has the form of an uncompressed point of the curve (SEC 1, 2.3.3), the only form that JWK and TLS
/// 1.3 allow. Whether it is on the curve is checked together with a signature.
pub fn has_form_of_point(curve: Curve, point: &[u8]) -> bool {
    point.first() == Some(&4) && point.len() == 1 + 2 * curve.bytes()
}

/// Whether the key `point` made `signature` over `message`. The signature is r followed by s, each as long as the
/// curve's coordinates (RFC 7518 3.4).
pub fn verify_fixed(curve: Curve, hash: Hash, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    signature.len() == 2 * curve.bytes()
        && signature
            .split_at_checked(curve.bytes())
            .is_some_and(|(r, s)| verify(curve, hash, point, message, r, s))
}

/// The same for a signature in DER (RFC 3279 2.2.3).
pub fn verify_asn1(curve: Curve, hash: Hash, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    der::read_pair(signature).is_some_and(|(r, s)| verify(curve, hash, point, message, r, s))
}

fn verify(curve: Curve, hash: Hash, point: &[u8], message: &[u8], r: &[u8], s: &[u8]) -> bool {
    [r, s].into_iter().all(|number| is_below_order(curve, number))
        && has_form_of_point(curve, point)
        // None if one of them is zero.
        && der::write_pair(r, s).is_some_and(|signature| backend::verify_ecdsa(curve, hash, point, message, &signature))
}

/// FIPS 186-5, 6.4.2, step 1. Backends check this too; here it is the same on every system.
fn is_below_order(curve: Curve, number: &[u8]) -> bool {
    let (digits, order) = (der::without_zeros(number), order(curve));
    (digits.len(), digits) < (order.len(), order)
}

/// The order of the base point (SP 800-186, 3.2.1).
fn order(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &P256_ORDER,
        Curve::P384 => &P384_ORDER,
    }
}

const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
const P384_ORDER: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0,
    0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];
