//! Additional parameters and headers: which are allowed.

use std::collections::HashMap;

use crate::model::invalid::InvalidValue;
use crate::model::sorted::sorted;

const MAX_AGE: &str = "max_age";
/// Parameters that Pilotlight sets itself; if an app could set them, it could disable PKCE, `state` or `nonce`.
const RESERVED_PARAMETERS: [&str; 15] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "code",
    "code_verifier",
    "grant_type",
    "refresh_token",
    // A request object takes precedence over the parameters (RFC 9101 5).
    "request",
    "request_uri",
];
/// Credentials, which must never be part of a URL.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "password"];
/// Headers that belong to the protocol, or frame the message (RFC 9110 7.6.1, RFC 9112 6).
const RESERVED_HEADERS: [&str; 18] = [
    "authorization",
    "content-type",
    "content-length",
    "accept",
    "host",
    "cookie",
    "accept-encoding",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    // It would go to the issuer, not to the proxy.
    "proxy-authorization",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "range",
];

/// Validates additional parameters, and sorts them, so that the same configuration always makes the same request.
///
/// # Errors
/// [`InvalidValue`] naming `field`.
pub fn parse_parameters(
    field: &'static str,
    parameters: HashMap<String, String>,
) -> Result<Vec<(String, String)>, InvalidValue> {
    let parsed = sorted(parameters);
    for (name, _) in &parsed {
        if name.is_empty() {
            return Err(InvalidValue::new(field, "has a parameter without a name"));
        }
        if RESERVED_PARAMETERS.contains(&name.as_str()) {
            return Err(InvalidValue::new(
                field,
                format!("sets {name:?}, which Pilotlight sets itself"),
            ));
        }
    }
    Ok(parsed)
}

/// Validates additional parameters of an authorization request, which become part of a URL.
///
/// # Errors
/// [`InvalidValue`] naming `field`.
pub fn parse_authorize_parameters(
    field: &'static str,
    parameters: HashMap<String, String>,
) -> Result<Vec<(String, String)>, InvalidValue> {
    let parsed = parse_parameters(field, parameters)?;
    for (name, value) in &parsed {
        if CREDENTIALS.contains(&name.as_str()) {
            return Err(InvalidValue::new(
                field,
                format!("sets {name:?}, which would stand in a URL"),
            ));
        }
        // The requested value is checked in the ID token.
        if name == MAX_AGE && value.parse::<u32>().is_err() {
            return Err(InvalidValue::new(
                field,
                "has a max_age that is not a number of seconds",
            ));
        }
    }
    Ok(parsed)
}

/// Validates additional headers; names become lower case.
pub(super) fn parse_headers(headers: HashMap<String, String>) -> Result<Vec<(String, String)>, InvalidValue> {
    const FIELD: &str = "headers";
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let parsed = sorted(
        headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value)),
    );
    for (name, value) in &parsed {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(InvalidValue::new(
                FIELD,
                "has a name with a character that RFC 9110 5.1 does not allow",
            ));
        }
        // A conditional request (RFC 9110 13.1) can get an answer without a body.
        if RESERVED_HEADERS.contains(&name.as_str()) || name.starts_with("if-") {
            return Err(InvalidValue::new(
                FIELD,
                format!("sets {name:?}, which Pilotlight sets itself"),
            ));
        }
        if !value.bytes().all(|byte| byte == b'\t' || (0x20..0x7f).contains(&byte)) {
            return Err(InvalidValue::new(
                FIELD,
                "has a value with a character that is not printable ASCII",
            ));
        }
    }
    Ok(parsed)
}
