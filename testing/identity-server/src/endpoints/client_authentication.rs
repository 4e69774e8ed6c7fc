//! Identifies the client (RFC 6749 section 2.3): a public one by its id, a confidential one by its secret.

use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use crate::answers::oauth_error;
use crate::options::Client;
use crate::params::Params;
use crate::state::Shared;

#[expect(clippy::result_large_err, reason = "the refusal is returned at once")]
pub(crate) fn client<'a>(shared: &'a Shared, headers: &HeaderMap, params: &Params) -> Result<&'a Client, Response> {
    let invalid = |description| oauth_error(401, "invalid_client", description);
    let (id, secret) = match basic(headers) {
        Some((id, secret)) => (Some(id), Some(secret)),
        None => (params.owned("client_id"), params.owned("client_secret")),
    };
    let id = id.ok_or_else(|| invalid("Missing required parameter: client_id"))?;
    let client = shared.client(&id).ok_or_else(|| invalid("Unknown client"))?;
    match (&client.secret, secret) {
        (Some(expected), Some(given)) if expected.is(&given) => Ok(client),
        (Some(_), _) => Err(invalid("Unauthorized")),
        (None, _) => Ok(client),
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let encoded = value.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    // Both parts are form-encoded first (RFC 6749 section 2.3.1).
    let decode = |part: &str| {
        form_urlencoded::parse(part.as_bytes())
            .next()
            .map(|(name, _)| name.into_owned())
    };
    Some((decode(id)?, decode(secret)?))
}
