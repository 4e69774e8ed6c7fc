//! An issuer's endpoints: known in advance for Auth0, found by OpenID Connect Discovery 1.0 for other issuers.

use serde_json::{Map, Value};
use url::Url;

use super::answer::{json_object, success_object, unexpected};
use super::failure::resource_failure;
use crate::jose::{Algorithm, announced_algorithms};
use crate::model::configuration::{IssuerUrl, check_endpoint, is_loopback};
use crate::model::proof_key::ALGORITHM;
use crate::model::time::Timestamp;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::intermediary::may_be_from_an_intermediary;
use crate::protocol::message::{HttpAnswer, HttpRequest};

/// The JSON Web Key Set.
pub const KEYS: Endpoint = Endpoint::named("key set");

/// What Pilotlight needs to know about an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerMetadata {
    /// The issuer's identifier, exactly as in its tokens.
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
    /// `pushed_authorization_request_endpoint` (RFC 9126 5)
    pub pushed_authorization_endpoint: Option<Url>,
    /// `device_authorization_endpoint` (RFC 8628 4)
    pub device_authorization_endpoint: Option<Url>,
    /// `require_pushed_authorization_requests`: whether the issuer accepts no other authorization requests.
    pub requires_pushed_authorization: bool,
    /// `claims_parameter_supported`: whether an authorization request may request individual claims (OpenID Connect
    /// Core 5.5).
    pub takes_claims: bool,
    /// The algorithms that ID tokens may be signed with: those that the issuer announces and Pilotlight allows.
    pub id_token_algorithms: Vec<Algorithm>,
    /// The same for a signed UserInfo answer. If the issuer announces none that is allowed, those of ID tokens.
    pub userinfo_algorithms: Vec<Algorithm>,
    /// `dpop_signing_alg_values_supported` (RFC 9449 5.1), if the document has it.
    pub proof_algorithms: Option<Vec<String>>,
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
            pushed_authorization_endpoint: Some(at("/oauth/par")),
            device_authorization_endpoint: Some(at("/oauth/device/code")),
            requires_pushed_authorization: false,
            takes_claims: false,
            id_token_algorithms: vec![Algorithm::RS256, Algorithm::PS256],
            userinfo_algorithms: vec![Algorithm::RS256, Algorithm::PS256],
            // Every tenant accepts proofs. Each API has a setting that says whether its tokens are bound.
            proof_algorithms: Some(vec![ALGORITHM.to_owned()]),
            iss_parameter_promised: false,
        }
    }

    /// Reads a discovery document (OpenID Connect Discovery 1.0, 4.2 and 4.3).
    ///
    /// # Errors
    /// [`ProtocolError::Configuration`] for the field `issuer` if there is no document, or as
    /// [`IssuerMetadata::of_document`]; otherwise a failure of the server.
    pub fn read(answer: &HttpAnswer, configured: &Url, now: Timestamp) -> Result<Self, ProtocolError> {
        Self::read_with_document(answer, configured, now).map(|(metadata, _)| metadata)
    }

    /// The same, with the document itself.
    ///
    /// # Errors
    /// As [`IssuerMetadata::read`].
    pub fn read_with_document(
        answer: &HttpAnswer,
        configured: &Url,
        now: Timestamp,
    ) -> Result<(Self, Map<String, Value>), ProtocolError> {
        let document = read_document(answer, configured, now)?;
        let metadata = Self::of_document(&document, configured).map_err(|problem| wrong(answer, &problem))?;
        Ok((metadata, document))
    }

    /// The contents of a discovery document, checked. An optional endpoint that cannot be used counts as absent.
    ///
    /// # Errors
    /// A description of the problem: the document belongs to another issuer, lacks a required member, or names a
    /// required endpoint without `https`.
    pub fn of_document(document: &Map<String, Value>, configured: &Url) -> Result<Self, String> {
        let issuer = document.get("issuer").and_then(Value::as_str);
        let issuer = issuer.ok_or("the document has no issuer")?;
        if !is_same_issuer(issuer, configured) {
            return Err(format!(
                "the document belongs to another issuer: it names {}, but {} is configured",
                shown(issuer),
                shown(configured.as_str())
            ));
        }
        let needed = |name: &str| {
            let found = endpoint(document, name, configured)?;
            found.ok_or_else(|| format!("the document has no {name}"))
        };
        // A faulty optional endpoint affects only the calls that need it.
        let optional = |name: &str| endpoint(document, name, configured).unwrap_or_default();
        let is_true = |name: &str| document.get(name) == Some(&Value::Bool(true));
        let algorithms = |name: &str| announced_algorithms(names(document, name).as_deref());
        let id_token_algorithms = algorithms("id_token_signing_alg_values_supported");
        let of_userinfo = "userinfo_signing_alg_values_supported";
        let userinfo_algorithms = names(document, of_userinfo)
            .map(|names| announced_algorithms(Some(&names)))
            .filter(|found| !found.is_empty())
            .unwrap_or_else(|| id_token_algorithms.clone());
        if id_token_algorithms.is_empty() {
            return Err("it signs ID tokens with no algorithm that is acceptable for a public client".to_owned());
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: needed("authorization_endpoint")?,
            token_endpoint: needed("token_endpoint")?,
            jwks_uri: needed("jwks_uri")?,
            userinfo_endpoint: optional("userinfo_endpoint"),
            revocation_endpoint: optional("revocation_endpoint"),
            end_session_endpoint: optional("end_session_endpoint"),
            pushed_authorization_endpoint: optional("pushed_authorization_request_endpoint"),
            device_authorization_endpoint: optional("device_authorization_endpoint"),
            requires_pushed_authorization: is_true("require_pushed_authorization_requests"),
            takes_claims: is_true("claims_parameter_supported"),
            id_token_algorithms,
            userinfo_algorithms,
            proof_algorithms: names(document, "dpop_signing_alg_values_supported"),
            iss_parameter_promised: is_true("authorization_response_iss_parameter_supported"),
        })
    }
}

