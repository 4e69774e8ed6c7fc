//! The formats of answers: OAuth errors, Management API errors, pages.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// The `error` of a refusal, for the request log.
#[derive(Debug, Clone)]
pub(crate) struct Refusal(pub(crate) String);

/// A JSON answer that must not be cached.
pub(crate) fn private_json(status: StatusCode, body: &Value) -> Response {
    let mut response = (status, Json(body)).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
        .headers_mut()
        .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// `{error, error_description}` (RFC 6749 section 5.2).
pub(crate) fn oauth_error(status: u16, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    refused(error, private_json(code(status), &body))
}

/// `{statusCode, error, message, errorCode?}`, the Management API's shape.
pub(crate) fn management_error(status: u16, message: &str, error_code: Option<&str>) -> Response {
    let status = code(status);
    let mut body = json!({
        "statusCode": status.as_u16(), "error": status.canonical_reason().unwrap_or("Error"), "message": message,
    });
    match error_code {
        Some(error_code) => body["errorCode"] = json!(error_code),
        None => body["attributes"] = json!({ "error": message }),
    }
    refused(error_code.unwrap_or(message), private_json(status, &body))
}

/// Marks a response as a refusal for the request log.
pub(crate) fn refused(error: &str, mut response: Response) -> Response {
    response.extensions_mut().insert(Refusal(error.to_owned()));
    response
}

/// A 302 redirect to a location that `http` may find unusual (custom schemes are fine, line breaks are not).
pub(crate) fn redirect(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(value) => (StatusCode::FOUND, [(header::LOCATION, value)]).into_response(),
        Err(_) => oauth_error(400, "invalid_request", "The address to redirect to is malformed."),
    }
}

pub(crate) fn html(status: u16, page: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // The login page must not be framed, and it has no scripts.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    (code(status), headers, Body::from(page)).into_response()
}

/// The status if it is valid, otherwise 500.
pub(crate) fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Sets a header whose value comes from this server and is thus well-formed; a malformed one is left out.
pub(crate) fn set_header(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
