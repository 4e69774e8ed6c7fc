//! The signature: which key must have made it, and over which bytes.

use pilotlight_core::jose::IdTokenProblem;
use pilotlight_core::jose::{Algorithm, ValidationContext, announced_algorithms, newer_keys_may_help};
use pilotlight_core::model::secret::Secret;
use ring::hmac;
use serde_json::{Value, json};

use crate::support::{
    ALGORITHMS, NONCE, SUBJECT, SigningKey, all_algorithms, at, base64url, decode_base64url, key_set, right_claims,
    sign_in, verify, verify_signature,
};

#[test]
fn every_algorithm_verifies() {
    for name in ALGORITHMS {
        let key = SigningKey::new("1", name);
        let keys = key_set(&[key.jwk()]);
        let allowed = announced_algorithms(Some(&[name.to_owned()]));
        let claims = verify_signature(&key.token(&right_claims()), &keys, &allowed).map(|claims| claims.into_map());
        assert_eq!(claims.map(Value::Object), Ok(right_claims()), "{name}");
    }
}

/// The attack: sign with HMAC and a public value as the secret, and hope that the verifier takes the algorithm from the
/// token.
#[test]
fn a_public_key_never_serves_as_an_hmac_secret() {
    let key = SigningKey::new("1", "RS256");
    let jwk = key.jwk();
    let modulus = jwk["n"].as_str().unwrap();
    let shared = b"a secret that is 32 bytes long!!";
    let symmetric = json!({"kty": "oct", "kid": "1", "use": "sig", "alg": "HS256", "k": base64url(shared)});
    let allowed = [
        all_algorithms(),
        vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512],
    ]
    .concat();
    let secrets = [
        decode_base64url(modulus),
        modulus.as_bytes().to_vec(),
        jwk.to_string().into_bytes(),
        shared.to_vec(),
        Vec::new(),
    ];
    for keys in [
        key_set(&[jwk]),
        key_set(std::slice::from_ref(&symmetric)),
        key_set(&[key.jwk(), symmetric]),
    ] {
        for secret in &secrets {
            let signed = format!(
                "{}.{}",
                encoded(&json!({"alg": "HS256", "kid": "1"})),
                encoded(&right_claims())
            );
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
            let token = Secret::new(format!("{signed}.{}", base64url(tag.as_ref())));
            assert_eq!(
                verify_signature(&token, &keys, &allowed),
                Err(IdTokenProblem::AlgorithmNotAllowed)
            );
        }
    }
}

#[test]
fn an_unsigned_token_is_refused_however_it_is_spelled() {
    let keys = key_set(&[SigningKey::new("1", "RS256").jwk()]);
    for algorithm in ["none", "NONE", "", "RS256"] {
        let header = encoded(&json!({"alg": algorithm, "kid": "1"}));
        for signature in ["", "AA"] {
            let token = Secret::new(format!("{header}.{}.{signature}", encoded(&right_claims())));
            let problem = verify_signature(&token, &keys, &all_algorithms()).unwrap_err();
            let expected = if algorithm == "RS256" {
                IdTokenProblem::BadSignature
            } else {
                IdTokenProblem::AlgorithmNotAllowed
            };
            assert_eq!(problem, expected, "{algorithm:?} {signature:?}");
        }
    }
}

#[test]
fn a_signature_by_another_key_is_wrong() {
    for name in ["ES256", "ES384", "EdDSA"] {
        let (published, attacker) = (SigningKey::new("1", name), SigningKey::new("1", name));
        let mut header = attacker.header();
        header["jwk"] = attacker.jwk();
        let token = attacker.token_with(&header, right_claims().to_string().as_bytes());
        let problem = verify_signature(&token, &key_set(&[published.jwk()]), &all_algorithms()).unwrap_err();
        assert_eq!(problem, IdTokenProblem::BadSignature, "{name}");
        assert!(newer_keys_may_help(&problem));
    }
}

#[test]
fn newer_keys_are_worth_a_try_only_where_keys_were_the_problem() {
    assert!(newer_keys_may_help(&IdTokenProblem::UnknownKey));
    for problem in [
        IdTokenProblem::AlgorithmNotAllowed,
        IdTokenProblem::Expired,
        IdTokenProblem::WrongClaim("iss"),
    ] {
        assert!(!newer_keys_may_help(&problem));
    }
}

/// Each character of header, payload and signature is replaced by each of four others: no such token is accepted.
#[test]
fn no_character_can_be_changed() {
    for name in ["RS256", "ES256", "EdDSA"] {
        let key = SigningKey::new("1", name);
        let keys = key_set(&[key.jwk()]);
        let token = key.token(&right_claims()).expose().to_owned();
        for position in 0..token.len() {
            for replacement in ["A", "b", "_", "."] {
                let mut changed = token.clone();
                changed.replace_range(position..=position, replacement);
                if changed != token {
                    let result = verify_signature(&Secret::new(changed), &keys, &all_algorithms());
                    assert!(result.is_err(), "{name}: {replacement:?} at {position}");
                }
            }
        }
    }
}

#[test]
fn debug_output_shows_what_it_is_and_no_claim() {
    let key = SigningKey::new("1", "ES256");
    let (token, keys) = (key.token(&right_claims()), key_set(&[key.jwk()]));
    let verified = verify_signature(&token, &keys, &all_algorithms()).unwrap();
    let believed = verify(&token, &keys, &all_algorithms(), &sign_in()).unwrap();
    let renewal = at(ValidationContext::Refresh {
        subject: SUBJECT,
        nonce: Some(&NONCE),
    });
    let shown = format!(
        "{verified:?} {believed:?} {:?} {renewal:?} {keys:?} {token:?}",
        sign_in()
    );
    for planted in ["Ada", "ada@", "auth0|", "reader", NONCE.expose()] {
        assert!(!shown.contains(planted), "{shown}");
    }
    for useful in ["ES256", "SignIn", "Refresh", "expires_at", "ids: [Some(\"1\")]"] {
        assert!(shown.contains(useful), "{shown}");
    }
}

fn encoded(json: &Value) -> String {
    base64url(json.to_string().as_bytes())
}
