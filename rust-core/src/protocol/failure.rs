//! What an unsuccessful answer means. The table of [`token_failure`] decides whether a session continues: only a
//! well-formed refusal of the refresh token ends it. Any other failure leaves it.

use crate::model::json::Object;
use crate::model::proof_key;
use crate::model::time::Timestamp;
use crate::protocol::answer::{json_object, passing_trouble, unexpected};
use crate::protocol::endpoint::{Endpoint, Server};
use crate::protocol::error::ProtocolError;
use crate::protocol::intermediary::is_from_an_intermediary;
use crate::protocol::message::HttpAnswer;
use crate::protocol::mfa_token;
use crate::protocol::sanitized::sanitized_description;
use crate::protocol::server_time::retry_after;

/// The grants that Pilotlight uses. The same error code means different things for different grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// `authorization_code`
    AuthorizationCode,
    /// `refresh_token`
    RefreshToken,
    /// `refresh_token` with a further audience (Auth0: "Multi-Resource Refresh Token"; RFC 8707)
    RefreshTokenForAudience,
    /// `refresh_token` for a session transfer token (Auth0: "Native to Web SSO")
    SessionTransfer,
    /// Auth0's `mfa-otp`, `mfa-oob` and `mfa-recovery-code`: the request contains no refresh token, so none can be
    /// refused
    Mfa,
    /// Token exchange (RFC 8693): the token in the request is not the refresh token, or not of this issuer
    TokenExchange,
}

impl Grant {
    /// Whether a refusal concerns only this attempt.
    fn is_attempt(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::Mfa | Self::TokenExchange)
    }
}

/// The parts of a token request that the app chose. The refusal may be about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extras {
    /// Nothing: a plain request.
    None,
    /// Scopes.
    Scopes,
    /// Parameters of the call or of the configuration, perhaps with scopes.
    Parameters,
}

/// Reads an unsuccessful answer of the token endpoint (RFC 6749 5.2; Auth0 "Standard Error Responses").
///
/// | status | body | means |
/// |---|---|---|
/// | 400, 401, 403 | `invalid_grant`, refresh token | **the session has ended** |
/// | 403 | `access_denied` "Unknown or invalid refresh token", refresh token | **the session has ended** (Auth0) |
/// | 400, 401, 403 | `invalid_grant`, code | this sign-in failed |
/// | 4xx | `invalid_request`, code | this sign-in failed |
/// | 4xx | `invalid_client`, `unauthorized_client` | fix the client id, or the client's settings |
/// | 4xx | `invalid_dpop_proof` | fix `dpop`, or the client's settings (RFC 9449) |
/// | 4xx | `use_dpop_nonce`, once more | retry later |
/// | 4xx | `invalid_scope` | fix the scopes |
/// | 4xx | `invalid_target` | fix the audience (RFC 8707) |
/// | 4xx | `unsupported_grant_type`, `endpoint_disabled`; 405 | fix the client's settings at the issuer |
/// | 4xx | `invalid_request`, where parameters or scopes of the app's were sent | fix these |
/// | 4xx | `mfa_required` with an `mfa_token` | a second factor is needed; the session lives |
/// | 400, 401, 403 | `invalid_grant` with Microsoft's `suberror` for consent or another action | the user is needed; the session lives |
/// | 4xx | `mfa_required`, `interaction_required`, `login_required`, `consent_required` | the user is needed; the session lives |
/// | 4xx | `invalid_request`, or `access_denied` in words about the audience, for a further audience | fix the audience |
/// | 4xx | the same, or `invalid_target`, `invalid_scope`, for a session transfer token | fix the client's settings |
/// | 4xx | `access_denied` in other words | denied by the issuer's rules; the session lives |
/// | 429, or `too_many_requests` | any | retry later |
/// | 5xx, or `temporarily_unavailable`, `server_error` | any | retry later |
/// | 4xx but 407, 408, 421, 425 | any other code, refresh token: some issuers say so that it is dead | refused; retry later |
/// | anything else | empty, HTML, not JSON | retry later |
pub fn token_failure(answer: &HttpAnswer, grant: Grant, extras: Extras, now: Timestamp) -> ProtocolError {
    let body = json_object(answer);
    let words = body.as_ref().and_then(|body| body.text("error_description"));
    let meaning = token_failure_meaning(answer, body.as_ref(), grant, extras, now);
    meaning.in_issuers_words(words.unwrap_or_default())
}

