//! What the refusal of a token exchange means (RFC 8693 2.2.2; Auth0: "Custom Token Exchange"). No refusal ends the
//! session.

use super::failure::{explained, is_about_audience, said};
use super::sanitized::sanitized_description;
use crate::model::audience::Audience;
use crate::model::invalid::{InvalidValue, quoted};
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::issuer_message::Explanation;
use crate::protocol::message::HttpAnswer;

/// Why an exchange brought no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExchangeFailure {
    /// The issuer does not accept the session's token; a fresh one may be accepted. Contains the error for the case
    /// that the token was fresh.
    Subject(ProtocolError),
    /// Anything else.
    Other(ProtocolError),
}

/// What the exchange asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) audience: &'a Audience,
    /// Which of the session's tokens was sent, in words.
    pub(super) subject: &'static str,
    /// Whether an actor's token was sent too.
    pub(super) has_actor: bool,
}

/// What the error code means:
///
/// | the issuer's code | means |
/// |---|---|
/// | `invalid_grant`, `invalid_token`, and `invalid_request` in words that call the subject token expired or the like | another token may do |
/// | the same, in words about the actor | choose another actor |
/// | `invalid_client`, `unauthorized_client`, `unsupported_grant_type`, `invalid_request` | fix the client's settings |
/// | `invalid_target`, `access_denied` in words about the audience | fix the audience |
/// | `access_denied` in other words | denied by the issuer's rules |
/// | any other | as after any token request |
pub(super) fn meaning(failure: ProtocolError, answer: &HttpAnswer, asked: Asked<'_>) -> ExchangeFailure {
    let server = answer.server(Endpoint::TOKEN);
    let configuration = |field, mut problem: Explanation, hint: &str| {
        problem.set_text(explained(&problem, hint));
        ProtocolError::Configuration {
            server: server.clone(),
            field,
            problem,
        }
    };
    let (code, description) = match failure {
        ProtocolError::SignIn { code, description } => (code, description),
        ProtocolError::Configuration {
            field: "client_id",
            problem,
            ..
        } => return ExchangeFailure::Other(configuration("client_id", problem, CLIENT_HINT)),
        other => return ExchangeFailure::Other(other.about_audience(Some(&asked.audience.identifier))),
    };
    let words = description.to_ascii_lowercase();
    let whole = description.clone().with_text(&said(&code, &description));
    let is_refused = matches!(code.as_str(), "invalid_grant" | "invalid_token" | "invalid_request");
    ExchangeFailure::Other(match code.as_str() {
        _ if is_refused && asked.has_actor && words.contains("actor") => {
            let problem = format!("is not accepted by the issuer ({whole})");
            ProtocolError::Argument(InvalidValue::new("actor", problem))
        }
        "invalid_grant" | "invalid_token" => return ExchangeFailure::Subject(refused(&whole, asked.subject)),
        "invalid_request" if calls_it_stale(&words) => {
            return ExchangeFailure::Subject(refused(&whole, asked.subject));
        }
        "invalid_request" => configuration("client_id", whole, REQUEST_HINT),
        "access_denied" if is_about_audience(&words) => {
            let denied = configuration("audience", whole, AUDIENCE_HINT);
            denied.about_audience(Some(&asked.audience.identifier))
        }
        "access_denied" => ProtocolError::AccessDenied { server, description },
        _ => ProtocolError::Refused {
            server,
            status: answer.status,
            code,
            description,
        },
    })
}

/// RFC 8693 2.2.2 requires `invalid_request` for a subject token that is no longer valid.
fn calls_it_stale(words: &str) -> bool {
    let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    says(&["subject_token", "subject token"]) && says(&["expired", "revoked", "not active", "inactive"])
}

fn refused(words: &str, subject: &str) -> ProtocolError {
    let problem = format!(
        "names the session's {subject}, which the issuer does not accept, even when fresh ({words}): choose another token, or see \
         what the issuer wants of it, at Auth0 the Action of the Custom Token Exchange profile"
    );
    ProtocolError::Argument(InvalidValue::new("type", problem))
}

/// The error for a token that is not an access token.
pub(super) fn not_an_access_token(answer: &HttpAnswer, kind: &str) -> ProtocolError {
    ProtocolError::Configuration {
        server: answer.server(Endpoint::TOKEN),
        field: "client_id",
        problem: format!(
            "the issuer gave a token of another type ({}) where an access token was asked for: its settings for this client \
             decide that",
            sanitized_description(kind)
        )
        .into(),
    }
}

/// The error for a token for another API. Auth0 does not report that it ignored an audience.
pub(super) fn of_another_api(answer: &HttpAnswer, audience: &Audience) -> ProtocolError {
    ProtocolError::Configuration {
        server: answer.server(Endpoint::TOKEN),
        field: "audience",
        problem: format!(
            "the issuer gave a token for another API; asked for {}",
            quoted(&audience.identifier)
        )
        .into(),
    }
}

const CLIENT_HINT: &str = "the client must be allowed the token exchange grant \
    (urn:ietf:params:oauth:grant-type:token-exchange): at Auth0 by Applications > your app > Settings > Custom Token Exchange";
const REQUEST_HINT: &str = "the issuer does not take such an exchange: at Auth0 there must be a profile for this \
    subject_token_type (Authentication > Custom Token Exchange > Create Profile), which cannot be one of urn:ietf's; elsewhere see which types the \
    issuer knows (RFC 8693 3)";
const AUDIENCE_HINT: &str = "the issuer must know this API, and let this client and user have it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_about_a_subject_token_that_is_over_ask_for_a_fresh_one() {
        for words in [
            "the subject token has expired",
            "subject_token is revoked",
            "the provided subject_token is not active",
        ] {
            assert!(calls_it_stale(words), "{words}");
        }
        for words in [
            "the subject token type is not known",
            "missing subject_token",
            "the client's secret has expired",
            "",
        ] {
            assert!(!calls_it_stale(words), "{words}");
        }
    }
}
