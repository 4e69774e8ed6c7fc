//! An issuer for these tests: keys of every kind, their JWKs, and tokens signed with them.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pilotlight_core::jose::{
    self, Algorithm, Expectations, IdTokenClaims, IdTokenProblem, KeySet, RequestedAuthentication, ValidationContext,
    VerifiedClaims, announced_algorithms,
};
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::time::Timestamp;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaKeyPair,
};
use serde_json::{Value, json};

pub(crate) const ALGORITHMS: [&str; 9] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
];

pub(crate) const ISSUER: &str = "https://issuer.example/";
pub(crate) const CLIENT: &str = "the-client";
pub(crate) const SUBJECT: &str = "auth0|5f7c8ec7c33c6c004bbafe82";
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const LEEWAY: i64 = 60;
pub(crate) static NONCE: LazyLock<Secret> = LazyLock::new(|| Secret::new("n-0S6_WzA2Mj"));

/// Calls `jose::verify`. Returns the broken rule.
pub(crate) fn verify(
    token: &Secret,
    keys: &KeySet,
    allowed: &[Algorithm],
    expected: &Expectations<'_>,
) -> Result<IdTokenClaims, IdTokenProblem> {
    jose::verify(token, keys, allowed, expected).map_err(|error| error.problem)
}

/// Calls `jose::verify_signature`. Returns the broken rule.
pub(crate) fn verify_signature(
    token: &Secret,
    keys: &KeySet,
    allowed: &[Algorithm],
) -> Result<VerifiedClaims, IdTokenProblem> {
    jose::verify_signature(token, keys, allowed).map_err(|error| error.problem)
}

/// A private key for one algorithm.
pub(crate) struct SigningKey {
    id: &'static str,
    algorithm: &'static str,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl SigningKey {
    /// A key of the type that `algorithm` needs: a new one, except that all RSA keys are the same committed one.
    pub(crate) fn new(id: &'static str, algorithm: &'static str) -> Self {
        let random = SystemRandom::new();
        let rsa = |encoding| {
            let pem = include_str!("../../../testing/identity-server/test-keys/test-only-rsa-1.pem");
            Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(&pem_contents(pem)).unwrap()), encoding)
        };
        let ec = |signing| {
            let document = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
            Pair::Ec(EcdsaKeyPair::from_pkcs8(signing, document.as_ref(), &random).unwrap())
        };
        let pair = match algorithm {
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "RS384" => rsa(&RSA_PKCS1_SHA384),
            "RS512" => rsa(&RSA_PKCS1_SHA512),
            "PS256" => rsa(&RSA_PSS_SHA256),
            "PS384" => rsa(&RSA_PSS_SHA384),
            "PS512" => rsa(&RSA_PSS_SHA512),
            "ES256" => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            "ES384" => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
            "EdDSA" => {
                let document = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                Pair::Ed(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
            }
            other => panic!("no test key for {other}"),
        };
        Self { id, algorithm, pair }
    }

    /// The public half, with `kid`, `use` and `alg`.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair, _) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "n": base64url(&public.n), "e": base64url(&public.e)})
            }
            Pair::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y)})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref())})
            }
        };
        jwk["kid"] = self.id.into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm.into();
        jwk
    }

    /// The usual header for this key.
    pub(crate) fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": self.algorithm, "kid": self.id})
    }

    /// A JWT with the usual header.
    pub(crate) fn token(&self, claims: &Value) -> Secret {
        self.token_with(&self.header(), claims.to_string().as_bytes())
    }

    /// A JWT with any header and any payload, and a valid signature.
    pub(crate) fn token_with(&self, header: &Value, payload: &[u8]) -> Secret {
        let signed = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(payload));
        let signature = self.signature(signed.as_bytes());
        Secret::new(format!("{signed}.{}", base64url(&signature)))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)
                    .unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

pub(crate) fn key_set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
}

/// Every algorithm, as announced by an issuer that supports all of them.
pub(crate) fn all_algorithms() -> Vec<Algorithm> {
    announced_algorithms(Some(&ALGORITHMS.map(str::to_owned)))
}

/// Claims that are valid in every way at [`NOW`].
pub(crate) fn right_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT, "sub": SUBJECT, "nonce": NONCE.expose(),
        "iat": NOW - 5, "exp": NOW + 36_000, "auth_time": NOW - 30,
        "name": "Ada Lovelace", "email": "ada@example.com", "email_verified": true,
        "picture": "https://cdn.example/ada.png", "updated_at": "2026-10-15T09:00:00.000Z",
        "https://app.example/roles": ["reader", "writer"],
    })
}

pub(crate) const NOTHING: RequestedAuthentication = RequestedAuthentication {
    essential_acr: None,
    max_age_seconds: None,
    organization: None,
};

/// A sign-in with this requested authentication.
pub(crate) fn sign_in_with(requested: &RequestedAuthentication) -> Expectations<'_> {
    at(ValidationContext::SignIn {
        nonce: &NONCE,
        requested,
        access_token: None,
    })
}

pub(crate) fn sign_in() -> Expectations<'static> {
    at(ValidationContext::SignIn {
        nonce: &NONCE,
        requested: &NOTHING,
        access_token: None,
    })
}

pub(crate) fn at(context: ValidationContext<'_>) -> Expectations<'_> {
    Expectations {
        issuer: ISSUER,
        client_id: CLIENT,
        now: Timestamp(NOW),
        leeway_seconds: LEEWAY,
        context,
    }
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode_base64url(encoded: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(encoded).unwrap()
}

fn pem_contents(pem: &str) -> Vec<u8> {
    STANDARD
        .decode(
            pem.lines()
                .filter(|line| !line.starts_with("-----"))
                .collect::<String>(),
        )
        .unwrap()
}
