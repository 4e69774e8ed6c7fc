//! ID tokens and the keys that they are verified with.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use pilotlight_core::jose::{
    Algorithm, Expectations, KeySet, RequestedAuthentication, ValidationContext, announced_algorithms,
    claims_signed_with_secret, lifetime, verify, verify_signature,
};
use pilotlight_core::model::credentials::Credentials;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::time::Timestamp;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Map, Value, json};

const ISSUER: &str = "https://issuer.example/";
const CLIENT: &str = "the-client";
const NONCE: &str = "n-0S6_WzA2Mj";
const NOW: i64 = 1_800_000_000;
const LEEWAY: i64 = 60;

/// A known key: anyone with a token can tell whether the core was right to believe it.
static PAIR: LazyLock<Ed25519KeyPair> = LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let x = BASE64.encode(PAIR.public_key().as_ref());
    // Decoys, so that a token can ask for the wrong key in many ways.
    let rsa = BASE64.encode([0xc5; 256]);
    let keys = json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "ed", "alg": "EdDSA", "use": "sig"},
        {"kty": "RSA", "n": rsa, "e": "AQAB", "kid": "rsa", "alg": "RS256", "use": "sig"},
        {"kty": "EC", "crv": "P-256", "kid": "ec",
         "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"kty": "oct", "k": "AAAA", "kid": "oct", "alg": "HS256"},
    ]});
    KeySet::parse(keys.to_string().as_bytes()).unwrap()
});

fn all_algorithms() -> Vec<Algorithm> {
    let names = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
    ];
    announced_algorithms(Some(&names.map(str::to_owned)))
}

/// The input is a token. Whatever is believed was signed by the one key that anybody here has.
pub fn id_token(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let token = Secret::new(text);
    if let Ok(Some(_)) = claims_signed_with_secret(&token) {
        let (signed, _) = text.rsplit_once('.').unwrap();
        let algorithm = part(signed, 0)["alg"].as_str().unwrap().to_owned();
        assert!(algorithm.starts_with("HS"), "{algorithm} is not symmetric");
    }
    if let Some((issued_at, expires_at)) = lifetime(&token) {
        let seconds = Credentials::lifetime_of_id_token(issued_at, expires_at, Timestamp(NOW));
        assert!(seconds <= 10 * 365 * 24 * 3600);
    }
    if verify_signature(&token, &KEYS, &all_algorithms()).is_ok() {
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let ours = BASE64.encode(PAIR.sign(signed.as_bytes()));
        assert_eq!(signature, ours, "a signature that nobody made");
        assert_eq!(part(signed, 0).get("alg"), Some(&json!("EdDSA")));
    }
}

/// The input is a header, a line break and claims, which are signed: so the rules for claims are reached.
pub fn id_token_claims(input: &[u8]) {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
        return;
    };
    let signed = format!("{}.{}", BASE64.encode(&input[..end]), BASE64.encode(&input[end + 1..]));
    let token = Secret::new(format!("{signed}.{}", BASE64.encode(PAIR.sign(signed.as_bytes()))));
    let nonce = Secret::new(NONCE);
    for context in [
        ValidationContext::SignIn {
            nonce: &nonce,
            requested: &RequestedAuthentication {
                max_age_seconds: Some(3600),
                ..RequestedAuthentication::default()
            },
            access_token: Some(&nonce),
        },
        ValidationContext::Refresh {
            subject: "ada",
            nonce: Some(&nonce),
        },
        ValidationContext::Direct {
            requested: &RequestedAuthentication::default(),
            access_token: Some(&nonce),
        },
    ] {
        let expected = Expectations {
            issuer: ISSUER,
            client_id: CLIENT,
            now: Timestamp(NOW),
            leeway_seconds: LEEWAY,
            context,
        };
        if let Ok(believed) = verify(&token, &KEYS, &all_algorithms(), &expected) {
            let claims = part(&signed, 1);
            assert_eq!(part(&signed, 0).get("alg"), Some(&json!("EdDSA")));
            assert_eq!(claims.get("iss"), Some(&json!(ISSUER)));
            let audience = &claims["aud"];
            let listed = audience.as_array().is_some_and(|all| all.contains(&json!(CLIENT)));
            assert!(*audience == json!(CLIENT) || listed, "{audience}");
            assert_eq!(claims.get("sub"), Some(&json!(believed.subject)));
            assert!(!believed.subject.is_empty());
            assert!(believed.expires_at.0 > NOW - LEEWAY - 1 && believed.issued_at.0 <= NOW + LEEWAY + 1);
            match context {
                ValidationContext::SignIn { .. } => {
                    assert_eq!(claims.get("nonce"), Some(&json!(NONCE)));
                    assert!(believed.auth_time.is_some());
                }
                ValidationContext::Direct { .. } => {}
                ValidationContext::Refresh { subject, .. } => {
                    assert_eq!(believed.subject, subject);
                    assert!(claims.get("nonce").is_none_or(|sent| *sent == NONCE));
                }
            }
        }
    }
}

fn part(signed: &str, number: usize) -> Map<String, Value> {
    let encoded = signed.split('.').nth(number).unwrap();
    serde_json::from_slice(&BASE64.decode(encoded).unwrap()).unwrap()
}

/// The input is a key set. Nobody signed these tokens, so no key set of somebody who does not know them fits.
pub fn key_set(input: &[u8]) {
    let Ok(keys) = KeySet::parse(input) else {
        return;
    };
    assert!(format!("{keys:?}").len() <= 100 + 8 * input.len());
    let payload = BASE64.encode(json!({"iss": ISSUER}).to_string());
    for (algorithm, length) in [("RS256", 256), ("PS256", 256), ("ES256", 64), ("ES384", 96)] {
        for header in [json!({"alg": algorithm}), json!({"alg": algorithm, "kid": "a"})] {
            let header = BASE64.encode(header.to_string());
            let signature = BASE64.encode(vec![0x5a; length]);
            let token = Secret::new(format!("{header}.{payload}.{signature}"));
            assert!(verify_signature(&token, &keys, &all_algorithms()).is_err());
        }
    }
}
