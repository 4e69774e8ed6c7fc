//! Key sets as issuers publish them, including unusual ones.

use pilotlight_core::jose::IdTokenProblem;
use pilotlight_core::jose::KeySet;
use serde_json::{Value, json};

use crate::support::{SigningKey, all_algorithms, base64url, decode_base64url, key_set, right_claims, sign_in, verify};

/// The result for a valid token signed with `key`, with this header, when `keys` are published.
fn outcome(key: &SigningKey, header: &Value, keys: &[Value]) -> Result<(), IdTokenProblem> {
    let token = key.token_with(header, right_claims().to_string().as_bytes());
    verify(&token, &key_set(keys), &all_algorithms(), &sign_in()).map(|_| ())
}

fn without(mut jwk: Value, members: &[&str]) -> Value {
    for member in members {
        jwk.as_object_mut().unwrap().remove(*member);
    }
    jwk
}

fn with(mut jwk: Value, member: &str, value: Value) -> Value {
    jwk[member] = value;
    jwk
}

#[test]
fn keys_need_no_alg_use_or_kid() {
    for name in ["RS256", "PS384", "ES256", "ES384", "EdDSA"] {
        let key = SigningKey::new("1", name);
        for missing in [
            &["alg"][..],
            &["use"],
            &["alg", "use"],
            &["kid"],
            &["alg", "use", "kid"],
        ] {
            let published = without(key.jwk(), missing);
            assert_eq!(
                outcome(&key, &key.header(), std::slice::from_ref(&published)),
                Ok(()),
                "{name} {missing:?}"
            );
            assert_eq!(
                outcome(&key, &json!({"alg": name}), &[published]),
                Ok(()),
                "{name} {missing:?}, no kid"
            );
        }
    }
}

#[test]
fn the_alg_of_a_key_binds() {
    let key = SigningKey::new("1", "PS256");
    for (alg, expected) in [
        ("PS256", Ok(())),
        ("RS256", Err(IdTokenProblem::UnknownKey)),
        ("RSA-OAEP", Err(IdTokenProblem::UnknownKey)),
    ] {
        assert_eq!(
            outcome(&key, &key.header(), &[with(key.jwk(), "alg", alg.into())]),
            expected,
            "{alg}"
        );
    }
    let key = SigningKey::new("1", "ES256");
    for alg in ["ES384", "RS256", "ECDH-ES"] {
        let published = with(key.jwk(), "alg", alg.into());
        assert_eq!(
            outcome(&key, &key.header(), &[published]),
            Err(IdTokenProblem::UnknownKey),
            "{alg}"
        );
    }
}

#[test]
fn keys_are_read_however_their_base64_is_written() {
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let key = SigningKey::new("1", algorithm);
        for write in [
            |text: &str| format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4)),
            |text: &str| text.replace('-', "+").replace('_', "/"),
            |text: &str| format!("{}\n{}", &text[..4], &text[4..]),
        ] {
            let mut jwk = key.jwk();
            for member in ["n", "e", "x", "y"] {
                if let Some(text) = jwk[member].as_str() {
                    jwk[member] = write(text).into();
                }
            }
            let nulls = with(with(jwk.clone(), "x5c", json!(null)), "key_ops", json!(null));
            for published in [jwk, nulls] {
                assert_eq!(
                    outcome(&key, &key.header(), std::slice::from_ref(&published)),
                    Ok(()),
                    "{published}"
                );
            }
        }
    }
}

#[test]
fn keys_for_other_purposes_are_not_used() {
    let key = SigningKey::new("1", "ES256");
    for (member, value, expected) in [
        ("use", json!("enc"), Err(IdTokenProblem::UnknownKey)),
        ("use", json!("tls"), Err(IdTokenProblem::UnknownKey)),
        ("key_ops", json!(["encrypt"]), Err(IdTokenProblem::UnknownKey)),
        ("key_ops", json!([]), Err(IdTokenProblem::UnknownKey)),
        ("key_ops", json!(["sign", "verify"]), Ok(())),
    ] {
        assert_eq!(
            outcome(&key, &key.header(), &[with(key.jwk(), member, value.clone())]),
            expected,
            "{member} {value}"
        );
    }
}

