//! Compact JWS (RFC 7515 section 3.1), written and read by hand: sixty lines instead of a token library.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::keys::{KeyRing, SigningKey};

/// The usual header: `alg`, `typ`, `kid`.
pub(crate) fn header(key: &SigningKey) -> Map<String, Value> {
    let mut header = Map::new();
    header.insert("alg".into(), json!(key.algorithm.name()));
    header.insert("typ".into(), json!("JWT"));
    header.insert("kid".into(), json!(key.kid));
    header
}

/// Signs `claims` with `key` under the usual header.
pub(crate) fn sign(key: &SigningKey, claims: &Map<String, Value>) -> String {
    encode(&header(key), claims, |message| key.sign(message))
}

/// Any header over any claims, "signed" by whatever `signer` returns.
pub(crate) fn encode(
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
    signer: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let part = |json: &Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(json.clone()).to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(signer(message.as_bytes()));
    format!("{message}.{signature}")
}

/// The claims of a token that one of `keys` signed. Does not check `exp`, `iss` and `aud`.
pub(crate) fn verify(keys: &KeyRing, token: &str) -> Option<Map<String, Value>> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let header = object(header)?;
    let key = keys.find(header.get("kid")?.as_str()?)?;
    let right_alg = header.get("alg")?.as_str()? == key.algorithm.name();
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    (right_alg && key.verifies(message.as_bytes(), &signature)).then(|| object(claims))?
}

pub(crate) fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&decode(part)?).ok()
}

/// base64url without padding.
pub(crate) fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Algorithm, OldKeys};

    #[test]
    fn only_untouched_tokens_of_published_keys_verify() {
        let keys = KeyRing::default();
        let claims = Map::from_iter([("sub".to_owned(), json!("auth0|1"))]);
        let token = sign(&keys.current(Algorithm::ES256), &claims);
        assert_eq!(verify(&keys, &token), Some(claims));
        let forged = encode(&header(&keys.current(Algorithm::ES256)), &Map::new(), |_| vec![0; 64]);
        assert_eq!(verify(&keys, &forged), None);
        assert_eq!(verify(&keys, "opaque"), None);
        keys.rotate(Algorithm::ES256, OldKeys::Withdraw);
        assert_eq!(verify(&keys, &token), None);
    }
}
