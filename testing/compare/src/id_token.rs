//! Verifies an ID token, from its text to checked claims.

use std::time::SystemTime;

use jsonwebtoken::crypto::{aws_lc, rust_crypto};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, Validation};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use pilotlight_core::jose::{Expectations, ValidationContext, verify};
use pilotlight_core::model::time::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Value, json};

use crate::bench_support::{Comparison, in_turns};
use crate::keys::{
    CLIENT, ISSUER, LEEWAY, NONCE, NOTHING, SUBJECT, SigningKey, all_algorithms, decode_base64url, key_set,
};

pub(crate) const LIBRARIES: [&str; 4] = [
    "ring",
    "jsonwebtoken/aws_lc_rs",
    "jsonwebtoken/rust_crypto",
    "openidconnect",
];

const CALLS: u32 = 10;

pub(crate) fn compare(algorithm: &str, library: &str) -> (Comparison, u32) {
    let algorithm = if algorithm == "RS256" { "RS256" } else { "ES256" };
    let key = SigningKey::new("1", algorithm);
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64;
    let token = key.token(&claims(now));
    let (keys, allowed) = (key_set(&[key.jwk()]), all_algorithms());
    let expected = Expectations {
        issuer: ISSUER,
        client_id: CLIENT,
        now: Timestamp(now),
        leeway_seconds: LEEWAY,
        context: ValidationContext::SignIn {
            nonce: &NONCE,
            requested: &NOTHING,
            access_token: None,
        },
    };
    let ours = || verify(&token, &keys, &allowed, &expected).unwrap();
    let text = token.expose();
    let comparison = match library {
        "ring" => in_turns(CALLS, ours, signature_alone(&key.jwk(), text)),
        "openidconnect" => in_turns(CALLS, ours, with_openidconnect(&key.jwk(), text)),
        backend => in_turns(CALLS, ours, with_jsonwebtoken(&key.jwk(), text, backend)),
    };
    (comparison, CALLS)
}

fn claims(now: i64) -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT, "sub": SUBJECT, "nonce": NONCE.expose(),
        "iat": now - 5, "exp": now + 36_000, "auth_time": now - 30,
        "name": "Ada Lovelace", "email": "ada@example.com", "email_verified": true,
        "picture": "https://cdn.example/ada.png", "https://app.example/roles": ["reader", "writer"],
    })
}

/// Only the signature, without JSON and claims: the part that cannot be avoided.
fn signature_alone(jwk: &Value, token: &str) -> impl Fn() + use<> {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (message, signature) = (message.to_owned(), decode_base64url(signature));
    let member = |name: &str| jwk[name].as_str().map(decode_base64url).unwrap_or_default();
    let rsa = RsaPublicKeyComponents {
        n: member("n"),
        e: member("e"),
    };
    let point = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [vec![4], member("x"), member("y")].concat());
    let is_rsa = jwk["kty"] == "RSA";
    move || {
        let result = if is_rsa {
            rsa.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
        } else {
            point.verify(message.as_bytes(), &signature)
        };
        result.unwrap();
    }
}

/// Signature, `iss`, `aud`, `exp`, and the nonce, which the library leaves to its caller.
fn with_jsonwebtoken(jwk: &Value, token: &str, backend: &str) -> impl Fn() + use<> {
    let provider = if backend.ends_with("aws_lc_rs") {
        &aws_lc::DEFAULT_PROVIDER
    } else {
        &rust_crypto::DEFAULT_PROVIDER
    };
    provider.install_default().unwrap();
    let jwk: Jwk = serde_json::from_value(jwk.clone()).unwrap();
    let key = DecodingKey::from_jwk(&jwk).unwrap();
    let mut rules = Validation::new(jsonwebtoken::decode_header(token).unwrap().alg);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[CLIENT]);
    rules.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
    let token = token.to_owned();
    move || {
        let checked = jsonwebtoken::decode::<Value>(&token, &key, &rules).unwrap();
        assert_eq!(checked.claims["nonce"], NONCE.expose());
    }
}

fn with_openidconnect(jwk: &Value, token: &str) -> impl Fn() + use<> {
    let keys: CoreJsonWebKeySet = serde_json::from_value(json!({"keys": [jwk]})).unwrap();
    let issuer = IssuerUrl::new(ISSUER.to_owned()).unwrap();
    let verifier = CoreIdTokenVerifier::new_public_client(ClientId::new(CLIENT.to_owned()), issuer, keys)
        .set_allowed_algs([
            openidconnect::core::CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            openidconnect::core::CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        ]);
    let (token, nonce) = (token.to_owned(), Nonce::new(NONCE.expose().to_owned()));
    move || {
        let parsed: CoreIdToken = token.parse().unwrap();
        parsed.claims(&verifier, &nonce).unwrap();
    }
}
