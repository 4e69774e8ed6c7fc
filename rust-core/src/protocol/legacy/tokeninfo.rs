//! `/tokeninfo`: the profile of the user that an ID token identifies.

use serde_json::{Map, Value};
use url::Url;

use super::{at, refusal};
use crate::model::invalid::InvalidValue;
use crate::model::json::{present, text_of};
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::protocol::answer::success_object;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::intermediary::may_be_from_an_intermediary;
use crate::protocol::message::{HttpAnswer, HttpRequest};

/// Auth0's `/tokeninfo`.
pub const ENDPOINT: Endpoint = Endpoint::named("tokeninfo endpoint");

/// The request. The endpoint needs no client ID.
///
/// # Errors
/// [`ProtocolError::NotWritable`] if it cannot be serialized.
pub fn request(base: &Url, id_token: &Secret) -> Result<HttpRequest, ProtocolError> {
    HttpRequest::post_json(at(base, "/tokeninfo"), &[("id_token", id_token.expose())])
}

/// Reads the answer: the claims. The endpoint is older than OpenID Connect; if it sends no `sub`, this makes one from
/// `user_id`.
///
/// # Errors
/// [`ProtocolError::Argument`] for an ID token that is refused; [`ProtocolError::Configuration`] if the endpoint is
/// switched off; otherwise a failure of the server.
pub fn read(answer: &HttpAnswer, now: Timestamp) -> Result<Map<String, Value>, ProtocolError> {
    let endpoint = ENDPOINT;
    let mut claims = success_object(endpoint, answer, || match answer.status {
        400 | 401 | 403 if !may_be_from_an_intermediary(answer) => ProtocolError::Argument(InvalidValue {
            name: "id_token",
            problem: "was refused by the issuer: it has expired, or another issuer gave it".to_owned(),
        }),
        _ => match refusal(endpoint, answer, None, now) {
            Ok(refusal) => refusal.configuration("the request was not understood"),
            Err(error) => error,
        },
    })?;
    if present(&claims, "sub").is_none() {
        let user_id = text_of(&claims, "user_id").unwrap_or_default().to_owned();
        claims.insert("sub".to_owned(), Value::String(user_id));
    }
    Ok(claims)
}
