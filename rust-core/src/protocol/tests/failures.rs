//! Refusals of the endpoints that return tokens and documents.

use url::Url;

use super::{NOW, answer, error, json};
use crate::protocol::answer::unexpected;
use crate::protocol::device_authorization::{self, Polled};
use crate::protocol::discovery::IssuerMetadata;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::failure::{Extras, Grant, token_failure};
use crate::protocol::message::HttpAnswer;
use crate::protocol::token::read_with;
use crate::protocol::{pushed_authorization, revocation, users};

/// The setting that a failure names, and its description.
fn setting(failure: &ProtocolError) -> (&'static str, &str) {
    match failure {
        ProtocolError::Configuration { field, problem, .. } => (field, problem.as_ref()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_code_is_another_setting_for_each_grant() {
    use Grant::{AuthorizationCode, Mfa, RefreshToken, RefreshTokenForAudience, SessionTransfer};
    let transfer = "Native to Web SSO";
    let mfa = "MFA grant";
    let several = "Multi-Resource";
    for (grant, code, words, field, hint) in [
        (
            SessionTransfer,
            "access_denied",
            "Service not found: x",
            "client_id",
            transfer,
        ),
        (
            RefreshTokenForAudience,
            "access_denied",
            "Service not found: x",
            "audience",
            several,
        ),
        (SessionTransfer, "invalid_target", "", "client_id", transfer),
        (SessionTransfer, "unauthorized_client", "", "client_id", transfer),
        (
            RefreshToken,
            "unauthorized_client",
            "",
            "client_id",
            "not allow this grant",
        ),
        (
            RefreshToken,
            "invalid_client",
            "",
            "client_id",
            "does not know this client",
        ),
        (Mfa, "unauthorized_client", "", "client_id", mfa),
        (Mfa, "invalid_client", "", "client_id", mfa),
        (Mfa, "unsupported_grant_type", "", "client_id", mfa),
        (
            RefreshToken,
            "unsupported_grant_type",
            "",
            "client_id",
            "not allow this grant",
        ),
        (RefreshToken, "invalid_target", "", "audience", "does not know this API"),
        (
            AuthorizationCode,
            "invalid_target",
            "",
            "audience",
            "does not know this API",
        ),
        (RefreshTokenForAudience, "invalid_target", "", "audience", several),
        (RefreshTokenForAudience, "invalid_request", "", "audience", several),
    ] {
        let failure = token_failure(&error(400, code, words), grant, Extras::None, NOW);
        let found = setting(&failure);
        assert!(
            found.0 == field && found.1.contains(hint),
            "{grant:?} {code}: {found:?}"
        );
    }
}

#[test]
fn what_is_denied_in_other_words_is_no_setting() {
    for grant in [
        Grant::SessionTransfer,
        Grant::RefreshTokenForAudience,
        Grant::RefreshToken,
    ] {
        let failure = token_failure(&error(403, "access_denied", "A rule says no"), grant, Extras::None, NOW);
        assert!(
            matches!(failure, ProtocolError::AccessDenied { .. }),
            "{grant:?}: {failure:?}"
        );
    }
    let about_an_api = error(403, "access_denied", "Service not found: x");
    let failure = token_failure(&about_an_api, Grant::RefreshToken, Extras::None, NOW);
    assert!(matches!(failure, ProtocolError::AccessDenied { .. }), "{failure:?}");
    for grant in [Grant::AuthorizationCode, Grant::Mfa] {
        let failure = token_failure(&error(400, "invalid_request", ""), grant, Extras::Parameters, NOW);
        assert!(
            matches!(failure, ProtocolError::SignIn { .. }),
            "{grant:?}: {failure:?}"
        );
    }
}

#[test]
fn a_refusal_that_is_cut_off_ends_nothing() {
    let whole = r#"{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#;
    for length in [whole.len() - 1, whole.len() - 2] {
        let failure = token_failure(&json(400, &whole[..length]), Grant::RefreshToken, Extras::None, NOW);
        assert!(matches!(failure, ProtocolError::UnexpectedAnswer { .. }), "{failure:?}");
    }
    let failure = token_failure(&json(400, whole), Grant::RefreshToken, Extras::None, NOW);
    assert_eq!(failure, ProtocolError::RefreshTokenRejected);
}

#[test]
fn a_token_of_an_unknown_type_is_none_and_only_what_is_no_access_token_has_none() {
    let read = |grant, kind: &str| {
        let body = format!(r#"{{"access_token":"a","refresh_token":"r","token_type":"{kind}"}}"#);
        let read = read_with(&json(200, &body), grant, Extras::None, None, NOW).unwrap();
        read.access_token.is_some()
    };
    for (grant, kind, is_taken) in [
        (Grant::SessionTransfer, "N_A", true),
        (Grant::SessionTransfer, "Bearer", true),
        (Grant::SessionTransfer, "mac", false),
        (Grant::RefreshToken, "N_A", false),
        (Grant::RefreshToken, "bearer", true),
        (Grant::RefreshToken, "DPoP", false),
    ] {
        assert_eq!(read(grant, kind), is_taken, "{grant:?} {kind}");
    }
}

#[test]
fn the_sign_in_on_another_device_waits_for_a_refusals_status_only() {
    for (status, code) in [(302, "authorization_pending"), (302, "slow_down"), (600, "slow_down")] {
        let polled = device_authorization::read_poll(&error(status, code, ""), Extras::None, None, NOW);
        assert!(polled.is_err(), "{status} {code}: {polled:?}");
    }
    let polled = device_authorization::read_poll(&error(400, "authorization_pending", ""), Extras::None, None, NOW);
    assert!(matches!(polled, Ok(Polled::Pending)), "{polled:?}");
}

#[test]
fn a_client_or_an_issuer_without_the_grant_is_a_setting_and_a_page_is_not() {
    let read = |answer: &HttpAnswer| device_authorization::read(answer, NOW).unwrap_err();
    for refused in [
        error(400, "unsupported_grant_type", ""),
        error(400, "unauthorized_client", ""),
        json(404, "{}"),
        json(405, ""),
        json(410, ""),
    ] {
        let words = format!("{:?}", read(&refused));
        assert!(words.contains("Device Code"), "{words}");
    }
    let page = read(&answer(404, "text/html", "<p>not found</p>"));
    assert!(matches!(page, ProtocolError::UnexpectedAnswer { .. }), "{page:?}");
    let other = read(&json(403, "{}"));
    assert!(matches!(other, ProtocolError::UnexpectedAnswer { .. }), "{other:?}");
}

#[test]
fn a_document_that_is_refused_is_a_setting_unless_a_page_or_the_moment_may_be_the_cause() {
    let issuer = Url::parse("https://issuer.example.com/").unwrap();
    let read = |answer: &HttpAnswer| IssuerMetadata::read(answer, &issuer, NOW).unwrap_err();
    for status in [400, 401, 403, 404, 410, 428, 430, 499] {
        let failure = read(&json(status, "{}"));
        assert_eq!(setting(&failure).0, "issuer", "{status}");
        assert_eq!(
            setting(&failure).1.contains("status"),
            !matches!(status, 404 | 410),
            "{status}"
        );
    }
    for status in [400, 403, 499] {
        let failure = read(&answer(status, "text/html", "<p>no</p>"));
        assert!(
            matches!(failure, ProtocolError::UnexpectedAnswer { .. }),
            "{status}: {failure:?}"
        );
    }
    for media_type in ["text/html", "application/json"] {
        let failure = read(&answer(429, media_type, ""));
        assert!(
            matches!(failure, ProtocolError::RateLimited { .. }),
            "{media_type}: {failure:?}"
        );
    }
    for status in [407, 408, 421, 425, 302] {
        let failure = read(&json(status, "{}"));
        assert!(
            matches!(failure, ProtocolError::UnexpectedAnswer { .. }),
            "{status}: {failure:?}"
        );
    }
}

#[test]
fn a_revocation_is_refused_by_the_issuer_alone() {
    for (status, media_type, body, is_refusal) in [
        (400, "application/json", r#"{"error":"invalid_request"}"#, true),
        (403, "application/json", "{}", true),
        (403, "text/plain", "no", false),
        (404, "text/plain", "no", true),
        (404, "text/html", "no", false),
        (407, "application/json", "{}", false),
        (408, "application/json", "{}", false),
        (425, "application/json", "{}", false),
        (302, "application/json", "{}", false),
    ] {
        let failure = revocation::read(&answer(status, media_type, body), NOW).unwrap_err();
        let is_setting = matches!(failure, ProtocolError::Configuration { .. });
        assert_eq!(is_setting, is_refusal, "{status} {media_type}: {failure:?}");
    }
    assert_eq!(revocation::read(&json(200, "<p>"), NOW), Ok(()));
}

#[test]
fn a_page_in_place_of_the_pushed_requests_endpoint_is_no_setting() {
    for (status, media_type, is_setting) in [
        (404, "application/json", true),
        (405, "text/plain", true),
        (410, "", true),
        (404, "text/html", false),
        (403, "application/json", false),
    ] {
        let failure = pushed_authorization::read(&answer(status, media_type, ""), NOW).unwrap_err();
        let found = matches!(failure, ProtocolError::Configuration { .. });
        assert_eq!(found, is_setting, "{status} {media_type}: {failure:?}");
    }
}

/// AWS WAF's challenge has an empty body and is labelled as HTML: it is no page of a captive portal.
#[test]
fn a_message_says_who_answered_in_the_servers_place() {
    for (action, body, says) in [
        (Some("challenge"), "", "a firewall in front of the server"),
        (Some("captcha"), "<html>", "a firewall in front of the server"),
        (None, "<html>", "a web page, as from a captive portal"),
    ] {
        let mut answer = answer(202, "text/html", body);
        let header = |action: &str| ("x-amzn-waf-action".to_owned(), action.to_owned());
        answer.headers.extend(action.map(header));
        let failure = unexpected(Endpoint::TOKEN, &answer, "not a JSON object");
        let ProtocolError::UnexpectedAnswer { problem, .. } = failure else {
            panic!("{failure:?}");
        };
        assert!(problem.contains(says), "{problem}");
    }
}

/// The Management API refuses such a token with 400, not with 401.
#[test]
fn a_change_is_not_refused_for_good_where_the_management_api_refuses_the_token() {
    for (status, body, for_good) in [
        (400, r#"{"errorCode":"Bearer"}"#, false),
        (400, r#"{"message":"Bad HTTP authentication header format"}"#, false),
        (
            400,
            r#"{"errorCode":"invalid_body","message":"Payload validation error"}"#,
            true,
        ),
        (403, r#"{"errorCode":"Bearer"}"#, true),
        // Too large stays too large, whichever server says so.
        (413, "<html>too large</html>", true),
        (422, "<html>no</html>", false),
    ] {
        assert_eq!(
            users::refuses_for_good(&json(status, body)),
            for_good,
            "{status} {body}"
        );
    }
}
