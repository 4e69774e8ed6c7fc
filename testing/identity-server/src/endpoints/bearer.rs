//! Identifies the user of the access token in a request.

use axum::http::{HeaderMap, header};

use crate::jws;
use crate::params::words;
use crate::state::{Db, Shared};

/// A token that is genuine and valid.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    pub(crate) user_id: String,
    pub(crate) client_id: String,
    pub(crate) scope: Vec<String>,
    pub(crate) audiences: Vec<String>,
    pub(crate) is_id_token: bool,
    /// `acr` and `auth_time`, if it is an access token.
    pub(crate) authentication: Option<(Option<String>, i64)>,
    /// The thumbprint of the key that it is bound to.
    pub(crate) key: Option<String>,
}

impl Bearer {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scope.iter().any(|granted| granted == scope)
    }
}

/// Why there is no valid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoBearer {
    /// No `Authorization` header.
    Missing,
    /// Another scheme, or nothing after it.
    Malformed,
    /// Forged, unknown, or revoked.
    Invalid,
    Expired,
}

/// The token itself.
pub(crate) fn presented(headers: &HeaderMap) -> Result<&str, NoBearer> {
    let value = headers.get(header::AUTHORIZATION).ok_or(NoBearer::Missing)?;
    let value = value.to_str().map_err(|_| NoBearer::Malformed)?;
    let (scheme, token) = value.split_once(' ').ok_or(NoBearer::Malformed)?;
    let is_known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("dpop");
    if is_known && !token.trim().is_empty() {
        Ok(token.trim())
    } else {
        Err(NoBearer::Malformed)
    }
}

/// Identifies the user of a token.
pub(crate) fn identify(shared: &Shared, token: &str) -> Result<Bearer, NoBearer> {
    identify_in(shared, &shared.db(), token)
}

/// The same, for a caller that holds the database lock.
pub(crate) fn identify_in(shared: &Shared, db: &Db, token: &str) -> Result<Bearer, NoBearer> {
    if is_jwt(token) {
        identify_jwt(shared, db, token)
    } else {
        identify_opaque(shared, db, token)
    }
}

pub(crate) fn is_jwt(token: &str) -> bool {
    token.split('.').count() == 3
}

fn identify_opaque(shared: &Shared, db: &Db, token: &str) -> Result<Bearer, NoBearer> {
    let known = db
        .access_tokens
        .get(token)
        .filter(|known| !known.revoked)
        .ok_or(NoBearer::Invalid)?;
    if shared.clock.now() >= known.expires_at {
        return Err(NoBearer::Expired);
    }
    Ok(Bearer {
        user_id: known.user_id.clone(),
        client_id: known.client_id.clone(),
        scope: known.scope.clone(),
        audiences: known
            .audience
            .clone()
            .into_iter()
            .chain([shared.userinfo_url()])
            .collect(),
        is_id_token: false,
        authentication: Some(known.authentication.clone()),
        key: known.key.clone(),
    })
}

fn identify_jwt(shared: &Shared, db: &Db, token: &str) -> Result<Bearer, NoBearer> {
    let claims = jws::verify(&shared.keys, token).ok_or(NoBearer::Invalid)?;
    let text = |name: &str| claims.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    if text("iss").as_deref() != Some(&shared.issuer) {
        return Err(NoBearer::Invalid);
    }
    if claims
        .get("exp")
        .and_then(serde_json::Value::as_i64)
        .is_none_or(|exp| shared.clock.now() >= exp)
    {
        return Err(NoBearer::Expired);
    }
    let audiences: Vec<String> = match claims.get("aud") {
        Some(serde_json::Value::Array(all)) => all.iter().filter_map(|aud| Some(aud.as_str()?.to_owned())).collect(),
        _ => text("aud").into_iter().collect(),
    };
    let record = text("jti").map(|id| db.access_tokens.get(&id).cloned());
    let authentication = match record {
        Some(Some(known)) if !known.revoked => Some(known.authentication),
        Some(_) => return Err(NoBearer::Invalid),
        None => None,
    };
    let is_id_token = audiences.iter().any(|audience| shared.client(audience).is_some());
    Ok(Bearer {
        user_id: text("sub").ok_or(NoBearer::Invalid)?,
        client_id: text("azp").or_else(|| audiences.first().cloned()).unwrap_or_default(),
        scope: words(&text("scope").unwrap_or_default()),
        audiences,
        is_id_token,
        authentication,
        key: claims
            .get("cnf")
            .and_then(|key| Some(key.get("jkt")?.as_str()?.to_owned())),
    })
}
