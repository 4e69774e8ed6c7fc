//! DPoP proofs (RFC 9449 4). A proof in each request shows that its sender has the key that the tokens are bound to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use url::Url;

use crate::crypto::Hash;
use crate::crypto::hashing::digest;
use crate::model::proof_key::PublicPoint;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// The claims of one proof.
#[derive(Clone, Copy, Debug)]
pub struct ProofClaims<'a> {
    /// `jti`: a different one for each proof.
    pub id: &'a Secret,
    /// `htm`: the method, as it is sent.
    pub method: &'a str,
    /// `htu`: the URL. Query, fragment, user name and password are left out.
    pub url: &'a Url,
    /// `iat`, by the server's clock.
    pub issued_at: Timestamp,
    /// `nonce`: the nonce that the server gave, if it gave one.
    pub nonce: Option<&'a str>,
    /// The token that is sent along; the proof contains its hash as `ath`.
    pub access_token: Option<&'a Secret>,
}

/// A proof without its signature: the text to sign with ES256 (RFC 7515 5.1).
pub fn unsigned_proof(key: &PublicPoint, claims: &ProofClaims<'_>) -> String {
    let text = |text: &str| Value::String(text.to_owned());
    let header = object([
        ("typ", text("dpop+jwt")),
        ("alg", text("ES256")),
        ("jwk", Value::Object(jwk(key))),
    ]);
    let mut payload = object([
        ("jti", text(claims.id.expose())),
        ("htm", text(claims.method)),
        ("htu", text(target(claims.url).as_str())),
        ("iat", Value::from(claims.issued_at.0)),
    ]);
    if let Some(nonce) = claims.nonce {
        payload.insert("nonce".to_owned(), text(nonce));
    }
    if let Some(token) = claims.access_token {
        payload.insert("ath".to_owned(), text(&hash(token.expose().as_bytes())));
    }
    let part = |part: Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(part).to_string());
    format!("{}.{}", part(header), part(payload))
}

/// The proof with its signature: r followed by s (RFC 7518 3.4).
pub fn signed_proof(unsigned: &str, signature: &[u8]) -> String {
    format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The key's thumbprint (RFC 7638 3). An authorization request sends it as `dpop_jkt` (RFC 9449 10).
pub fn thumbprint(key: &PublicPoint) -> String {
    // Base64url needs no escapes, and the members are in the order that the standard requires.
    let PublicPoint { x, y } = key;
    hash(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes())
}

/// The public key, from an uncompressed point: 4, x, y (SEC 1 2.3.3).
pub fn public_point(uncompressed: &[u8]) -> Option<PublicPoint> {
    let (form, coordinates) = uncompressed.split_first()?;
    if *form != 4 || coordinates.len() != 64 {
        return None;
    }
    let (x, y) = coordinates.split_at(32);
    Some(PublicPoint {
        x: URL_SAFE_NO_PAD.encode(x),
        y: URL_SAFE_NO_PAD.encode(y),
    })
}

fn jwk(key: &PublicPoint) -> Map<String, Value> {
    let text = |text: &str| Value::String(text.to_owned());
    object([
        ("kty", text("EC")),
        ("crv", text("P-256")),
        ("x", text(&key.x)),
        ("y", text(&key.y)),
    ])
}

fn target(url: &Url) -> Url {
    let mut target = url.clone();
    target.set_query(None);
    target.set_fragment(None);
    // User name and password are not part of the target URI that is sent (RFC 9110 7.1), and must not be disclosed to
    // the readers of the proof. Both calls fail only for a URL without a host, which has neither.
    let _ = target.set_username("");
    let _ = target.set_password(None);
    target
}

fn hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(Hash::Sha256, bytes))
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From RFC 9449, figure 2 and section 6.1.
    fn key() -> PublicPoint {
        PublicPoint {
            x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs".to_owned(),
            y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA".to_owned(),
        }
    }

    fn parts(unsigned: &str) -> (Value, Value) {
        let (header, payload) = unsigned.split_once('.').unwrap();
        let part = |text| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
        (part(header), part(payload))
    }

    #[test]
    fn the_thumbprint_and_the_hash_are_those_of_the_standards_examples() {
        assert_eq!(thumbprint(&key()), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        // RFC 9449, figure 12.
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
        assert_eq!(hash(token.as_bytes()), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    }

    #[test]
    fn a_proof_says_what_the_standard_wants_and_nothing_of_the_query() {
        let (id, token) = (Secret::new("id"), Secret::new("token"));
        let url = Url::parse("https://ada:secret@API.example.com:443/b/../a%2Fb?secret=1#part").unwrap();
        let claims = ProofClaims {
            id: &id,
            method: "GET",
            url: &url,
            issued_at: Timestamp(1_562_262_616),
            nonce: Some("a \"nonce\""),
            access_token: Some(&token),
        };
        let (header, payload) = parts(&unsigned_proof(&key(), &claims));
        let PublicPoint { x, y } = key();
        let jwk = serde_json::json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
        assert_eq!(
            header,
            serde_json::json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})
        );
        assert_eq!(
            payload,
            serde_json::json!({
                "jti": "id", "htm": "GET", "htu": "https://api.example.com/a%2Fb", "iat": 1_562_262_616,
                "nonce": "a \"nonce\"", "ath": hash(b"token"),
            })
        );
        let without = ProofClaims {
            nonce: None,
            access_token: None,
            ..claims
        };
        let (_, payload) = parts(&unsigned_proof(&key(), &without));
        assert!(
            payload.get("nonce").is_none() && payload.get("ath").is_none(),
            "{payload}"
        );
    }

    #[test]
    fn a_point_is_uncompressed_or_none() {
        let mut bytes = vec![4];
        bytes.extend([7; 64]);
        assert_eq!(public_point(&bytes).unwrap().x, URL_SAFE_NO_PAD.encode([7; 32]));
        assert_eq!(public_point(&bytes[..64]), None);
        bytes[0] = 2;
        assert_eq!(public_point(&bytes), None);
        assert_eq!(public_point(&[]), None);
    }
}