fn token_failure_meaning(
    answer: &HttpAnswer,
    body: Option<&Object>,
    grant: Grant,
    extras: Extras,
    now: Timestamp,
) -> ProtocolError {
    let endpoint = Endpoint::TOKEN;
    if let Some(passing) = passing_trouble(endpoint, answer, now) {
        return passing;
    }
    let text = |name: &str| body.and_then(|body| body.text(name)).unwrap_or_default();
    let (code, description) = (text("error"), sanitized_description(text("error_description")));
    let configuration = |field, hint: &str| ProtocolError::Configuration {
        server: answer.server(endpoint),
        field,
        problem: explained(&said(code, &description), hint).into(),
    };
    if answer.status == 405 && !is_from_an_intermediary(answer) {
        return configuration("token_endpoint", "the endpoint does not take this request");
    }
    if !(400..500).contains(&answer.status) {
        return unexpected(endpoint, answer, "neither success nor an error");
    }
    // Only a complete refusal ends a session, not a truncated answer.
    let ends = |error| match body {
        Some(body) if body.is_complete() => error,
        _ => unexpected(endpoint, answer, "a refusal that is cut off"),
    };
    // Auth0's MFA API can continue with this token. Elsewhere, and without a token, the user has to sign in.
    if code == "mfa_required"
        && grant != Grant::AuthorizationCode
        && let Some((token, requirements)) = body.and_then(mfa_token::required)
    {
        return ProtocolError::MfaRequired {
            server: answer.server(endpoint),
            token,
            requirements: Box::new(requirements),
            description: description.into(),
        };
    }
    match code {
        "invalid_grant" if matches!(answer.status, 400 | 401 | 403) => match grant {
            _ if grant.is_attempt() => ProtocolError::sign_in(code, &description),
            _ if needs_user_at_entra(text("suberror")) => ProtocolError::InteractionRequired {
                server: answer.server(endpoint),
                code: text("suberror").into(),
            },
            _ => ends(ProtocolError::RefreshTokenRejected),
        },
        "access_denied" if !grant.is_attempt() && refuses_refresh_token(answer.status, &description) => {
            ends(ProtocolError::RefreshTokenRejected)
        }
        "access_denied" if grant.is_attempt() => ProtocolError::sign_in(code, &description),
        "access_denied" if grant == Grant::RefreshTokenForAudience && is_about_audience(&description) => {
            configuration("audience", AUDIENCE_HINT)
        }
        "access_denied" if grant == Grant::SessionTransfer && is_about_audience(&description) => {
            configuration("client_id", TRANSFER_HINT)
        }
        "access_denied" => ProtocolError::AccessDenied {
            server: answer.server(endpoint),
            description: description.into(),
        },
        code if needs_user(code) => ProtocolError::InteractionRequired {
            server: answer.server(endpoint),
            code: code.into(),
        },
        "too_many_requests" | "slow_down" => ProtocolError::RateLimited {
            server: answer.server(endpoint),
            retry_after: retry_after(answer, now),
        },
        "temporarily_unavailable" | "server_error" => ProtocolError::ServerFault {
            server: answer.server(endpoint),
            status: answer.status,
            retry_after: retry_after(answer, now),
        },
        "unauthorized_client" | "invalid_target" | "invalid_scope" | "invalid_request"
            if grant == Grant::SessionTransfer =>
        {
            configuration("client_id", TRANSFER_HINT)
        }
        "invalid_client" | "unauthorized_client" | "unsupported_grant_type" if grant == Grant::Mfa => {
            configuration("client_id", MFA_HINT)
        }
        "invalid_client" => configuration("client_id", CLIENT_HINT),
        "unauthorized_client" | "unsupported_grant_type" => configuration("client_id", GRANT_HINT),
        // Another proof was sent already. The server has not examined the refresh token (RFC 9449 5).
        "use_dpop_nonce" => unexpected(endpoint, answer, NONCE_HINT),
        "invalid_dpop_proof" => configuration(proof_key::FIELD, PROOF_HINT),
        "invalid_scope" => configuration("scopes", SCOPES_HINT),
        "invalid_target" if grant != Grant::RefreshTokenForAudience => configuration("audience", API_HINT),
        "invalid_target" => configuration("audience", AUDIENCE_HINT),
        "endpoint_disabled" => configuration("token_endpoint", "the issuer has switched this endpoint off"),
        "invalid_request" if grant == Grant::RefreshTokenForAudience => configuration("audience", AUDIENCE_HINT),
        // The app may not have set any parameter, so the issuer's description is more helpful than the name of a
        // setting.
        "invalid_request" if grant.is_attempt() => ProtocolError::sign_in(code, &description),
        "invalid_request" if extras == Extras::Parameters => {
            configuration("token_parameters", "a parameter is missing, repeated or not understood")
        }
        "invalid_request" if extras == Extras::Scopes => configuration("scopes", SCOPES_HINT),
        // A code can be used only once, so waiting does not help; only the issuer's own error can be shown.
        code if grant.is_attempt() && is_final(answer.status) && !code.is_empty() => {
            ProtocolError::sign_in(&sanitized_description(code), &description)
        }
        "" => unexpected(endpoint, answer, "not an error that OAuth 2.0 defines"),
        code if is_final(answer.status) && body.is_some_and(Object::is_complete) => ProtocolError::Refused {
            server: answer.server(endpoint),
            status: answer.status,
            code: sanitized_description(code),
            description: description.into(),
        },
        code => {
            let words = said(&sanitized_description(code), &description);
            unexpected(
                endpoint,
                answer,
                &format!("not an error that OAuth 2.0 defines ({words})"),
            )
        }
    }
}

