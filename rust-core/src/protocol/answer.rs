//! What every endpoint's answers have in common: transient failures, JSON bodies, and answers that no protocol defines.

use serde_json::{Map, Value};

use super::content_coding::coding;
use super::endpoint::Endpoint;
use super::error::ProtocolError;
use super::intermediary::is_from_an_intermediary;
use super::message::HttpAnswer;
use super::sanitized::sanitized_description;
use super::server_time::retry_after;
use crate::model::json::Object;
use crate::model::time::Timestamp;

/// 429 and 5xx, which mean the same at every endpoint.
pub fn passing_trouble(endpoint: Endpoint, answer: &HttpAnswer, now: Timestamp) -> Option<ProtocolError> {
    match answer.status {
        429 => Some(ProtocolError::RateLimited {
            server: answer.server(endpoint),
            retry_after: retry_after(answer, now),
        }),
        status @ 500..=599 => Some(ProtocolError::ServerFault {
            server: answer.server(endpoint),
            status,
            retry_after: retry_after(answer, now),
        }),
        _ => None,
    }
}

/// An answer that the protocol does not define.
pub fn unexpected(endpoint: Endpoint, answer: &HttpAnswer, problem: &str) -> ProtocolError {
    let media_type = answer.media_type();
    let problem = match (coding(answer), media_type.as_str()) {
        (Some(coding), _) => format!(
            "{problem}; it has the content coding {}, although none was requested",
            sanitized_description(coding)
        ),
        (None, _) if answer.is_from_a_firewall() => {
            format!("{problem}; a firewall in front of the server asks for a challenge that only a browser can answer")
        }
        (None, _) if is_from_an_intermediary(answer) => {
            format!("{problem}; it is a web page, as from a captive portal or a proxy")
        }
        _ => problem.to_owned(),
    };
    ProtocolError::UnexpectedAnswer {
        server: answer.server(endpoint),
        status: answer.status,
        problem,
    }
}

/// The body as a JSON object, whatever its media type says: servers mislabel JSON.
pub fn json_object(answer: &HttpAnswer) -> Option<Object> {
    Object::read(answer.body.expose())
}

/// The body of a successful answer, which must be a JSON object.
///
/// # Errors
/// The error that `otherwise` returns, or [`ProtocolError::UnexpectedAnswer`].
pub fn success_object(
    endpoint: Endpoint,
    answer: &HttpAnswer,
    otherwise: impl FnOnce() -> ProtocolError,
) -> Result<Map<String, Value>, ProtocolError> {
    if !answer.is_success() {
        return Err(otherwise());
    }
    let object = json_object(answer).ok_or_else(|| unexpected(endpoint, answer, "not a JSON object"))?;
    Ok(object.into_members())
}