#[test]
fn keys_that_cannot_be_read_do_not_hide_the_others() {
    let key = SigningKey::new("1", "RS256");
    let ec = SigningKey::new("ec", "ES256").jwk();
    let ed = SigningKey::new("ed", "EdDSA").jwk();
    let odd = [
        json!(null),
        json!("key"),
        json!({}),
        json!({"kty": "RSA"}),
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "1"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "1"}),
        json!({"kty": "OKP", "crv": "X25519", "x": base64url(&[9; 32]), "kid": "1"}),
        with(key.jwk(), "kid", json!(1)),
        with(key.jwk(), "n", json!("not base64url!")),
        with(key.jwk(), "e", json!("")),
        with(key.jwk(), "e", json!("AAAA")),
        with(ec.clone(), "x", json!("AA")),
        with(ec.clone(), "crv", json!("P-384")),
        with(ec, "crv", json!("P-521")),
        with(ed, "x", json!("AA")),
        key.jwk(),
    ];
    assert_eq!(outcome(&key, &key.header(), &odd), Ok(()));
    assert_eq!(
        outcome(&key, &key.header(), &odd[..odd.len() - 1]),
        Err(IdTokenProblem::UnknownKey)
    );
}

#[test]
fn a_kid_that_two_keys_bear_means_either() {
    let (first, second) = (SigningKey::new("same", "ES256"), SigningKey::new("same", "ES256"));
    let other_type = SigningKey::new("same", "RS256");
    let published = [first.jwk(), second.jwk(), other_type.jwk()];
    for key in [&first, &second, &other_type] {
        assert_eq!(outcome(key, &key.header(), &published), Ok(()));
    }
}

#[test]
fn a_token_without_kid_is_tried_with_every_key_that_fits_up_to_eight() {
    let key = SigningKey::new("signer", "ES256");
    let header = json!({"alg": "ES256"});
    let others = |count| (0..count).map(|_| SigningKey::new("other", "ES256").jwk());
    let unfitting = (0..20).map(|_| SigningKey::new("other", "EdDSA").jwk());
    let last_of = |keys: Vec<Value>| [keys, vec![key.jwk()]].concat();
    assert_eq!(
        outcome(&key, &header, &last_of(unfitting.chain(others(7)).collect())),
        Ok(())
    );
    assert_eq!(
        outcome(&key, &header, &last_of(others(8).collect())),
        Err(IdTokenProblem::BadSignature)
    );
    assert_eq!(
        outcome(&key, &header, &[SigningKey::new("signer", "RS256").jwk()]),
        Err(IdTokenProblem::UnknownKey)
    );
}

#[test]
fn a_published_kid_is_binding() {
    let (signer, other) = (SigningKey::new("signer", "ES256"), SigningKey::new("other", "ES256"));
    let header = json!({"alg": "ES256", "kid": "other"});
    assert_eq!(
        outcome(&signer, &header, &[signer.jwk(), other.jwk()]),
        Err(IdTokenProblem::BadSignature)
    );
    // Nor does a key without `kid` replace a published one.
    let nameless = without(signer.jwk(), &["kid"]);
    assert_eq!(
        outcome(&signer, &header, &[nameless, other.jwk()]),
        Err(IdTokenProblem::BadSignature)
    );
}

#[test]
fn rsa_keys_have_2048_bits_and_may_have_a_leading_zero() {
    let key = SigningKey::new("1", "RS256");
    let modulus = decode_base64url(key.jwk()["n"].as_str().unwrap());
    let published = |modulus: &[u8]| [with(key.jwk(), "n", base64url(modulus).into())];
    assert_eq!(
        outcome(&key, &key.header(), &published(&[&[0][..], &modulus].concat())),
        Ok(())
    );
    for bytes in [1, 128, 255] {
        assert_eq!(
            outcome(&key, &key.header(), &published(&modulus[..bytes])),
            Err(IdTokenProblem::UnknownKey),
            "{bytes}"
        );
    }
    // 2047 bits and 8200 bits are left to the verifier, which refuses them.
    let short = [&[0x7f][..], &modulus[1..]].concat();
    for odd in [short, modulus.repeat(5)] {
        assert_eq!(
            outcome(&key, &key.header(), &published(&odd)),
            Err(IdTokenProblem::BadSignature)
        );
    }
}

/// As some servers write an absent member.
#[test]
fn an_empty_string_counts_as_absent() {
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let key = SigningKey::new("1", algorithm);
        for member in ["use", "alg", "kid"] {
            let published = with(key.jwk(), member, "".into());
            assert_eq!(
                outcome(&key, &json!({"alg": algorithm}), &[published]),
                Ok(()),
                "{algorithm} {member}"
            );
        }
    }
}

