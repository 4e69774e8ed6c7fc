//! The header and the algorithm: what is accepted, and what is refused before any signature is checked.

use pilotlight_core::jose::IdTokenProblem;
use pilotlight_core::jose::{Algorithm, announced_algorithms};
use serde_json::json;

use crate::support::{
    ALGORITHMS, SigningKey, all_algorithms, key_set, right_claims, sign_in, verify, verify_signature,
};

#[test]
fn an_issuer_that_announces_nothing_means_rs256() {
    let named =
        |names: &[&str]| announced_algorithms(Some(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
    assert_eq!(announced_algorithms(None), [Algorithm::RS256]);
    assert_eq!(
        named(&["none", "HS256", "ES256", "ES256K", "ES256", "RS256"]),
        [Algorithm::ES256, Algorithm::RS256]
    );
    assert_eq!(named(&["HS256"]), []);
}

#[test]
fn the_newer_name_of_ed25519_is_the_same_algorithm() {
    let key = SigningKey::new("1", "EdDSA");
    let mut jwk = key.jwk();
    jwk["alg"] = "Ed25519".into();
    let token = key.token_with(
        &json!({"alg": "Ed25519", "kid": "1"}),
        right_claims().to_string().as_bytes(),
    );
    let allowed = announced_algorithms(Some(&["Ed25519".to_owned()]));
    assert!(verify(&token, &key_set(&[jwk]), &allowed, &sign_in()).is_ok());
}

/// Each row has a valid signature with the published key, so only the header can be the reason.
#[test]
fn headers_that_are_refused() {
    let key = SigningKey::new("1", "ES256");
    let keys = key_set(&[key.jwk()]);
    let rows = [
        (json!({"alg": "none", "kid": "1"}), IdTokenProblem::AlgorithmNotAllowed),
        (json!({"alg": "None", "kid": "1"}), IdTokenProblem::AlgorithmNotAllowed),
        (json!({"alg": "es256", "kid": "1"}), IdTokenProblem::AlgorithmNotAllowed),
        (json!({"alg": "HS256", "kid": "1"}), IdTokenProblem::AlgorithmNotAllowed),
        (json!({"alg": "ES512", "kid": "1"}), IdTokenProblem::AlgorithmNotAllowed),
        (json!({"alg": "ES384", "kid": "1"}), IdTokenProblem::UnknownKey),
        (json!({"alg": "RS256", "kid": "1"}), IdTokenProblem::UnknownKey),
        (json!({"alg": "ES256", "kid": "2"}), IdTokenProblem::UnknownKey),
        (json!({"alg": "ES256", "kid": "1", "crit": ["exp"]}), critical()),
        (
            json!({"alg": "ES256", "kid": "1", "crit": ["b64"], "b64": false}),
            critical(),
        ),
        (json!({"alg": "ES256", "kid": "1", "crit": null}), critical()),
        (json!({"alg": "ES256", "kid": "1", "typ": "at+jwt"}), access_token()),
        (
            json!({"alg": "ES256", "kid": "1", "typ": "application/AT+JWT"}),
            access_token(),
        ),
        (
            json!({"alg": "ES256", "kid": "1", "typ": 1}),
            IdTokenProblem::Malformed("typ is not text"),
        ),
        (
            json!({"alg": "ES256", "kid": 1}),
            IdTokenProblem::Malformed("kid is not text"),
        ),
        (
            json!({"alg": ["ES256"], "kid": "1"}),
            IdTokenProblem::Malformed("alg is not text"),
        ),
        (json!({"kid": "1"}), IdTokenProblem::Malformed("the header has no alg")),
        (
            json!(["ES256"]),
            IdTokenProblem::Malformed("the header is not a JSON object in base64url"),
        ),
    ];
    for (header, problem) in rows {
        let token = key.token_with(&header, right_claims().to_string().as_bytes());
        assert_eq!(
            verify(&token, &keys, &all_algorithms(), &sign_in()),
            Err(problem),
            "{header}"
        );
    }
}

#[test]
fn headers_that_are_accepted() {
    let key = SigningKey::new("1", "ES256");
    let keys = key_set(&[key.jwk()]);
    for header in [
        json!({"alg": "ES256"}),
        json!({"alg": "ES256", "kid": null, "typ": null, "x5t": null}),
        json!({"alg": "ES256", "kid": "1", "typ": "anything"}),
        json!({"alg": "ES256", "kid": "1", "x5t": "hint", "cty": "JWT", "jku": "https://elsewhere.example/keys"}),
    ] {
        let token = key.token_with(&header, right_claims().to_string().as_bytes());
        assert!(verify(&token, &keys, &all_algorithms(), &sign_in()).is_ok(), "{header}");
    }
}

#[test]
fn an_algorithm_the_issuer_did_not_announce_is_refused() {
    for name in ALGORITHMS {
        let key = SigningKey::new("1", name);
        let others: Vec<_> = ALGORITHMS
            .iter()
            .filter(|other| **other != name)
            .map(|other| (*other).to_owned())
            .collect();
        let result = verify_signature(
            &key.token(&right_claims()),
            &key_set(&[key.jwk()]),
            &announced_algorithms(Some(&others)),
        );
        assert_eq!(result, Err(IdTokenProblem::AlgorithmNotAllowed), "{name}");
    }
}

#[test]
fn a_key_is_known_by_the_tokens_own_word_for_it() {
    let key = SigningKey::new("1", "ES256");
    let key_id_in = |header| pilotlight_core::jose::key_id(&key.token_with(&header, b"{}"));
    assert_eq!(key_id_in(json!({"alg": "ES256", "kid": "1"})).as_deref(), Some("1"));
    assert_eq!(
        key_id_in(json!({"alg": "ES256", "kid": "other"})).as_deref(),
        Some("other")
    );
    assert_eq!(key_id_in(json!({"alg": "ES256"})), None);
    assert_eq!(key_id_in(json!({"alg": "ES256", "kid": 1})), None);
}

#[test]
fn claims_are_read_without_a_key_only_where_a_secret_of_the_clients_signed_them() {
    let key = SigningKey::new("1", "ES256");
    let read = |name: &str| {
        let token = key.token_with(&json!({"alg": name}), right_claims().to_string().as_bytes());
        pilotlight_core::jose::claims_signed_with_secret(&token).unwrap()
    };
    for name in ["HS256", "HS384", "HS512"] {
        let shown = format!("{:?}", read(name).unwrap());
        assert_eq!(shown, format!("VerifiedClaims {{ algorithm: {name}, .. }}"));
    }
    for name in ["RS256", "ES256", "none", "hs256"] {
        assert!(read(name).is_none(), "{name}");
    }
}

fn critical() -> IdTokenProblem {
    IdTokenProblem::Malformed("it has critical header parameters")
}

fn access_token() -> IdTokenProblem {
    IdTokenProblem::Malformed("it is an access token")
}
