//! The text of an error: both values if they are public, and nothing about the user.

use pilotlight_core::jose::{Algorithm, verify};
use serde_json::{Value, json};

use crate::support::{CLIENT, ISSUER, NOW, SUBJECT, SigningKey, key_set, right_claims, sign_in};

/// The error message for a token with these claims.
fn said(changes: &[(&str, Value)]) -> String {
    let key = SigningKey::new("1", "EdDSA");
    let mut claims = right_claims();
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    let allowed = [Algorithm::EdDSA];
    let result = verify(&key.token(&claims), &key_set(&[key.jwk()]), &allowed, &sign_in());
    result.unwrap_err().to_string()
}

#[test]
fn both_values_of_what_is_public_are_named() {
    for (changes, values) in [
        (
            vec![("iss", json!("https://other.example/"))],
            vec![ISSUER, "https://other.example/"],
        ),
        (vec![("aud", json!("other-client"))], vec![CLIENT, "other-client"]),
        (
            vec![("aud", json!([CLIENT, "other-client"]))],
            vec![CLIENT, "\"other-client\""],
        ),
        (vec![("azp", json!("other-client"))], vec![CLIENT, "other-client"]),
        (vec![("exp", json!(NOW - 3600))], vec!["60 s", "3600 s ago"]),
        (vec![("iat", json!(NOW + 3600))], vec!["60 s", "3600 s ahead"]),
    ] {
        let said = said(&changes);
        assert!(values.iter().all(|value| said.contains(value)), "{said}");
    }
}

#[test]
fn the_algorithm_and_those_that_are_allowed_are_named() {
    let key = SigningKey::new("1", "ES256");
    let allowed = [Algorithm::RS256, Algorithm::PS256];
    let result = verify(
        &key.token(&right_claims()),
        &key_set(&[key.jwk()]),
        &allowed,
        &sign_in(),
    );
    let said = result.unwrap_err().to_string();
    assert_eq!(
        said,
        "its algorithm is not allowed here (expected RS256 or PS256, found \"ES256\")"
    );
}

#[test]
fn nothing_of_the_user_and_no_secret_is_quoted() {
    const PLANTED: &str = "ada@example.com eyJhbGciOiJub25lIn0";
    for name in ["iss", "aud", "azp", "nonce"] {
        let said = said(&[(name, json!(PLANTED))]);
        assert!(!said.contains("ada") && !said.contains("eyJ"), "{said}");
    }
    let said = said(&[("sub", json!("")), ("email", json!(PLANTED))]);
    assert!(!said.contains(SUBJECT) && !said.contains("ada"), "{said}");
}
