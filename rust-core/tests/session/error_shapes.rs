//! Every documented error shape becomes the public error that says what to do.

use pilotlight_core::ffi::{RetryReason, SessionError, SignInReason};
use pilotlight_identity_server::{Endpoint, Fault, IdentityServer, Options, RateLimit, RetryAfter};
use serde_json::{Map, json};

use crate::world::{ADA, World, forced, is_signed_in, public};

/// The public error without its message: the part on which an app decides.
pub(crate) fn shape(error: SessionError) -> String {
    match error {
        SessionError::RetryLater {
            reason,
            retry_after_seconds,
            ..
        } => format!("retry {reason:?} {retry_after_seconds:?}"),
        SessionError::WaitForUnlock { .. } => "unlock".to_owned(),
        SessionError::AuthenticateUser { cancelled, .. } => format!("authenticate {cancelled}"),
        SessionError::SignIn { reason, .. } => format!("sign in {reason:?}"),
        SessionError::MfaRequired { challenge_types, .. } => format!("second factor {challenge_types:?}"),
        SessionError::MfaRejected { code, .. } => format!("another second factor {code}"),
        SessionError::RestartSignIn { code, .. } => format!("restart {code}"),
        SessionError::SignInCancelled => "cancelled".to_owned(),
        SessionError::FixConfiguration { field, .. } => format!("fix {field}"),
        SessionError::FixArgument { argument, .. } => format!("argument {argument}"),
        SessionError::CheckStorage { status, .. } => format!("storage {status:?}"),
        SessionError::OpenApp { .. } => "open app".to_owned(),
        SessionError::ReportBug { .. } => "bug".to_owned(),
    }
}

#[tokio::test]
async fn the_token_endpoints_errors_on_a_renewal() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for (status, code, words, expected) in [
        (
            400,
            "invalid_request",
            "Missing required parameter",
            "retry UnexpectedAnswer None",
        ),
        (400, "invalid_scope", "", "fix scopes"),
        (400, "invalid_target", "", "fix audience"),
        (400, "unsupported_grant_type", "", "fix client_id"),
        (401, "invalid_client", "", "fix client_id"),
        (
            403,
            "unauthorized_client",
            "Grant type 'refresh_token' not allowed",
            "fix client_id",
        ),
        (403, "access_denied", "Denied by a rule", "sign in AccessDenied"),
        (
            403,
            "mfa_required",
            "Multifactor authentication required",
            "sign in InteractionRequired",
        ),
        (400, "interaction_required", "", "sign in InteractionRequired"),
        (400, "login_required", "", "sign in InteractionRequired"),
        (400, "consent_required", "", "sign in InteractionRequired"),
        (404, "endpoint_disabled", "", "fix token_endpoint"),
        (405, "", "", "fix token_endpoint"),
        (429, "too_many_requests", "", "retry RateLimited None"),
        (400, "slow_down", "", "retry RateLimited None"),
        (503, "temporarily_unavailable", "", "retry ServerFault None"),
        (400, "server_error", "", "retry ServerFault None"),
        (418, "teapot", "", "retry UnexpectedAnswer None"),
    ] {
        let fault = Fault::oauth_error(status, code, words);
        assert_eq!(
            shape(world.renewal_that_meets(fault, &session).await),
            expected,
            "{status} {code}"
        );
        assert!(is_signed_in(&session), "{status} {code}");
    }
    world.control().fault(
        Endpoint::Token,
        Fault::oauth_error(403, "access_denied", "Unknown or invalid refresh token."),
    );
    assert_eq!(
        shape(public(session.access_token(forced()).await)),
        "sign in RefreshTokenRejected"
    );
    assert!(!is_signed_in(&session));
}

#[tokio::test]
async fn the_token_endpoints_errors_at_a_sign_in() {
    let world = World::new().await;
    let session = world.session();
    for (status, code, expected) in [
        (403, "invalid_grant", "restart invalid_grant"),
        (400, "invalid_grant", "restart invalid_grant"),
        (403, "access_denied", "restart access_denied"),
        (401, "invalid_client", "fix client_id"),
        (403, "mfa_required", "sign in InteractionRequired"),
        (429, "too_many_requests", "retry RateLimited None"),
        (503, "temporarily_unavailable", "retry ServerFault None"),
    ] {
        let callback = world.callback(&session, ADA).await;
        world
            .control()
            .fault(Endpoint::Token, Fault::oauth_error(status, code, ""));
        assert_eq!(
            shape(public(session.complete_sign_in(&callback).await)),
            expected,
            "{status} {code}"
        );
    }
    let callback = world.callback(&session, ADA).await;
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["id_token"]));
    assert_eq!(
        shape(public(session.complete_sign_in(&callback).await)),
        "restart id_token_missing"
    );
}

