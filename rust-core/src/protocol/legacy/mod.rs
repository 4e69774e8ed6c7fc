//! Auth0's endpoints from before June 2017, which tenants of that age may still have: [`delegation`], [`tokeninfo`] and
//! `/oauth/ro` ([`resource_owner`]). No other part of Pilotlight uses them, and a session does only if its
//! configuration allows it.
//!
//! Source: Auth0, "Authentication API", legacy; "Delegation Tokens"; "Application Grant Types".

pub mod delegation;
pub mod resource_owner;
pub mod tokeninfo;

use url::Url;

use super::answer::{json_object, passing_trouble, unexpected};
use super::server_time::retry_after;
use crate::model::time::Timestamp;
use crate::protocol::endpoint::{Endpoint, Server};
use crate::protocol::error::ProtocolError;
use crate::protocol::intermediary::may_be_from_an_intermediary;
use crate::protocol::message::HttpAnswer;
use crate::protocol::sanitized::sanitized_description;

/// A refusal with an error code of the protocol.
struct Refusal {
    server: Server,
    status: u16,
    code: String,
    /// Made safe to show.
    description: String,
}

impl Refusal {
    fn configuration(&self, hint: &str) -> ProtocolError {
        // See `resource_owner`: the description may quote the password.
        let words = match self.description.as_str() {
            "" => String::new(),
            _ if self.server.endpoint() == Endpoint::RESOURCE_OWNER => String::new(),
            words => format!(": {words}"),
        };
        ProtocolError::Configuration {
            server: self.server.clone(),
            field: "legacy",
            problem: format!("{}{words} ({hint})", self.code).into(),
        }
    }
}

/// Reads what an unsuccessful answer means at each of these endpoints. Returns a refusal if its meaning depends on the
/// endpoint. `grant` is the legacy grant type that the endpoint needs, if any.
fn refusal(
    endpoint: Endpoint,
    answer: &HttpAnswer,
    grant: Option<&str>,
    now: Timestamp,
) -> Result<Refusal, ProtocolError> {
    if let Some(passing) = passing_trouble(endpoint, answer, now) {
        return Err(passing);
    }
    let body = json_object(answer).unwrap_or_default();
    let refusal = Refusal {
        server: answer.server(endpoint),
        status: answer.status,
        code: sanitized_description(body.text("error").unwrap_or_default()),
        description: sanitized_description(body.text("error_description").unwrap_or_default()),
    };
    let is_page = may_be_from_an_intermediary(answer);
    match (answer.status, refusal.code.as_str()) {
        (404, "endpoint_disabled") => Err(refusal.configuration(&how_to_enable(grant))),
        // Some tenants do not say why.
        (404, "") if !is_page => Err(ProtocolError::Configuration {
            server: answer.server(endpoint),
            field: "legacy",
            problem: format!("it is not there ({})", how_to_enable(grant)).into(),
        }),
        (400..=499, "unauthorized_client" | "unsupported_grant_type" | "invalid_client") => {
            Err(refusal.configuration(&how_to_enable(grant)))
        }
        (400..=499, "too_many_requests") => Err(ProtocolError::RateLimited {
            server: answer.server(endpoint),
            retry_after: retry_after(answer, now),
        }),
        (400..=499, "temporarily_unavailable" | "server_error") => Err(ProtocolError::ServerFault {
            server: answer.server(endpoint),
            status: answer.status,
            retry_after: retry_after(answer, now),
        }),
        (400..=499, code) if !code.is_empty() => Ok(refusal),
        _ => Err(unexpected(
            endpoint,
            answer,
            "neither success nor an error that is known",
        )),
    }
}

fn how_to_enable(grant: Option<&str>) -> String {
    let enable = grant.map_or_else(String::new, |grant| {
        format!(" and the client is allowed the grant type http://auth0.com/oauth/legacy/grant-type/{grant}")
    });
    format!(
        "it works only where the tenant had it before June 2017{enable}; else leave out `legacy` and sign in with the browser"
    )
}

fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url
}
