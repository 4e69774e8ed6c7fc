//! ECDSA: the published example of JWS, and inputs that are close to a valid signature.

use pilotlight_core::crypto::{Curve, Hash, ecdsa};

use crate::support::{EcdsaSigner, from_base64url};

const CURVES: [(Curve, Hash); 2] = [(Curve::P256, Hash::Sha256), (Curve::P384, Hash::Sha384)];

/// RFC 7515 A.3.
#[test]
fn the_example_of_jws_verifies() {
    let x = from_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    let y = from_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    let message = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature =
        from_base64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
    let point = [&[4][..], &x, &y].concat();
    assert!(ecdsa::verify_fixed(
        Curve::P256,
        Hash::Sha256,
        &point,
        message,
        &signature
    ));
    assert!(!ecdsa::verify_fixed(
        Curve::P256,
        Hash::Sha256,
        &point,
        &message[1..],
        &signature
    ));
}

/// With this many signatures, some have a high bit, some have none, and some have leading zeros.
#[test]
fn what_is_signed_verifies_in_both_forms() {
    for (curve, hash) in CURVES {
        let key = EcdsaSigner::new(curve);
        for number in 0..400_u32 {
            let message = number.to_be_bytes();
            let der = key.sign(&message);
            let fixed = fixed(curve, &der);
            assert!(
                ecdsa::verify_asn1(curve, hash, &key.point(), &message, &der),
                "{curve:?} {der:02x?}"
            );
            assert!(
                ecdsa::verify_fixed(curve, hash, &key.point(), &message, &fixed),
                "{curve:?} {fixed:02x?}"
            );
            assert!(!ecdsa::verify_fixed(curve, hash, &key.point(), b"another", &fixed));
        }
    }
}

#[test]
fn numbers_that_are_zero_or_too_large_never_verify() {
    for (curve, hash) in CURVES {
        let (key, message) = (EcdsaSigner::new(curve), b"message");
        let bytes = curve.bytes();
        let right = fixed(curve, &key.sign(message));
        let (zero, one, most) = (vec![0; bytes], number(bytes, 1), vec![0xff; bytes]);
        let order = order(curve);
        for number in [zero, one, most, order] {
            for changed in [
                [&number, &right[bytes..]].concat(),
                [&right[..bytes], &number].concat(),
                [number.clone(), number].concat(),
            ] {
                assert!(!ecdsa::verify_fixed(curve, hash, &key.point(), message, &changed));
            }
        }
    }
}

#[test]
fn only_signatures_of_the_curves_length_are_looked_at() {
    for (curve, hash) in CURVES {
        let (key, message) = (EcdsaSigner::new(curve), b"message");
        let (der, bytes) = (key.sign(message), curve.bytes());
        let right = fixed(curve, &der);
        let (r, s) = right.split_at(bytes);
        for wrong in [
            Vec::new(),
            right[1..].to_vec(),
            right[..2 * bytes - 1].to_vec(),
            [&right[..], &[0]].concat(),
            [&[0], r, &[0], s].concat(),
            [&[0, 0], &right[..]].concat(),
            der.clone(),
        ] {
            assert!(!ecdsa::verify_fixed(curve, hash, &key.point(), message, &wrong));
        }
        for wrong in [
            right,
            [&der[..], &[0]].concat(),
            der[..der.len() - 1].to_vec(),
            Vec::new(),
        ] {
            assert!(!ecdsa::verify_asn1(curve, hash, &key.point(), message, &wrong));
        }
    }
}

#[test]
fn a_key_that_is_no_point_of_the_curve_verifies_nothing() {
    for (curve, hash) in CURVES {
        let (key, message) = (EcdsaSigner::new(curve), b"message");
        let (point, signature) = (key.point(), key.sign(message));
        let mut beside = point.clone();
        *beside.last_mut().unwrap() ^= 1;
        let compressed = [&[2 + (point.last().unwrap() & 1)], &point[1..=curve.bytes()]].concat();
        let other = EcdsaSigner::new(if curve == Curve::P256 { Curve::P384 } else { Curve::P256 });
        for wrong in [
            beside,
            compressed,
            point[1..].to_vec(),
            [&[6], &point[1..]].concat(),
            [&point[..], &[0]].concat(),
            vec![0],
            Vec::new(),
            [&[4][..], &vec![0; 2 * curve.bytes()]].concat(),
            [&[4][..], &vec![0xff; 2 * curve.bytes()]].concat(),
            other.point(),
            EcdsaSigner::new(curve).point(),
        ] {
            assert!(
                !ecdsa::verify_asn1(curve, hash, &wrong, message, &signature),
                "{wrong:02x?}"
            );
        }
        assert!(ecdsa::verify_asn1(curve, hash, &point, message, &signature));
    }
}

#[test]
fn another_hash_does_not_verify() {
    for (curve, hash) in CURVES {
        let (key, message) = (EcdsaSigner::new(curve), b"message");
        let signature = key.sign(message);
        for other in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            let verifies = ecdsa::verify_asn1(curve, other, &key.point(), message, &signature);
            assert_eq!(verifies, other == hash, "{curve:?} {other:?}");
        }
    }
}

/// The two numbers of a DER signature, with leading zeros.
fn fixed(curve: Curve, der: &[u8]) -> Vec<u8> {
    let number = |at: usize| {
        let length = usize::from(der[at + 1]);
        let digits: Vec<u8> = der[at + 2..at + 2 + length].to_vec();
        let digits = digits.strip_prefix(&[0]).unwrap_or(&digits).to_vec();
        (
            [vec![0; curve.bytes() - digits.len()], digits].concat(),
            at + 2 + length,
        )
    };
    let (r, next) = number(2);
    let (s, _) = number(next);
    [r, s].concat()
}

fn number(bytes: usize, value: u8) -> Vec<u8> {
    let mut number = vec![0; bytes];
    number[bytes - 1] = value;
    number
}

fn order(curve: Curve) -> Vec<u8> {
    crate::support::from_hex(match curve {
        Curve::P256 => "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        Curve::P384 => {
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        }
    })
}
