//! RSA: the published example of JWS, every algorithm, and keys and signatures that are refused before verification.

use pilotlight_core::crypto::{Hash, Padding, rsa};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaKeyPair,
};

use crate::support::{from_base64url, from_hex, rsa_key};

/// RFC 7515 A.2.
#[test]
fn the_example_of_jws_verifies() {
    let modulus = from_base64url(concat!(
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-",
        "pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2Ca",
        "pHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb5",
        "4h4FRWyuXpoQ",
    ));
    let message = b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature = from_base64url(concat!(
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr",
        "7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--x",
        "i12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_Ioy",
        "pGlUPQGe77Rw",
    ));
    let key = rsa::public_key(&modulus, &[1, 0, 1]).unwrap();
    assert!(rsa::verify(Padding::Pkcs1, Hash::Sha256, &key, message, &signature));
    assert!(!rsa::verify(
        Padding::Pkcs1,
        Hash::Sha256,
        &key,
        &message[1..],
        &signature
    ));
}

const ALGORITHMS: [(Padding, Hash, &dyn RsaEncoding); 6] = [
    (Padding::Pkcs1, Hash::Sha256, &RSA_PKCS1_SHA256),
    (Padding::Pkcs1, Hash::Sha384, &RSA_PKCS1_SHA384),
    (Padding::Pkcs1, Hash::Sha512, &RSA_PKCS1_SHA512),
    (Padding::Pss, Hash::Sha256, &RSA_PSS_SHA256),
    (Padding::Pss, Hash::Sha384, &RSA_PSS_SHA384),
    (Padding::Pss, Hash::Sha512, &RSA_PSS_SHA512),
];

#[test]
fn a_signature_verifies_by_its_own_algorithm_alone() {
    let pair = rsa_key();
    let key = public_key(&pair);
    for (signed_padding, signed_hash, encoding) in ALGORITHMS {
        let signature = sign(&pair, encoding);
        for (padding, hash, _) in ALGORITHMS {
            let verifies = rsa::verify(padding, hash, &key, MESSAGE, &signature);
            let is_its_own = padding == signed_padding && hash == signed_hash;
            assert_eq!(
                verifies, is_its_own,
                "{signed_padding:?} {signed_hash:?} as {padding:?} {hash:?}"
            );
        }
    }
}

/// Leading zeros do not change the number, and neither does adding the modulus to it.
#[test]
fn only_signatures_of_the_keys_length_are_looked_at() {
    let pair = rsa_key();
    let key = public_key(&pair);
    for (padding, hash, encoding) in ALGORITHMS {
        let right = sign(&pair, encoding);
        for wrong in [
            [&[0], &right[..]].concat(),
            [&[0; 8], &right[..]].concat(),
            [&right[..], &[0]].concat(),
            right[1..].to_vec(),
            vec![0; right.len()],
            vec![1; right.len()],
            vec![0xff; right.len()],
            PublicKeyComponents::<Vec<u8>>::from(pair.public()).n,
            Vec::new(),
        ] {
            assert!(
                !rsa::verify(padding, hash, &key, MESSAGE, &wrong),
                "{padding:?} {hash:?}"
            );
        }
        assert!(rsa::verify(padding, hash, &key, MESSAGE, &right));
    }
}

/// Each of these keys verifies the signature; they are refused for other reasons.
#[test]
fn keys_out_of_bounds_verify_nothing() {
    for (key, signature) in [SHORT, LARGE_EXPONENT] {
        assert!(!rsa::verify(
            Padding::Pkcs1,
            Hash::Sha256,
            &from_hex(key),
            MESSAGE,
            &from_hex(signature)
        ));
    }
}

#[test]
fn a_key_of_another_form_verifies_nothing() {
    let pair = rsa_key();
    let (right, signature) = (public_key(&pair), sign(&pair, &RSA_PKCS1_SHA256));
    let components = PublicKeyComponents::<Vec<u8>>::from(pair.public());
    let even = [&components.n[..255], &[components.n[255] & 0xfe]].concat();
    for wrong in [
        right[1..].to_vec(),
        right[..right.len() - 1].to_vec(),
        [&right[..], &[0]].concat(),
        components.n.clone(),
        Vec::new(),
        rsa::public_key(&even, &components.e).unwrap(),
        rsa::public_key(&components.n, &[1]).unwrap(),
        rsa::public_key(&components.n, &[2]).unwrap(),
        rsa::public_key(&components.n, &[3]).unwrap(),
        rsa::public_key(&components.n, &[1; 6]).unwrap(),
        rsa::public_key(&components.n, &components.n).unwrap(),
    ] {
        assert!(!rsa::verify(Padding::Pkcs1, Hash::Sha256, &wrong, MESSAGE, &signature));
    }
    assert_eq!(rsa::public_key(&[0], &components.e), None);
    assert_eq!(rsa::public_key(&components.n, &[]), None);
    assert!(rsa::is_too_short(&[&[0], &components.n[1..]].concat()));
    assert!(!rsa::is_too_short(&[&[0], &components.n[..]].concat()));
}

