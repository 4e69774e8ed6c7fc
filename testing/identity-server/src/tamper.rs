//! ID tokens that a client must refuse.

use hyper::body::Bytes;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::jws;
use crate::keys::SigningKey;

/// What is wrong with an ID token. Starts without faults; each method adds one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdTokenFault {
    /// Claims to set.
    pub claims: Map<String, Value>,
    /// Claims to leave out.
    pub without: Vec<String>,
    /// Members of the header to set; null removes one.
    pub header: Map<String, Value>,
    pub signature: Signature,
}

/// How the ID token is signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    #[default]
    Proper,
    /// One bit is wrong.
    Broken,
    /// Signed by a key that was never published, under the id of a published one.
    WrongKey,
    /// `alg` "none", and no signature.
    None,
    /// `alg` "HS256", with the public key as the secret.
    Hs256,
}

impl IdTokenFault {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims.insert(name.into(), value);
        self
    }

    #[must_use]
    pub fn without(mut self, claim: &str) -> Self {
        self.without.push(claim.into());
        self
    }

    /// Null removes the member.
    #[must_use]
    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.header.insert(name.into(), value);
        self
    }

    #[must_use]
    pub fn unknown_kid(self) -> Self {
        self.header("kid", json!("nobody-published-this-key"))
    }

    #[must_use]
    pub fn signature(mut self, signature: Signature) -> Self {
        self.signature = signature;
        self
    }

    pub(crate) fn apply(&self, key: &SigningKey, mut claims: Map<String, Value>) -> String {
        claims.retain(|name, _| !self.without.contains(name));
        claims.extend(self.claims.clone());
        let mut header = jws::header(key);
        match self.signature {
            Signature::None => header.insert("alg".into(), json!("none")),
            Signature::Hs256 => header.insert("alg".into(), json!("HS256")),
            _ => None,
        };
        header.extend(self.header.clone());
        header.retain(|_, value| !value.is_null());
        jws::encode(&header, &claims, |message| match self.signature {
            Signature::Proper => key.sign(message),
            Signature::Broken => {
                let mut signature = key.sign(message);
                signature[0] ^= 1;
                signature
            }
            Signature::WrongKey => key.impostor().sign(message),
            Signature::None => Vec::new(),
            Signature::Hs256 => {
                let secret = hmac::Key::new(hmac::HMAC_SHA256, &key.public_material());
                hmac::sign(&secret, message).as_ref().to_vec()
            }
        })
    }
}

/// Changes members of a JSON object; does not change any other body.
pub(crate) fn change_members(body: Bytes, set: &Map<String, Value>, remove: &[String]) -> Bytes {
    let Ok(Value::Object(mut object)) = serde_json::from_slice(&body) else {
        return body;
    };
    object.retain(|name, _| !remove.contains(name));
    object.extend(set.clone());
    Value::Object(object).to_string().into()
}

/// A body encoded with an HTTP content coding (RFC 9110 8.4.1); for an unknown coding, bytes that are not text.
pub(crate) fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    const FASTEST: u8 = 1;
    match coding {
        "deflate" => miniz_oxide::deflate::compress_to_vec_zlib(body, FASTEST),
        "gzip" => {
            let compressed = miniz_oxide::deflate::compress_to_vec(body, FASTEST);
            let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
            let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
            [
                &header[..],
                &compressed,
                &crc32(body).to_le_bytes(),
                &length.to_le_bytes(),
            ]
            .concat()
        }
        _ => body.iter().map(|byte| byte ^ 0x80).collect(),
    }
}

/// RFC 1952 8.
fn crc32(bytes: &[u8]) -> u32 {
    let step =
        |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)));
    !bytes.iter().fold(u32::MAX, step)
}