/// RFC 7518 6.2.1.2 requires the full length, and nothing more. The number is the same.
#[test]
fn coordinates_may_have_leading_zeros_or_lack_them() {
    for algorithm in ["ES256", "ES384"] {
        let key = SigningKey::new("1", algorithm);
        for name in ["x", "y"] {
            let number = decode_base64url(key.jwk()[name].as_str().unwrap());
            for zeros in [1, 3] {
                let longer = [vec![0; zeros], number.clone()].concat();
                let published = with(key.jwk(), name, base64url(&longer).into());
                assert_eq!(
                    outcome(&key, &key.header(), &[published]),
                    Ok(()),
                    "{algorithm} {name} {zeros}"
                );
            }
            let longer = [&[1][..], &number].concat();
            let published = with(key.jwk(), name, base64url(&longer).into());
            let refused = outcome(&key, &key.header(), &[published]);
            assert_eq!(refused, Err(IdTokenProblem::UnknownKey), "{algorithm} {name}");
        }
        // One key in 128 has such a coordinate.
        let begins_with_zero = |key: &SigningKey| decode_base64url(key.jwk()["x"].as_str().unwrap())[0] == 0;
        let key = std::iter::repeat_with(|| SigningKey::new("1", algorithm))
            .find(begins_with_zero)
            .unwrap();
        let number = decode_base64url(key.jwk()["x"].as_str().unwrap());
        let published = with(key.jwk(), "x", base64url(&number[1..]).into());
        assert_eq!(outcome(&key, &key.header(), &[published]), Ok(()), "{algorithm}");
    }
}

#[test]
fn a_point_that_is_not_on_the_curve_verifies_nothing() {
    let key = SigningKey::new("1", "ES256");
    let published = with(key.jwk(), "y", base64url(&[1; 32]).into());
    assert_eq!(
        outcome(&key, &key.header(), &[published]),
        Err(IdTokenProblem::BadSignature)
    );
}

/// They are left out of the set: the problem of the token is that its key is unknown, not that verification fails.
#[test]
fn keys_on_curves_are_complete_and_for_their_algorithm() {
    for (algorithm, member, value) in [
        ("ES256", "x", json!("AA")),
        ("ES256", "y", json!("AA")),
        ("ES256", "crv", json!("P-384")),
        ("ES384", "x", json!(base64url(&[1; 49]))),
        ("EdDSA", "x", json!("AA")),
        ("EdDSA", "crv", json!("P-256")),
        ("EdDSA", "alg", json!("ES256")),
    ] {
        let key = SigningKey::new("1", algorithm);
        let published = with(key.jwk(), member, value);
        let result = outcome(&key, &key.header(), &[published]);
        assert_eq!(result, Err(IdTokenProblem::UnknownKey), "{algorithm} {member}");
    }
}

#[test]
fn at_most_a_hundred_keys_are_read() {
    let key = SigningKey::new("1", "ES256");
    let padding = |count| vec![json!({"kty": "oct", "k": "AA", "kid": "1"}); count];
    assert_eq!(
        outcome(&key, &key.header(), &[padding(99), vec![key.jwk()]].concat()),
        Ok(())
    );
    assert_eq!(
        outcome(&key, &key.header(), &[padding(100), vec![key.jwk()]].concat()),
        Err(IdTokenProblem::UnknownKey)
    );
}

#[test]
fn what_is_not_a_key_set_is_refused() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"keys":null}"#,
        r#"{"keys":{}}"#,
        "<html></html>",
        "{\"keys\":[",
        "\u{0}",
    ] {
        assert_eq!(
            KeySet::parse(body.as_bytes()).unwrap_err(),
            IdTokenProblem::KeysUnavailable,
            "{body}"
        );
    }
    assert_eq!(
        KeySet::parse(&[0xff, 0xfe]).unwrap_err(),
        IdTokenProblem::KeysUnavailable
    );
    for body in [
        &br#"{"keys":[],"more":1}"#[..],
        b"\xef\xbb\xbf{\"keys\":[]}",
        b"{\"operator\":\"J\xfcrgen\",\"keys\":[]}",
    ] {
        assert!(KeySet::parse(body).is_ok());
    }
}