/// The meaning of an answer with a success status that has an error and no token, as some servers send it. It never ends
/// the session, because a refusal has another status (RFC 6749 5.2).
pub(super) fn error_with_success(answer: &HttpAnswer, grant: Grant, body: &Object) -> Option<ProtocolError> {
    let code = body
        .text("error")
        .filter(|code| !code.is_empty() && body.is_complete())?;
    let words = body.text("error_description").unwrap_or_default();
    let (code, description) = (sanitized_description(code), sanitized_description(words));
    let error = if grant.is_attempt() {
        ProtocolError::sign_in(&code, &description)
    } else {
        ProtocolError::Refused {
            server: answer.server(Endpoint::TOKEN),
            status: answer.status,
            code,
            description: description.into(),
        }
    };
    Some(error.in_issuers_words(words))
}

/// Whether the status is the issuer's decision. Statuses of proxies and of transient failures are not.
fn is_final(status: u16) -> bool {
    !matches!(status, 407 | 408 | 421 | 425)
}

/// Code and description joined; just one of them if the other is missing.
pub fn said(code: &str, description: &str) -> String {
    match (code, description) {
        (code, "") => code.to_owned(),
        ("", description) => description.to_owned(),
        (code, description) => format!("{code}: {description}"),
    }
}

/// The same failure, with a hint. A client is most often refused because it may not use this grant; `hint` says where
/// that is set.
pub(super) fn about_client(mut failure: ProtocolError, hint: &str) -> ProtocolError {
    if let ProtocolError::Configuration {
        field: "client_id",
        problem,
        ..
    } = &mut failure
    {
        problem.set_text(explained(problem, hint));
    }
    failure
}

/// The issuer's words followed by the hint, or only the hint if the issuer said nothing.
pub(super) fn explained(words: &str, hint: &str) -> String {
    match words {
        "" => hint.to_owned(),
        words => format!("{words} ({hint})"),
    }
}

/// Reads the error of a callback URL (RFC 6749 4.1.2.1). Errors of the configuration are the same as at the token
/// endpoint; all others end the attempt.
pub(super) fn callback_failure(server: &Server, code: &str, words: &str) -> ProtocolError {
    callback_meaning(server, code, &sanitized_description(words)).in_issuers_words(words)
}

fn callback_meaning(server: &Server, code: &str, description: &str) -> ProtocolError {
    let configuration = |field, hint: &str| ProtocolError::Configuration {
        server: server.clone(),
        field,
        problem: explained(&said(code, description), hint).into(),
    };
    let words = description.to_ascii_lowercase();
    match code {
        "invalid_client" => configuration("client_id", CLIENT_HINT),
        "unauthorized_client" => configuration("client_id", GRANT_HINT),
        "invalid_scope" => configuration("scopes", SCOPES_HINT),
        "invalid_target" => configuration("audience", API_HINT),
        // Auth0's words for an unknown audience.
        "access_denied" if words.starts_with("service not found") => configuration("audience", API_HINT),
        _ => ProtocolError::sign_in(&sanitized_description(code), description),
    }
}

