//! The signature of a JWT in compact form (RFC 7515 5.2).

use std::fmt;

use serde_json::{Map, Value};

use super::algorithms::{Algorithm, supported};
use super::base64url;
use super::key_set::KeySet;
use super::problem::{IdTokenError, IdTokenProblem, shown_text};
use crate::model::json::{Object, present};
use crate::model::secret::Secret;

/// Claims whose signature was verified. Only [`verify_signature`] makes them, so that unsigned claims cannot be
/// validated by mistake. The exceptions are the functions for tokens directly from the issuer: see
/// [`claims_signed_with_secret`](super::claims_signed_with_secret).
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedClaims {
    /// The algorithm that the JWT was signed with; its hash function is also that of `at_hash`.
    pub(super) algorithm: Algorithm,
    pub(super) claims: Map<String, Value>,
}

/// Far above the size of any issuer's ID token. It limits the work for a hostile one.
const LONGEST_TOKEN_BYTES: usize = 256 * 1024;

/// Verifies a JWT's signature with the issuer's keys and reads its claims. It does not decide whether the claims are
/// acceptable: [`validate`](super::validate) does that for ID tokens.
///
/// `allowed` comes from [`announced_algorithms`](super::announced_algorithms); `none` and the HMAC algorithms are
/// rejected even if it contains them. Keys in the token itself (`jwk`, `jku`, `x5c`, `x5u`) are ignored.
///
/// # Errors
/// - [`IdTokenProblem::Malformed`]: not a JWS in compact form of at most 256 KiB with a JSON object as payload; or it
///   has critical header parameters (`crit`); or it is an access token (`typ` is `at+jwt`).
/// - [`IdTokenProblem::AlgorithmNotAllowed`]: `alg` is not in `allowed`.
/// - [`IdTokenProblem::UnknownKey`]: no key fits both `kid` and `alg`.
/// - [`IdTokenProblem::BadSignature`]: no fitting key made this signature.
pub fn verify_signature(token: &Secret, keys: &KeySet, allowed: &[Algorithm]) -> Result<VerifiedClaims, IdTokenError> {
    let jws = CompactJws::split(token.expose())?;
    let header = Header::read(jws.header)?;
    let algorithm = supported(&header.algorithm)
        .filter(|algorithm| allowed.contains(algorithm))
        .ok_or_else(|| IdTokenProblem::AlgorithmNotAllowed.with(names(allowed), shown_text(&header.algorithm)))?;
    let signature =
        base64url::decode(jws.signature).ok_or(IdTokenProblem::Malformed("the signature is not base64url"))?;
    let mut candidates = keys.candidates(header.key_id.as_deref(), algorithm).peekable();
    if candidates.peek().is_none() {
        let wanted = header.key_id.as_deref().map_or("none".to_owned(), shown_text);
        let expected = format!("a published key for {algorithm:?}");
        return Err(IdTokenProblem::UnknownKey.with(expected, format!("kid {wanted}")));
    }
    if !candidates.any(|key| key.verifies(algorithm, jws.signed.as_bytes(), &signature)) {
        return Err(IdTokenProblem::BadSignature.into());
    }
    let claims = decode_object(jws.payload).ok_or(IdTokenProblem::Malformed(
        "the payload is not a JSON object in base64url",
    ))?;
    Ok(VerifiedClaims { algorithm, claims })
}

fn names(algorithms: &[Algorithm]) -> String {
    let names: Vec<_> = algorithms.iter().map(|algorithm| format!("{algorithm:?}")).collect();
    names.join(" or ")
}

/// The `kid` in a JWT's header, unverified. `None` if there is none, or if the header cannot be read.
pub fn key_id(token: &Secret) -> Option<String> {
    Header::read(CompactJws::split(token.expose()).ok()?.header)
        .ok()?
        .key_id
}

impl VerifiedClaims {
    /// The claims, for JWTs other than ID tokens.
    pub fn into_map(self) -> Map<String, Value> {
        self.claims
    }
}

/// Shows no claims: they are the user's data.
impl fmt::Debug for VerifiedClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedClaims")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// The three parts, still encoded, and the text that is signed: the first two parts as received.
pub(super) struct CompactJws<'a> {
    pub(super) header: &'a str,
    pub(super) payload: &'a str,
    signature: &'a str,
    signed: &'a str,
}

impl<'a> CompactJws<'a> {
    pub(super) fn split(token: &'a str) -> Result<Self, IdTokenProblem> {
        if token.len() > LONGEST_TOKEN_BYTES {
            return Err(IdTokenProblem::Malformed("longer than 256 KiB"));
        }
        let not_three = IdTokenProblem::Malformed("not three parts");
        let (signed, signature) = token.rsplit_once('.').ok_or(not_three.clone())?;
        let (header, payload) = signed.split_once('.').ok_or(not_three.clone())?;
        // Five parts are an encrypted JWT (RFC 7516), which no app's client requests.
        if payload.contains('.') {
            Err(not_three)
        } else {
            Ok(Self {
                header,
                payload,
                signature,
                signed,
            })
        }
    }
}

/// The parts of the JOSE header that are used (RFC 7515 4.1).
pub(super) struct Header {
    pub(super) algorithm: String,
    key_id: Option<String>,
}

impl Header {
    pub(super) fn read(encoded: &str) -> Result<Self, IdTokenProblem> {
        let parameters = decode_object(encoded).ok_or(IdTokenProblem::Malformed(
            "the header is not a JSON object in base64url",
        ))?;
        let text = |name: &str, problem: &'static str| match present(&parameters, name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(IdTokenProblem::Malformed(problem)),
        };
        let algorithm = text("alg", "alg is not text")?.ok_or(IdTokenProblem::Malformed("the header has no alg"))?;
        let key_id = text("kid", "kid is not text")?;
        let media_type = text("typ", "typ is not text")?.unwrap_or_default();
        // "If any of the listed extension Header Parameters are not understood and supported by the recipient, then the
        // JWS is invalid" (RFC 7515 4.1.11), and Pilotlight supports none. `null` is not a valid list either.
        if parameters.contains_key("crit") {
            return Err(IdTokenProblem::Malformed("it has critical header parameters"));
        }
        // Issuers write "JWT", nothing, or their own types, so `typ` proves nothing. But an access token has the
        // issuer's signature too, and often `sub` and `aud`. If it declares its type (RFC 9068 2.1), it must not be
        // accepted as an ID token.
        let subtype = media_type.to_ascii_lowercase();
        if subtype.strip_prefix("application/").unwrap_or(&subtype) == "at+jwt" {
            return Err(IdTokenProblem::Malformed("it is an access token"));
        }
        Ok(Self { algorithm, key_id })
    }
}

/// The header or the payload of a JWS, unverified. It must be an object in strictly valid JSON: signed text must not be
/// repaired, or the `sub` of two users could become the same.
pub fn decode_object(encoded: &str) -> Option<Map<String, Value>> {
    let object = Object::read(&base64url::decode(encoded)?)?;
    object.is_exact().then(|| object.into_members())
}
