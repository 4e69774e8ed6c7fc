//! The claims except those about time, rule by rule. Each row changes valid claims, and the token is signed again.

use pilotlight_core::jose::IdTokenProblem::{self, Expired, IssuedInTheFuture, MissingClaim, WrongClaim};
use pilotlight_core::jose::{Expectations, IdTokenClaims, RequestedAuthentication, ValidationContext};
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::time::Timestamp;
use ring::digest::{SHA256, SHA384, SHA512, digest};
use serde_json::{Value, json};

use crate::support::{
    CLIENT, LEEWAY, NONCE, NOTHING, NOW, SUBJECT, SigningKey, all_algorithms, at, base64url, key_set, right_claims,
    sign_in, sign_in_with, verify,
};

/// Claims to set; `None` removes.
pub(crate) type Changes = Vec<(&'static str, Option<Value>)>;

pub(crate) fn checked(changes: &Changes, expected: &Expectations<'_>) -> Result<IdTokenClaims, IdTokenProblem> {
    let key = SigningKey::new("1", "EdDSA");
    let mut claims = right_claims();
    for (name, value) in changes {
        match value {
            Some(value) => claims[*name] = value.clone(),
            None => drop(claims.as_object_mut().unwrap().remove(*name)),
        }
    }
    verify(&key.token(&claims), &key_set(&[key.jwk()]), &all_algorithms(), expected)
}

pub(crate) fn check(rows: Vec<(Changes, Result<(), IdTokenProblem>)>, expected: &Expectations<'_>) {
    for (changes, result) in rows {
        assert_eq!(checked(&changes, expected).map(|_| ()), result, "{changes:?}");
    }
}

pub(crate) fn set(name: &'static str, value: Value) -> Changes {
    vec![(name, Some(value))]
}

pub(crate) fn remove(name: &'static str) -> Changes {
    vec![(name, None)]
}

#[test]
fn right_claims_are_believed_and_handed_over() {
    let believed = checked(&vec![], &sign_in()).unwrap();
    assert_eq!(believed.subject, SUBJECT);
    assert_eq!(
        (believed.issued_at, believed.expires_at),
        (Timestamp(NOW - 5), Timestamp(NOW + 36_000))
    );
    assert_eq!(believed.auth_time, Some(Timestamp(NOW - 30)));
    assert_eq!(checked(&remove("auth_time"), &sign_in()).unwrap().auth_time, None);
}

#[test]
fn the_issuer_is_compared_exactly() {
    let mut rows = vec![
        (remove("iss"), Err(MissingClaim("iss"))),
        (set("iss", Value::Null), Err(MissingClaim("iss"))),
    ];
    for wrong in [
        json!("https://issuer.example"),
        json!("https://ISSUER.example/"),
        json!("http://issuer.example/"),
        json!(["https://issuer.example/"]),
        json!(7),
    ] {
        rows.push((set("iss", wrong), Err(WrongClaim("iss"))));
    }
    check(rows, &sign_in());
}

#[test]
fn the_audience_is_this_client() {
    let for_us_too = json!([CLIENT, "https://api.example/"]);
    check(
        vec![
            (set("aud", json!([CLIENT])), Ok(())),
            (remove("aud"), Err(MissingClaim("aud"))),
            (set("aud", json!("another")), Err(WrongClaim("aud"))),
            (set("aud", json!([])), Err(WrongClaim("aud"))),
            (set("aud", json!(["another"])), Err(WrongClaim("aud"))),
            (set("aud", json!([[CLIENT]])), Err(WrongClaim("aud"))),
            (set("aud", json!([CLIENT, 7])), Err(WrongClaim("aud"))),
            (set("aud", json!({CLIENT: true})), Err(WrongClaim("aud"))),
            (set("aud", for_us_too.clone()), Err(WrongClaim("aud"))),
            (
                vec![("aud", Some(for_us_too.clone())), ("azp", Some(json!(CLIENT)))],
                Ok(()),
            ),
            (
                vec![("aud", Some(for_us_too)), ("azp", Some(json!("another")))],
                Err(WrongClaim("azp")),
            ),
            (
                vec![("aud", Some(json!(["another"]))), ("azp", Some(json!(CLIENT)))],
                Err(WrongClaim("aud")),
            ),
            (set("azp", json!(CLIENT)), Ok(())),
            (set("azp", json!("another")), Err(WrongClaim("azp"))),
            (set("azp", json!([CLIENT])), Err(WrongClaim("azp"))),
        ],
        &sign_in(),
    );
}

#[test]
fn the_subject_is_text() {
    check(
        vec![
            (remove("sub"), Err(MissingClaim("sub"))),
            (set("sub", json!("")), Err(WrongClaim("sub"))),
            (set("sub", json!(42)), Err(WrongClaim("sub"))),
        ],
        &sign_in(),
    );
}

#[test]
fn a_sign_in_repeats_its_nonce() {
    check(
        vec![
            (remove("nonce"), Err(MissingClaim("nonce"))),
            (set("nonce", json!("")), Err(WrongClaim("nonce"))),
            (set("nonce", json!("n-0S6_WzA2Mk")), Err(WrongClaim("nonce"))),
            (set("nonce", json!([NONCE.expose()])), Err(WrongClaim("nonce"))),
        ],
        &sign_in(),
    );
}

#[test]
fn the_access_token_is_bound_by_at_hash_where_there_is_one() {
    let (token, another) = (
        Secret::new("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        Secret::new("another"),
    );
    for (algorithm, function) in [
        ("RS256", &SHA256),
        ("ES384", &SHA384),
        ("PS512", &SHA512),
        ("EdDSA", &SHA512),
        ("EdDSA", &SHA256),
    ] {
        let key = SigningKey::new("1", algorithm);
        let hash = digest(function, token.expose().as_bytes());
        let mut claims = right_claims();
        let checked = |claims: &Value, access_token| {
            let expected = at(ValidationContext::SignIn {
                nonce: &NONCE,
                requested: &NOTHING,
                access_token,
            });
            verify(&key.token(claims), &key_set(&[key.jwk()]), &all_algorithms(), &expected).map(|_| ())
        };
        assert_eq!(checked(&claims, Some(&token)), Ok(()));
        claims["at_hash"] = base64url(&hash.as_ref()[..hash.as_ref().len() / 2]).into();
        assert_eq!(checked(&claims, Some(&token)), Ok(()), "{algorithm}");
        assert_eq!(checked(&claims, None), Ok(()), "{algorithm}");
        assert_eq!(
            checked(&claims, Some(&another)),
            Err(WrongClaim("at_hash")),
            "{algorithm}"
        );
        claims["at_hash"] = base64url(hash.as_ref()).into();
        assert_eq!(
            checked(&claims, Some(&token)),
            Err(WrongClaim("at_hash")),
            "{algorithm}: the whole hash"
        );
    }
}

#[test]
fn a_renewal_is_for_the_same_user_and_needs_no_nonce() {
    let known = at(ValidationContext::Refresh {
        subject: SUBJECT,
        nonce: Some(&NONCE),
    });
    check(
        vec![
            (vec![], Ok(())),
            (remove("nonce"), Ok(())),
            (set("nonce", json!("another")), Err(WrongClaim("nonce"))),
            (set("sub", json!("auth0|another")), Err(WrongClaim("sub"))),
            (set("sub", json!("")), Err(WrongClaim("sub"))),
            (set("iss", json!("https://another.example/")), Err(WrongClaim("iss"))),
            (set("aud", json!("another")), Err(WrongClaim("aud"))),
            (set("exp", json!(NOW - LEEWAY)), Err(Expired)),
            (set("iat", json!(NOW + LEEWAY + 1)), Err(IssuedInTheFuture)),
            (set("auth_time", json!(NOW - 86_400 * 365)), Ok(())),
        ],
        &known,
    );
    let unknown = at(ValidationContext::Refresh {
        subject: SUBJECT,
        nonce: None,
    });
    check(
        vec![(set("nonce", json!("another")), Ok(())), (remove("nonce"), Ok(()))],
        &unknown,
    );
}

#[test]
fn no_problem_quotes_a_claim() {
    for name in ["iss", "aud", "sub", "exp", "iat", "nonce", "azp", "auth_time"] {
        for value in [json!("planted"), json!(["planted"]), json!({"planted": 1})] {
            if let Err(problem) = checked(&set(name, value), &sign_in()) {
                assert!(!format!("{problem} {problem:?}").contains("planted"), "{problem:?}");
            }
        }
    }
}

#[test]
fn an_organization_that_was_asked_for_is_the_tokens() {
    let asking = |organization: &str| RequestedAuthentication {
        organization: Some(organization.to_owned()),
        ..RequestedAuthentication::default()
    };
    check(
        vec![
            (remove("org_id"), Err(MissingClaim("org_id"))),
            (set("org_id", json!("org_1")), Ok(())),
            (set("org_id", json!("ORG_1")), Err(WrongClaim("org_id"))),
            (set("org_id", json!("org_2")), Err(WrongClaim("org_id"))),
            (set("org_id", json!(["org_1"])), Err(WrongClaim("org_id"))),
            (set("org_name", json!("org_1")), Err(MissingClaim("org_id"))),
        ],
        &sign_in_with(&asking("org_1")),
    );
    check(
        vec![
            (set("org_id", json!("Acme")), Err(MissingClaim("org_name"))),
            (set("org_name", json!("acme")), Ok(())),
            (set("org_name", json!("acme2")), Err(WrongClaim("org_name"))),
            (set("org_name", json!(null)), Err(MissingClaim("org_name"))),
        ],
        &sign_in_with(&asking("Acme")),
    );
}
