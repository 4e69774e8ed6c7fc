//! The token endpoint: code exchange and renewal (RFC 6749 4.1.3 and 6, RFC 7636 4.5), and its successful answer.

use serde_json::Value;
use url::Url;

use super::answer::{json_object, unexpected};
use super::failure::{Extras, Grant, error_with_success, token_failure};
use crate::model::configuration::Configuration;
use crate::model::numeric_date::lenient_seconds;
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::message::{HttpAnswer, HttpRequest};

/// A successful answer. On a renewal it may be incomplete. What it does contain is stored first, and the problem is
/// reported later, because a rotated refresh token exists nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenAnswer {
    /// `access_token`
    pub access_token: Option<Secret>,
    /// `refresh_token`: absent if the issuer does not rotate it.
    pub refresh_token: Option<Secret>,
    /// `id_token`
    pub id_token: Option<Secret>,
    /// `device_secret` (OpenID Connect Native SSO for Mobile Apps 1.0, 3.4). Only the issuer knows how `ds_hash` in the
    /// ID token relates to it: the profile leaves that to the issuer (3.5), and the issuer is the one that receives
    /// both.
    pub device_secret: Option<Secret>,
    /// `scope`
    pub scope: Option<String>,
    /// `expires_in`, in seconds.
    pub expires_in: Option<u64>,
    /// What is wrong with the answer, although it is a successful one.
    pub problem: Option<&'static str>,
    /// The key whose proof the request contained (DPoP, RFC 9449).
    pub proof_key: Option<ProofKey>,
    /// Whether the access token is bound to that key (`token_type` DPoP).
    pub is_bound: bool,
}

/// The request that exchanges an authorization code.
pub fn exchange_code(endpoint: &Url, configuration: &Configuration, code: &Secret, verifier: &Secret) -> HttpRequest {
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", &configuration.client_id),
        ("code", code.expose()),
        ("code_verifier", verifier.expose()),
        ("redirect_uri", &configuration.redirect_uri),
    ];
    HttpRequest::post_form(
        endpoint.clone(),
        fields.into_iter().chain(pairs(&configuration.token_parameters)),
    )
}

/// The request that renews with a refresh token. `parameters` take precedence over the configuration's parameters of
/// the same name.
pub fn refresh(
    endpoint: &Url,
    configuration: &Configuration,
    refresh_token: &Secret,
    scopes: &[String],
    parameters: &[(String, String)],
) -> HttpRequest {
    let scope = scopes.join(" ");
    let mut fields = vec![
        ("grant_type", "refresh_token"),
        ("client_id", configuration.client_id.as_str()),
        ("refresh_token", refresh_token.expose()),
    ];
    if !scope.is_empty() {
        fields.push(("scope", &scope));
    }
    let configured =
        pairs(&configuration.token_parameters).filter(|(name, _)| !parameters.iter().any(|(own, _)| own == name));
    HttpRequest::post_form(
        endpoint.clone(),
        fields.into_iter().chain(configured).chain(pairs(parameters)),
    )
}

/// Which optional parts of a request the app chose.
pub fn extras(configuration: &Configuration, scopes: &[String], parameters: &[(String, String)]) -> Extras {
    if !configuration.token_parameters.is_empty() || !parameters.is_empty() {
        Extras::Parameters
    } else if scopes.is_empty() {
        Extras::None
    } else {
        Extras::Scopes
    }
}

/// Reads the answer to either request, if the app chose no optional parts.
///
/// # Errors
/// As [`read_with`].
pub fn read(answer: &HttpAnswer, grant: Grant, now: Timestamp) -> Result<Box<TokenAnswer>, ProtocolError> {
    read_with(answer, grant, Extras::None, None, now)
}

/// Reads the answer to a request with the optional parts `extras`. `key` is the key whose proof the request contained,
/// if any (RFC 9449 5).
///
/// # Errors
/// The error of [`token_failure`] for an unsuccessful answer; [`ProtocolError::UnexpectedAnswer`] for a successful one
/// without a token.
pub fn read_with(
    answer: &HttpAnswer,
    grant: Grant,
    extras: Extras,
    key: Option<&ProofKey>,
    now: Timestamp,
) -> Result<Box<TokenAnswer>, ProtocolError> {
    if !answer.is_success() {
        return Err(token_failure(answer, grant, extras, now));
    }
    let Some(mut body) = json_object(answer) else {
        return Err(unexpected(Endpoint::TOKEN, answer, "not a JSON object"));
    };
    let mut read = Box::new(TokenAnswer {
        access_token: body.take_token("access_token"),
        refresh_token: body.take_token("refresh_token"),
        id_token: body.take_token("id_token"),
        device_secret: body.take_token("device_secret"),
        scope: body.get("scope").and_then(scopes),
        expires_in: body.get("expires_in").and_then(seconds),
        problem: None,
        proof_key: key.cloned(),
        is_bound: false,
    });
    if read.access_token.is_none() {
        read.problem = Some("no access_token");
    }
    // RFC 6749 5.1: a client must not use a token whose type it does not understand. Case does not matter; some servers
    // leave the type out.
    let kind = body.get("token_type").map(|kind| kind.as_str().map(str::trim));
    match kind {
        None => {}
        Some(Some(kind)) if is_bearer(kind) => {}
        // RFC 8693 2.2.1: the type is `N_A` for a token that is not an access token.
        Some(Some(kind)) if grant == Grant::SessionTransfer && kind.eq_ignore_ascii_case("n_a") => {}
        Some(Some(kind)) if key.is_some() && kind.eq_ignore_ascii_case("dpop") => read.is_bound = true,
        Some(_) => {
            read.access_token = None;
            read.problem = Some("a token_type that is not Bearer");
        }
    }
    match (&read.access_token, &read.refresh_token) {
        (None, None) => Err(error_with_success(answer, grant, &body)
            .unwrap_or_else(|| unexpected(Endpoint::TOKEN, answer, "no token in it"))),
        _ => Ok(read),
    }
}

fn is_bearer(kind: &str) -> bool {
    kind.is_empty() || kind.eq_ignore_ascii_case("bearer")
}

/// Scopes in one string (RFC 6749 3.3), or in a list, as some servers send them.
fn scopes(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(names) => Some(names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        _ => None,
    }
}

/// Parameters in the form that a form or a query takes.
pub(super) fn pairs(parameters: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

/// A value that is not a number counts as absent.
fn seconds(value: &Value) -> Option<u64> {
    lenient_seconds(value).map(|seconds| u64::try_from(seconds).unwrap_or(0))
}