#[tokio::test]
async fn the_time_to_wait_is_read_in_every_form() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let now = world.control().now();
    let date = |seconds: i64| {
        let moment = std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(now + seconds).unwrap());
        httpdate::fmt_http_date(moment)
    };
    for (headers, expected) in [
        (vec![("retry-after", "7".to_owned())], "Some(7)"),
        (vec![("date", date(0)), ("retry-after", date(90))], "Some(90)"),
        (vec![("date", date(0)), ("retry-after", date(-90))], "None"),
        (
            vec![("date", date(0)), ("x-ratelimit-reset", (now + 30).to_string())],
            "Some(30)",
        ),
        (
            vec![
                ("retry-after", "9".to_owned()),
                ("x-ratelimit-reset", (now + 30).to_string()),
            ],
            "Some(9)",
        ),
        (vec![("retry-after", "99999999999".to_owned())], "None"),
        (vec![("retry-after", "soon".to_owned())], "None"),
        (vec![("retry-after", "-5".to_owned())], "None"),
        (vec![("retry-after", "0".to_owned())], "None"),
        (vec![("x-ratelimit-reset", "30".to_owned())], "None"),
    ] {
        let fault = headers
            .iter()
            .fold(Fault::status(429), |fault, (name, value)| fault.header(name, value));
        let error = world.renewal_that_meets(fault, &session).await;
        assert_eq!(shape(error), format!("retry RateLimited {expected}"), "{headers:?}");
    }
}

#[tokio::test]
async fn a_real_rate_limit_says_when_to_come_back() {
    let limited = |retry_after| RateLimit {
        retry_after,
        ..RateLimit::new(1, 60)
    };
    for form in [RetryAfter::Seconds, RetryAfter::HttpDate, RetryAfter::Missing] {
        let world = World::with(Options::default().with(|s| s.rate_limit_management = Some(limited(form)))).await;
        let session = world.signed_in().await;
        session.fetch_metadata(&[]).await.unwrap();
        match public(session.fetch_metadata(&[]).await) {
            SessionError::RetryLater {
                reason: RetryReason::RateLimited,
                retry_after_seconds: Some(wait),
                ..
            } => {
                assert!((1..=60).contains(&wait), "{form:?}: {wait}");
            }
            other => panic!("{form:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_management_apis_errors() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let body = |status: u16, message: &str, code: &str| {
        Fault::json(
            status,
            &json!({"statusCode": status, "error": "e", "message": message, "errorCode": code}),
        )
    };
    for (fault, expected) in [
        (body(401, "Bad audience: https://api.example.com/", ""), "fix audience"),
        (
            body(400, "Bad HTTP authentication header format", "Bearer"),
            "fix audience",
        ),
        (
            body(
                403,
                "Insufficient scope, expected any of: read:users",
                "insufficient_scope",
            ),
            "fix scopes",
        ),
        (body(404, "The user does not exist.", "inexistent_user"), "fix provider"),
        (
            body(400, "Payload validation error", "invalid_body"),
            "argument metadata",
        ),
        (
            body(429, "Global limit has been reached", "too_many_requests"),
            "retry RateLimited None",
        ),
        (body(500, "Internal error", ""), "retry ServerFault None"),
        (Fault::html(200), "retry UnexpectedAnswer None"),
        (Fault::html(403).times(2), "retry UnexpectedAnswer None"),
        (Fault::status(401).times(2), "fix audience"),
        (
            Fault::json(400, &json!({"error": "invalid_token"})).times(2),
            "fix audience",
        ),
        (
            Fault::status(403).header("www-authenticate", "Bearer error=\"insufficient_scope\""),
            "fix scopes",
        ),
        (Fault::redirect("http://127.0.0.1:1/"), "retry UnexpectedAnswer None"),
        (Fault::garbage_json(), "retry UnexpectedAnswer None"),
        (Fault::truncate(), "retry Network None"),
        (Fault::huge_body(2 * 1024 * 1024), "retry UnexpectedAnswer None"),
    ] {
        world.control().fault(Endpoint::Users, fault.clone());
        assert_eq!(
            shape(public(session.update_metadata(Map::new()).await)),
            expected,
            "{fault:?}"
        );
        // Another renewal for this endpoint is allowed again.
        world.clock.advance(1000);
    }
    // A token that is refused as invalid is renewed once; if that does not help, the audience is wrong.
    let renewals = world.refresh_grants();
    world
        .control()
        .fault(Endpoint::Users, body(401, "Invalid token", "").times(2));
    assert_eq!(shape(public(session.fetch_metadata(&[]).await)), "fix audience");
    assert_eq!(world.refresh_grants(), renewals + 1);
}

#[tokio::test]
async fn what_the_management_api_refuses_is_what_the_call_was_given() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for fault in [
        Fault::json(400, &json!({"message": "Query validation error"})),
        Fault::status(414),
    ] {
        world.control().fault(Endpoint::Users, fault.clone());
        let error = public(session.fetch_user(&["nickname".to_owned()], true).await);
        assert_eq!(shape(error), "argument fields", "{fault:?}");
        world.control().fault(Endpoint::Users, fault.clone());
        let error = public(session.update_metadata(Map::new()).await);
        assert_eq!(shape(error), "argument metadata", "{fault:?}");
    }
}

#[tokio::test]
async fn the_userinfo_endpoints_errors() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for (fault, expected) in [
        (Fault::status(401).times(2), "fix audience"),
        (Fault::oauth_error(403, "insufficient_scope", ""), "fix scopes"),
        (Fault::json(403, &json!({})).times(2), "fix scopes"),
        // A firewall's page says nothing about the scopes.
        (Fault::html(403).times(2), "retry UnexpectedAnswer None"),
        (
            Fault::status(429).header("retry-after", "5"),
            "retry RateLimited Some(5)",
        ),
        (Fault::status(500), "retry ServerFault None"),
        (Fault::html(200), "retry UnexpectedAnswer None"),
        (Fault::garbage_json(), "retry UnexpectedAnswer None"),
        (Fault::reset(), "retry Network None"),
    ] {
        world.control().fault(Endpoint::Userinfo, fault.clone());
        assert_eq!(shape(public(session.profile(true).await)), expected, "{fault:?}");
        // Another renewal for this endpoint is allowed again.
        world.clock.advance(1000);
    }
}