/// The discovery document in an answer.
///
/// # Errors
/// [`ProtocolError::Configuration`] for the field `issuer` if there is none; otherwise a failure of the server.
fn read_document(answer: &HttpAnswer, configured: &Url, now: Timestamp) -> Result<Map<String, Value>, ProtocolError> {
    let url = document_url(configured);
    let wrong = |problem: &str| wrong(answer, problem);
    success_object(Endpoint::DISCOVERY, answer, || match answer.status {
        // A web page comes from a firewall or a portal as often as from the issuer, and these statuses are transient.
        407 | 408 | 421 | 425 => unexpected(Endpoint::DISCOVERY, answer, "no discovery document"),
        // Most web servers answer a wrong path with a page that says "not found".
        404 | 410 => wrong(&format!("there is no discovery document at {url}")),
        400..=499 if answer.status != 429 && may_be_refused_by_an_intermediary(answer) => unexpected(
            Endpoint::DISCOVERY,
            answer,
            "no discovery document; if it persists, check the issuer",
        ),
        400..=428 | 430..=499 => wrong(&format!(
            "there is no discovery document at {url} (status {})",
            answer.status
        )),
        300..=399 => unexpected(
            Endpoint::DISCOVERY,
            answer,
            "a redirect that is not followed (only permanent ones on the same origin are); if it persists, \
             check the issuer",
        ),
        _ => resource_failure(Endpoint::DISCOVERY, answer, now),
    })
}

/// Firewalls and proxies refuse with these statuses. An issuer that refuses its discovery document does so in JSON.
fn may_be_refused_by_an_intermediary(answer: &HttpAnswer) -> bool {
    may_be_from_an_intermediary(answer) || matches!(answer.status, 403 | 405 | 451) && json_object(answer).is_none()
}

/// The members that [`IssuerMetadata::of_document`] reads.
const READ: [&str; 15] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "revocation_endpoint",
    "end_session_endpoint",
    "pushed_authorization_request_endpoint",
    "device_authorization_endpoint",
    "require_pushed_authorization_requests",
    "claims_parameter_supported",
    "id_token_signing_alg_values_supported",
    "userinfo_signing_alg_values_supported",
    "authorization_response_iss_parameter_supported",
    "dpop_signing_alg_values_supported",
];

/// The part of a document that is kept with the session, as JSON; `None` if it is too large.
pub fn kept_part(mut document: Map<String, Value>) -> Option<String> {
    const MOST_BYTES: usize = 16 * 1024;
    document.retain(|name, _| READ.contains(&name.as_str()));
    Some(Value::Object(document).to_string()).filter(|text| text.len() <= MOST_BYTES)
}

/// The request for the document: the path is appended to the issuer's own (OpenID Connect Discovery 1.0, 4.1).
pub fn request(issuer: &IssuerUrl) -> HttpRequest {
    HttpRequest::get(document_url(issuer.as_url()), "application/json")
}

