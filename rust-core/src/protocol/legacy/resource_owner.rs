//! `/oauth/ro`: a sign-in with the user's password (Auth0, "Resource Owner", legacy).

use url::Url;

use super::{at, refusal};
use crate::model::configuration::Configuration;
use crate::model::invalid::InvalidValue;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::protocol::answer::{json_object, unexpected};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::message::{HttpAnswer, HttpRequest};
use crate::protocol::mfa_token;
use crate::protocol::token::{TokenAnswer, pairs};

/// Who signs in, and how.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The user name or email address.
    pub username: &'a Secret,
    /// The password.
    pub password: &'a Secret,
    /// The database connection.
    pub connection: &'a str,
    /// The name of this device; required for a refresh token, which is bound to it.
    pub device: Option<&'a str>,
}

/// The request. `parameters` are added as they are.
///
/// # Errors
/// [`ProtocolError::NotWritable`] if it cannot be serialized.
pub fn request(
    base: &Url,
    configuration: &Configuration,
    credentials: &Credentials<'_>,
    parameters: &[(String, String)],
) -> Result<HttpRequest, ProtocolError> {
    let scope = configuration.scopes.join(" ");
    let mut members = vec![
        ("client_id", configuration.client_id.as_str()),
        ("grant_type", "password"),
        ("username", credentials.username.expose()),
        ("password", credentials.password.expose()),
        ("connection", credentials.connection),
        ("scope", &scope),
    ];
    members.extend(credentials.device.map(|device| ("device", device)));
    members.extend(pairs(parameters));
    HttpRequest::post_json(at(base, "/oauth/ro"), &members)
}

/// Reads the answer. It has no `expires_in`.
///
/// # Errors
/// [`ProtocolError::SignIn`] with the issuer's code if the issuer did not let the user in (`invalid_user_password`,
/// `unauthorized`, `too_many_attempts`, `password_leaked`, …); [`ProtocolError::Argument`] for a connection or
/// parameter that it does not know; [`ProtocolError::Configuration`] if the endpoint is switched off or not allowed for
/// this client; otherwise a failure of the server.
pub fn read(answer: &HttpAnswer, now: Timestamp) -> Result<Box<TokenAnswer>, ProtocolError> {
    let endpoint = Endpoint::RESOURCE_OWNER;
    if !answer.is_success() {
        return Err(failure(answer, now));
    }
    let mut body = json_object(answer).ok_or_else(|| unexpected(endpoint, answer, "not a JSON object"))?;
    Ok(Box::new(TokenAnswer {
        access_token: body.take_token("access_token"),
        refresh_token: body.take_token("refresh_token"),
        id_token: body.take_token("id_token"),
        device_secret: None,
        scope: None,
        expires_in: None,
        problem: None,
        proof_key: None,
        is_bound: false,
    }))
}

/// Uses Pilotlight's own words: the server's may quote what it was sent, and a password can look like prose.
fn failure(answer: &HttpAnswer, now: Timestamp) -> ProtocolError {
    let body = json_object(answer).unwrap_or_default();
    let code = body.text("error").unwrap_or_default();
    // This is not a rate limit: the account stays blocked until its owner acts.
    if let (429, "too_many_attempts" | "too_many_logins") = (answer.status, code) {
        return ProtocolError::sign_in(code, "the account is blocked after too many wrong passwords");
    }
    if code == "mfa_required"
        && let Some((token, requirements)) = mfa_token::required(&body)
    {
        return ProtocolError::MfaRequired {
            server: answer.server(Endpoint::RESOURCE_OWNER),
            token,
            requirements: Box::new(requirements),
            description: "".into(),
        };
    }
    let refused = |name, what: &str| {
        ProtocolError::Argument(InvalidValue {
            name,
            problem: format!("was refused by the issuer: {what}"),
        })
    };
    match refusal(Endpoint::RESOURCE_OWNER, answer, Some("ro"), now) {
        Ok(refusal) if refusal.code == "invalid_request" && refusal.description.contains("connection") => {
            refused("connection", "the tenant has none of that name for this client")
        }
        Ok(refusal) if refusal.code == "invalid_request" => refused("parameters", "one is missing, or not understood"),
        Ok(refusal) => ProtocolError::sign_in(
            &refusal.code,
            match refusal.code.as_str() {
                "invalid_user_password" => "the user name or the password is wrong",
                "unauthorized" => "the issuer does not let this user in",
                "password_leaked" => "the password was found in a leak elsewhere, and the issuer wants another",
                _ => "the issuer refused it",
            },
        ),
        Err(error) => error,
    }
}
