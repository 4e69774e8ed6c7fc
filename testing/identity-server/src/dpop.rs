//! Proofs of possession (DPoP, RFC 9449), checked as the standard says; each is accepted only once.

use axum::http::{HeaderMap, HeaderName, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Map, Value};

use crate::answers::{oauth_error, refused, set_header};
use crate::jws::{decode, object};
use crate::random;
use crate::settings::{Dpop, Settings};
use crate::state::{Db, Shared};

const PROOF: HeaderName = HeaderName::from_static("dpop");
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Why a proof is refused.
#[derive(Debug)]
pub(crate) enum Wrong {
    Nonce,
    Proof(&'static str),
}

/// The request that a proof must match.
pub(crate) struct Proved<'a> {
    pub(crate) method: &'a str,
    /// The URL without its query.
    pub(crate) url: String,
    pub(crate) access_token: Option<&'a str>,
}

/// The thumbprint of the key in the proof; `None` without a proof, or if DPoP is off.
pub(crate) fn shown(
    shared: &Shared,
    settings: &Settings,
    db: &mut Db,
    headers: &HeaderMap,
    request: &Proved<'_>,
) -> Result<Option<String>, Wrong> {
    if settings.dpop == Dpop::Off {
        return Ok(None);
    }
    let mut all = headers.get_all(&PROOF).iter();
    let Some(proof) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(Wrong::Proof("there are two proofs"));
    }
    let proof = proof.to_str().map_err(|_| Wrong::Proof("it is no text"))?;
    let (thumbprint, claims) = verified(proof).ok_or(Wrong::Proof("it is malformed, or not signed by its key"))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("htm") != Some(request.method) {
        return Err(Wrong::Proof("htm is another method"));
    }
    if text("htu") != Some(&request.url) {
        return Err(Wrong::Proof("htu is another URL"));
    }
    let now = shared.clock.now();
    let issued_at = claims.get("iat").and_then(Value::as_i64);
    if !issued_at.is_some_and(|at| (now - settings.dpop_leeway..=now + settings.dpop_leeway).contains(&at)) {
        return Err(Wrong::Proof("iat is too far from now"));
    }
    let hash = request.access_token.map(|token| hash(token.as_bytes()));
    if text("ath") != hash.as_deref() {
        return Err(Wrong::Proof("ath is not the hash of the access token"));
    }
    if let Some(lifetime) = settings.dpop_nonce_lifetime {
        let known = db
            .proofs
            .nonces
            .iter()
            .any(|(nonce, given)| text("nonce") == Some(nonce) && now < given.saturating_add(lifetime));
        if !known {
            return Err(Wrong::Nonce);
        }
    }
    match text("jti") {
        Some(id) if db.proofs.used.insert(id.to_owned()) => Ok(Some(thumbprint)),
        Some(_) => Err(Wrong::Proof("it was used before")),
        None => Err(Wrong::Proof("it has no jti")),
    }
}

/// The answer of the token endpoint to a wrong proof (RFC 9449 sections 5 and 8).
pub(crate) fn refusal(wrong: &Wrong) -> Response {
    match wrong {
        Wrong::Nonce => oauth_error(
            400,
            "use_dpop_nonce",
            "Authorization server requires nonce in DPoP proof",
        ),
        Wrong::Proof(problem) => oauth_error(400, "invalid_dpop_proof", problem),
    }
}

/// The refusal of a request with an access token: if the token is bound and the request has no proof with its key, or
/// if the token is not bound and the request has a proof (section 7).
pub(crate) fn guard(
    shared: &Shared,
    settings: &Settings,
    headers: &HeaderMap,
    request: &Proved<'_>,
    bound: Option<&str>,
) -> Option<Response> {
    let scheme = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let is_dpop = scheme.is_some_and(|value| value.to_ascii_lowercase().starts_with("dpop "));
    let error = match bound {
        None if is_dpop => "invalid_token",
        None => return None,
        Some(_) if !is_dpop => "invalid_token",
        Some(thumbprint) => match shown(shared, settings, &mut shared.db(), headers, request) {
            Ok(Some(key)) if key == thumbprint => return None,
            Ok(_) => "invalid_token",
            Err(Wrong::Nonce) => "use_dpop_nonce",
            Err(Wrong::Proof(_)) => "invalid_dpop_proof",
        },
    };
    let mut response = refused(
        error,
        oauth_error(401, error, "The proof of possession is not accepted"),
    );
    let challenge = format!("DPoP error=\"{error}\", algs=\"ES256\"");
    set_header(&mut response, header::WWW_AUTHENTICATE, &challenge);
    Some(with_nonce(shared, settings, &mut shared.db(), response))
}

/// Adds the nonce for the next proof, if nonces are on.
pub(crate) fn with_nonce(shared: &Shared, settings: &Settings, db: &mut Db, mut response: Response) -> Response {
    if settings.dpop != Dpop::Off && settings.dpop_nonce_lifetime.is_some() {
        let nonce = random::token();
        set_header(&mut response, NONCE, &nonce);
        db.proofs.nonces.push((nonce, shared.clock.now()));
    }
    response
}

/// The key's thumbprint and the claims of a proof that the key signed.
fn verified(proof: &str) -> Option<(String, Map<String, Value>)> {
    let (message, signature) = proof.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let header = object(header)?;
    if header.get("typ")? != "dpop+jwt" || header.get("alg")? != "ES256" {
        return None;
    }
    let key = header.get("jwk")?.as_object()?;
    let member = |name: &str| key.get(name).and_then(Value::as_str);
    if member("kty")? != "EC" || member("crv")? != "P-256" || key.contains_key("d") {
        return None;
    }
    let (x, y) = (member("x")?, member("y")?);
    let point = [vec![4], decode(x)?, decode(y)?].concat();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    public.verify(message.as_bytes(), &decode(signature)?).ok()?;
    // RFC 7638 section 3.
    let thumbprint = hash(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes());
    Some((thumbprint, object(claims)?))
}

fn hash(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bytes))
}