fn document_url(issuer: &Url) -> Url {
    let mut url = issuer.clone();
    let path = format!("{}/.well-known/openid-configuration", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url
}

/// The request for a document that has moved permanently (301 and 308, RFC 9110 15.4.2 and 15.4.9), if the new location
/// has the same origin: an origin may say where its documents are. Other redirects are not followed.
pub fn moved_request(answer: &HttpAnswer, issuer: &IssuerUrl) -> Option<HttpRequest> {
    let from = document_url(issuer.as_url());
    let location = answer
        .header("location")
        .filter(|_| matches!(answer.status, 301 | 308))?;
    let mut to = from.join(location).ok()?;
    to.set_fragment(None);
    let is_allowed = to.origin() == from.origin() && to != from && check_endpoint(&to).is_ok();
    is_allowed.then(|| HttpRequest::get(to, "application/json"))
}

/// The request for the issuer's keys.
pub fn keys_request(jwks_uri: &Url) -> HttpRequest {
    HttpRequest::get(jwks_uri.clone(), "application/jwk-set+json, application/json")
}

/// Whether both name the same issuer. The standard requires identical text; an extra or missing trailing slash is the
/// commonest mistake in configurations, and names the same issuer.
fn is_same_issuer(issuer: &str, configured: &Url) -> bool {
    let plain = |text: &str| text.trim_end_matches('/').to_owned();
    Url::parse(issuer).is_ok_and(|issuer| plain(issuer.as_str()) == plain(configured.as_str()))
}

/// A list of strings. Some servers send a single string instead of a list with one.
fn names(document: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    match document.get(name)? {
        Value::String(name) => Some(vec![name.clone()]),
        Value::Array(names) => Some(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}

/// An endpoint of the document. Plain http is allowed only if the issuer is on this machine: a remote server must not
/// make the app send tokens to whatever listens here.
fn endpoint(document: &Map<String, Value>, name: &str, issuer: &Url) -> Result<Option<Url>, String> {
    let Some(value) = document.get(name).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let url = value.as_str().and_then(|text| Url::parse(text).ok());
    let url = url.ok_or_else(|| format!("its {name} is not a URL"))?;
    check_endpoint(&url).map_err(|problem| format!("its {name} {problem}"))?;
    if url.scheme() == "http" && !is_loopback(issuer) {
        return Err(format!("its {name} must use https"));
    }
    Ok(Some(url))
}

/// An issuer's identifier, for people to read: a URL without the other parts that a server may have put there.
pub(super) fn shown(issuer: &str) -> String {
    const LONGEST: usize = 200;
    match Url::parse(issuer) {
        Ok(url) if url.has_host() && url.username().is_empty() && url.password().is_none() => {
            let plain = url.as_str().split(['?', '#']).next().unwrap_or_default();
            plain.chars().take(LONGEST).collect()
        }
        _ => "what is not a URL".to_owned(),
    }
}

fn wrong(answer: &HttpAnswer, problem: &str) -> ProtocolError {
    ProtocolError::Configuration {
        server: answer.server(Endpoint::DISCOVERY),
        field: "issuer",
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::SecretBytes;

    fn read(issuer: &str, token_endpoint: &str) -> Result<IssuerMetadata, ProtocolError> {
        let document = serde_json::json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": token_endpoint,
            "jwks_uri": format!("{issuer}/jwks"),
            "userinfo_endpoint": "http://127.0.0.1:4000/userinfo",
        });
        let answer = HttpAnswer {
            host: String::new(),
            status: 200,
            headers: Vec::new(),
            body: SecretBytes::new(document.to_string().into_bytes()),
        };
        IssuerMetadata::read(&answer, &Url::parse(issuer).unwrap(), Timestamp(1_700_000_000))
    }

    #[test]
    fn plain_http_on_this_machine_is_for_an_issuer_on_this_machine() {
        const REMOTE: &str = "https://login.example.com";
        const LOCAL: &str = "http://localhost:4000";
        assert_eq!(
            read(REMOTE, "https://login.example.com/token")
                .unwrap()
                .userinfo_endpoint,
            None
        );
        assert!(read(REMOTE, "http://127.0.0.1:4000/token").is_err());
        assert!(read(REMOTE, "http://localhost/token").is_err());
        assert!(
            read(LOCAL, "http://127.0.0.1:4000/token")
                .unwrap()
                .userinfo_endpoint
                .is_some()
        );
    }
}