pub(super) const NONCE_HINT: &str = "it asks for a nonce although the proof of possession contains it";
pub(super) const PROOF_HINT: &str = "the issuer does not accept the proof of possession, or requires one: set dpop, and check that the \
    issuer knows its address by the same URL as this app";
const CLIENT_HINT: &str =
    "the issuer does not know this client, or the client is not native: a native one has no secret";
const GRANT_HINT: &str = "the client's settings at the issuer do not allow this grant";
const MFA_HINT: &str = "the client must be allowed the MFA grant: at Auth0 in the application's Advanced Settings > \
    Grant Types > MFA";
const SCOPES_HINT: &str = "the issuer does not know or grant one of the scopes";
const API_HINT: &str = "the issuer does not know this API";

const AUDIENCE_HINT: &str = "the issuer must know this API and let the client's refresh tokens get tokens for it: at \
    Auth0 by the application's Multi-Resource Refresh Token settings, for metadata also by `metadataAccess: true`; \
    elsewhere by the configuration's resources, which the sign-in names (RFC 8707)";

const TRANSFER_HINT: &str = "the client must be allowed to create session transfer tokens: at Auth0 in the application's Native to \
    Web SSO settings (session_transfer.can_create_session_transfer_token)";

/// `access_denied` can also be a rule's decision about the user. Auth0's words about an API: "Service not found: …",
/// "Client is not authorized to access …", "Client has not been granted scopes: …".
pub(super) fn is_about_audience(description: &str) -> bool {
    let words = description.to_ascii_lowercase();
    [
        "service not found",
        "not authorized to access",
        "not been granted",
        "audience",
        "resource",
    ]
    .iter()
    .any(|part| words.contains(part))
}

/// Auth0 answers a dead refresh token with 403 `invalid_grant` or, according to its table of errors, 403
/// `access_denied`, both with these words. `access_denied` with other words is a rule's decision about this request.
pub(super) fn refuses_refresh_token(status: u16, description: &str) -> bool {
    let words = description.trim_end_matches('.');
    status == 403 && words.eq_ignore_ascii_case("Unknown or invalid refresh token")
}

/// Whether the issuer requires the user to interact (OpenID Connect Core 3.1.2.6; Auth0: `mfa_required`).
pub(super) fn needs_user(code: &str) -> bool {
    matches!(
        code,
        "mfa_required" | "interaction_required" | "login_required" | "consent_required" | "account_selection_required"
    )
}

/// Microsoft Entra says `invalid_grant` also where the refresh token is good and the user has to do something
/// (Microsoft: "Handle errors and exceptions in MSAL.NET", `UiRequiredExceptionClassification`).
fn needs_user_at_entra(suberror: &str) -> bool {
    matches!(
        suberror,
        "consent_required" | "basic_action" | "additional_action" | "message_only"
    )
}

/// Reads an unsuccessful answer of an endpoint that takes an access token, if nothing more specific is known. The
/// caller must first check whether the token was refused, because only the caller knows whether it was fresh.
pub fn resource_failure(endpoint: Endpoint, answer: &HttpAnswer, now: Timestamp) -> ProtocolError {
    passing_trouble(endpoint, answer, now).unwrap_or_else(|| unexpected(endpoint, answer, "an unknown error"))
}

/// Whether an endpoint refused the access token itself, so that a fresh one may help. RFC 6750 3.1 specifies 401;
/// servers also send 403 or 400 with `invalid_token`, or 403 without an error code. Only 403 that names a missing scope
/// means that a fresh token would be refused as well.
pub fn refuses_token(answer: &HttpAnswer) -> bool {
    match answer.status {
        401 => true,
        403 => !says(answer, "insufficient_scope"),
        400 => says(answer, "invalid_token"),
        _ => false,
    }
}

/// Whether the answer has this error code, in `WWW-Authenticate` (RFC 6750 3) or in its body.
pub(super) fn says(answer: &HttpAnswer, code: &str) -> bool {
    let in_challenge = answer
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
        .flat_map(|(_, value)| value.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')))
        .any(|word| word == code);
    let in_body = |body: Object| ["error", "errorCode"].iter().any(|name| body.text(name) == Some(code));
    in_challenge || json_object(answer).is_some_and(in_body)
}