#[tokio::test]
async fn discoverys_errors() {
    let world = World::new().await;
    let other = IdentityServer::start(Options::default()).await.unwrap();
    for (fault, expected) in [
        (Fault::status(404), "fix issuer"),
        (Fault::html(200), "retry UnexpectedAnswer None"),
        (Fault::status(503), "retry ServerFault None"),
        (Fault::reset(), "retry Network None"),
        (Fault::answer(json!({"issuer": other.issuer()})), "fix issuer"),
        (Fault::answer_without(&["issuer"]), "fix issuer"),
        (Fault::answer_without(&["token_endpoint"]), "fix issuer"),
        (
            Fault::answer(json!({"token_endpoint": "http://issuer.example/token"})),
            "fix issuer",
        ),
        (Fault::answer(json!({"jwks_uri": 7})), "fix issuer"),
        (
            Fault::answer(json!({"id_token_signing_alg_values_supported": ["HS256", "none"]})),
            "fix issuer",
        ),
    ] {
        let session = world.session_with(world.oidc_configuration());
        world.control().fault(Endpoint::Discovery, fault.clone());
        assert_eq!(
            shape(public(session.begin_sign_in(Default::default()).await)),
            expected,
            "{fault:?}"
        );
        // No wrong value was kept.
        assert!(session.begin_sign_in(Default::default()).await.is_ok());
    }
}

#[tokio::test]
async fn the_words_say_what_happened_and_what_to_check() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Token, Fault::html(200));
    let words = public(session.access_token(forced()).await).to_string();
    assert!(
        words.contains("token endpoint") && words.contains("captive portal"),
        "{words}"
    );
    let SessionError::SignIn {
        reason: SignInReason::SignedOut,
        message,
    } = public(
        world
            .session_with({
                let mut other = world.configuration();
                other.client_id = "other".to_owned();
                other
            })
            .access_token(forced())
            .await,
    )
    else {
        panic!("nobody is signed in there")
    };
    assert_eq!(&*message, "nobody is signed in");
}
