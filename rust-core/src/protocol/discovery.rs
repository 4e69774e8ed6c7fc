//! An issuer's endpoints: known beforehand for Auth0, found by OpenID Connect Discovery 1.0 elsewhere.

use serde_json::{Map, Value};
use url::Url;

use super::failure::{resource_failure, success_object};
use crate::jose::{Algorithm, announced_algorithms};
use crate::model::configuration::{IssuerUrl, check_endpoint};
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::message::{HttpAnswer, HttpRequest};

/// What Pilotlight needs to know of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerMetadata {
    /// The issuer's identifier, exactly as its tokens say it.
    pub issuer: String,
    /// `authorization_endpoint`
    pub authorization_endpoint: Url,
    /// `token_endpoint`
    pub token_endpoint: Url,
    /// `jwks_uri`
    pub jwks_uri: Url,
    /// `userinfo_endpoint`
    pub userinfo_endpoint: Option<Url>,
    /// `revocation_endpoint` (RFC 8414)
    pub revocation_endpoint: Option<Url>,
    /// `end_session_endpoint` (OpenID Connect RP-Initiated Logout 1.0, 2.1); Auth0's `/v2/logout`
    pub end_session_endpoint: Option<Url>,
    /// The algorithms that ID tokens may be signed with: what the issuer announces and Pilotlight allows.
    pub id_token_algorithms: Vec<Algorithm>,
    /// Whether the issuer promises `iss` in every callback (RFC 9207 3), so that its absence is suspicious.
    pub iss_parameter_promised: bool,
}

impl IssuerMetadata {
    /// Auth0's endpoints, from its documentation (Authentication API). No request is needed.
    pub fn of_auth0(base: &Url) -> Self {
        let at = |path: &str| {
            let mut url = base.clone();
            url.set_path(path);
            url
        };
        Self {
            issuer: base.to_string(),
            authorization_endpoint: at("/authorize"),
            token_endpoint: at("/oauth/token"),
            jwks_uri: at("/.well-known/jwks.json"),
            userinfo_endpoint: Some(at("/userinfo")),
            revocation_endpoint: Some(at("/oauth/revoke")),
            end_session_endpoint: Some(at("/v2/logout")),
            id_token_algorithms: vec![Algorithm::RS256, Algorithm::PS256],
            iss_parameter_promised: false,
        }
    }

    /// Reads a discovery document (OpenID Connect Discovery 1.0, 4.2 and 4.3).
    ///
    /// # Errors
    /// [`ProtocolError::Configuration`] for the field `issuer` when the document is another issuer's, lacks what is
    /// needed or names an endpoint without `https`; the server's trouble otherwise.
    pub fn read(answer: &HttpAnswer, configured: &Url, now: Timestamp) -> Result<Self, ProtocolError> {
        let document = success_object(Endpoint::Discovery, answer, || match answer.status {
            400..=428 | 430..=499 => wrong("there is no discovery document there"),
            _ => resource_failure(Endpoint::Discovery, answer, now),
        })?;
        let issuer = document
            .get("issuer")
            .and_then(Value::as_str)
            .ok_or_else(|| wrong("the document has no issuer"))?;
        if !is_same_issuer(issuer, configured) {
            return Err(wrong("the document is another issuer's"));
        }
        let needed =
            |name: &str| endpoint(&document, name)?.ok_or_else(|| wrong(&format!("the document has no {name}")));
        let algorithms = document
            .get("id_token_signing_alg_values_supported")
            .and_then(Value::as_array);
        let algorithms = algorithms.map(|names| {
            names
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
        let id_token_algorithms = announced_algorithms(algorithms.as_deref());
        if id_token_algorithms.is_empty() {
            return Err(wrong(
                "it signs ID tokens with no algorithm that is acceptable for a public client",
            ));
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: needed("authorization_endpoint")?,
            token_endpoint: needed("token_endpoint")?,
            jwks_uri: needed("jwks_uri")?,
            userinfo_endpoint: endpoint(&document, "userinfo_endpoint")?,
            revocation_endpoint: endpoint(&document, "revocation_endpoint")?,
            end_session_endpoint: endpoint(&document, "end_session_endpoint")?,
            id_token_algorithms,
            iss_parameter_promised: document.get("authorization_response_iss_parameter_supported")
                == Some(&Value::Bool(true)),
        })
    }
}

/// The request for the document: the path is appended to the issuer's own (OpenID Connect Discovery 1.0, 4.1).
pub fn request(issuer: &IssuerUrl) -> HttpRequest {
    let mut url = issuer.as_url().clone();
    let path = format!("{}/.well-known/openid-configuration", url.path().trim_end_matches('/'));
    url.set_path(&path);
    HttpRequest::get(url, "application/json")
}

/// The request for the issuer's keys.
pub fn keys_request(jwks_uri: &Url) -> HttpRequest {
    HttpRequest::get(jwks_uri.clone(), "application/jwk-set+json, application/json")
}

/// The standard wants identity; a trailing slash more or less is the commonest slip in configurations and names the
/// same issuer.
fn is_same_issuer(issuer: &str, configured: &Url) -> bool {
    let plain = |text: &str| text.trim_end_matches('/').to_owned();
    Url::parse(issuer).is_ok_and(|issuer| plain(issuer.as_str()) == plain(configured.as_str()))
}

fn endpoint(document: &Map<String, Value>, name: &str) -> Result<Option<Url>, ProtocolError> {
    let Some(value) = document.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let url = value.as_str().and_then(|text| Url::parse(text).ok());
    let url = url.ok_or_else(|| wrong(&format!("its {name} is not a URL")))?;
    check_endpoint(&url).map_err(|problem| wrong(&format!("its {name} {problem}")))?;
    Ok(Some(url))
}

fn wrong(problem: &str) -> ProtocolError {
    ProtocolError::Configuration {
        endpoint: Endpoint::Discovery,
        field: "issuer",
        problem: problem.to_owned(),
    }
}