const MESSAGE: &[u8] = b"message";

fn public_key(pair: &RsaKeyPair) -> Vec<u8> {
    let components = PublicKeyComponents::<Vec<u8>>::from(pair.public());
    rsa::public_key(&components.n, &components.e).unwrap()
}

fn sign(pair: &RsaKeyPair, encoding: &'static dyn RsaEncoding) -> Vec<u8> {
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), MESSAGE, &mut signature)
        .unwrap();
    signature
}

/// A key of 1024 bits, and its signature, made with OpenSSL.
const SHORT: (&str, &str) = (
    concat!(
        "30818902818100d2602552c01fd1278dee54fc4cf66a7467766cbdfaf072b5b89c3b565a49e230fdb5aac245e5c06fe13552",
        "d51bb35c9db27259270e6cba6c7bd3adc0e9e7ba5e1fc8887bb07bb9d141e8a4de9df4c093a5fd6117b5903de4a6f2959466",
        "0c132d439d25aaeef09ee286081cee2c38da31d01b0cc3da84a88b4c0865c30a483d590203010001",
    ),
    concat!(
        "1e4259b63353e9abf80f604d042e602a37ffd9a4ecbaefbc23fc7c3507e9f1004c13db5f982bc454d5c19387837d21992038",
        "460ee69f65166958451e4ebb08d7f626f62b8dc6a7b040b33ada8fe9282991067c970d5d3b2d6dfc5ed96b199c006bd2d3c7",
        "eabdad89d885c9e7d290f4bac453828061459276cd28cd04695bc576",
    ),
);

/// A key with the exponent 2^33 + 1, and its signature, made with OpenSSL.
const LARGE_EXPONENT: (&str, &str) = (
    concat!(
        "3082010c0282010100f0acd7f7abcdb8e9fc10b1c361eb081d448301ad37db262d0177876ea5da739f29471f29f0a8fb6551",
        "ef1c82a48b9145d3df18a35b93f6d06edd6ac458027a9ad8ad02f4b8e2a0d46a60304cdcdc35e212146ce44509242c49fd10",
        "2a64e8c14ac32b5a8d24a442221c09df7d074a9e7e90b65e68a816f5909e39ec27069b3605f702e7f75fc9754983d8e44ac8",
        "41015d48250cad9ab165be00d512b7c7955c8a21db15a7c05772b9317226c542c8b14080b2868f1232e8a3ac27b8773f09a0",
        "dad9b44a5ad1434ee68cc0fb353524e4b3874f9a48d5183f425d2d49f5e46d55e07abfd8affe7fde957f6005b9c51a5427ee",
        "124f1372ec40db28f4d2aceb3e69b502050200000001",
    ),
    concat!(
        "a1e91e8f296524de3020d09179e63d08aff7d8a7c8625e4b15870da2e0f555b0ca791c3890ce3d5f88fbe5afed1cbb04df68",
        "c838292f773c7d4f018f4a95a86fd2c3aec75fbdaa1c29b42bd4024065b155b027c794679691e5c83df5e64809e4b7329ecb",
        "4b153d37a5d94add46761bb6885b6d3f8073fa8bd1f53bdcb4bae0e03a3698fef7b77cb84ea25ba658025e8f55b8c0556b9b",
        "89fd1f3d9d625322cfe532e71be01b5ce737efc276fb77e228a084f9279765a688381f2e8b84e6c7ed32b3f961dd0cc91dae",
        "3c29e462d1fa8e14d409a855f90b35b6784f6d1d2f1c8ae2e6511864ecac0ea599d9611c9f276e6e439d3ba3c2bce090a5e5",
        "06dd26c62750",
    ),
);
