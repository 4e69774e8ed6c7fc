//! The issuer's error message at a sign-in is never lost, and no parameter is sent twice.

use std::collections::HashMap;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::protocol::issuer_message::IssuerMessage;
use pilotlight_core::session::{SessionManager, SignInOptions};
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, Options};
use serde_json::json;
use url::Url;

use crate::error_shapes::shape;
use crate::world::{ADA, REDIRECT_URI, World, public};

async fn refusal(session: &SessionManager, parameters: &str) -> String {
    let request = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let url = Url::parse(&request.url).unwrap();
    let (_, state) = url.query_pairs().find(|(name, _)| name == "state").unwrap();
    format!("{REDIRECT_URI}?state={state}&{parameters}")
}

#[tokio::test]
async fn a_callbacks_error_means_what_it_means_at_the_token_endpoint() {
    let world = World::new().await;
    let session = world.session();
    for (parameters, expected) in [
        ("error=invalid_target", "fix audience"),
        ("error=invalid_scope&error_description=unknown", "fix scopes"),
        ("error=unauthorized_client", "fix client_id"),
        (
            "error=access_denied&error_description=Service%20not%20found:%20https://api.example",
            "fix audience",
        ),
        ("error=access_denied&error_description=no", "restart access_denied"),
        ("error=made_up", "restart made_up"),
        ("error=", "restart invalid_callback"),
        ("error=&error_description=no", "restart invalid_callback"),
    ] {
        let callback = refusal(&session, parameters).await;
        let error = public(session.complete_sign_in(&callback).await);
        let words = error.to_string();
        assert_eq!(shape(error), expected, "{words}");
        assert!(
            !words.ends_with(' ') && !words.ends_with(':') && !words.contains("()"),
            "{words}"
        );
        assert_eq!(
            shape(public(session.complete_sign_in(&callback).await)),
            "restart no_sign_in_in_progress",
            "the attempt is over"
        );
    }
}

#[tokio::test]
async fn an_exchange_that_is_refused_names_no_parameter_that_the_app_did_not_set() {
    let world = World::new().await;
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    world.control().fault(
        Endpoint::Token,
        Fault::oauth_error(400, "invalid_request", "the code_verifier is missing"),
    );
    let error = public(session.complete_sign_in(&callback).await);
    let words = error.to_string();
    assert_eq!(shape(error), "restart invalid_request");
    assert!(
        words.contains("the code_verifier is missing") && !words.contains("token_parameters"),
        "{words}"
    );
}

#[tokio::test]
async fn an_error_without_the_promised_issuer_is_refused_and_reported_as_unverified() {
    let world = World::with(Options::default().with(|s| s.iss_in_authorization_response = true)).await;
    let session = world.session_with(world.oidc_configuration());
    let callback = refusal(&session, "error=access_denied").await;
    let error = public(session.complete_sign_in(&callback).await);
    let words = error.to_string();
    assert_eq!(shape(error), "restart issuer_mismatch");
    assert!(words.contains("unverified: access_denied"), "{words}");
}

#[tokio::test]
async fn an_unknown_code_at_the_exchange_ends_the_attempt_and_is_shown() {
    let world = World::new().await;
    let session = world.session();
    for (description, shown) in [
        ("The code is spent", "invalid_code: The code is spent"),
        ("", "invalid_code"),
    ] {
        let callback = world.callback(&session, ADA).await;
        world
            .control()
            .fault(Endpoint::Token, Fault::oauth_error(403, "invalid_code", description));
        let error = public(session.complete_sign_in(&callback).await);
        let words = error.to_string();
        assert_eq!(shape(error), "restart invalid_code");
        assert!(words.ends_with(shown), "{words}");
        assert_eq!(
            shape(public(session.complete_sign_in(&callback).await)),
            "restart no_sign_in_in_progress"
        );
    }
}

/// The message may be in any language and contain numbers. It is for the app to show, not for logs.
#[tokio::test]
async fn what_the_issuer_says_reaches_the_app_as_it_is_and_no_log() {
    let world = World::new().await;
    let session = world.session();
    let german = "Bitte bestätigen Sie zuerst Ihre E-Mail-Adresse (Fehler 50126).";
    let japanese = "メールアドレスを確認してください";
    let said = |error: &SessionError| issuer_message(error).map(|message| message.expose().to_owned());
    for (code, words) in [
        ("access_denied", german),
        ("access_denied", japanese),
        ("unauthorized_client", german),
        ("login_required", japanese),
        ("made_up", german),
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
        let callback = refusal(&session, &format!("error={code}&error_description={encoded}")).await;
        let error = public(session.complete_sign_in(&callback).await);
        assert_eq!(said(&error).as_deref(), Some(words), "{code}");
        assert!(!format!("{error} {error:?}").contains(words), "{error:?}");

        let callback = world.callback(&session, ADA).await;
        world
            .control()
            .fault(Endpoint::Token, Fault::oauth_error(400, code, words));
        let error = public(session.complete_sign_in(&callback).await);
        assert_eq!(said(&error).as_deref(), Some(words), "{code} at the exchange");
    }
    world.sign_in(&session, ADA).await;
    for (code, words) in [
        ("access_denied", german),
        ("mfa_required", japanese),
        ("invalid_scope", german),
        ("invalid_token", japanese),
    ] {
        let error = world
            .renewal_that_meets(Fault::oauth_error(403, code, words), &session)
            .await;
        let is_shown = !matches!(error, SessionError::RetryLater { .. });
        assert_eq!(said(&error).as_deref(), Some(words), "{code} at a renewal");
        assert!(is_shown || code == "invalid_token");
    }
    let refused =
        json!({"statusCode": 403, "error": "Forbidden", "message": german, "errorCode": "insufficient_scope"});
    world.control().fault(Endpoint::Users, Fault::json(403, &refused));
    let error = public(session.fetch_metadata(&[]).await);
    assert_eq!(said(&error).as_deref(), Some(german));
    let log = world.log.text();
    assert!(!log.contains("Adresse") && !log.contains(japanese), "{log}");

    // An error that does not come from the issuer has no message of the issuer.
    world.control().fault(Endpoint::Users, Fault::html(403).times(2));
    assert_eq!(said(&public(session.fetch_metadata(&[]).await)), None);
}

fn issuer_message(error: &SessionError) -> Option<&IssuerMessage> {
    match error {
        SessionError::RetryLater { message, .. }
        | SessionError::SignIn { message, .. }
        | SessionError::RestartSignIn { message, .. }
        | SessionError::FixConfiguration { message, .. } => message.issuer.as_ref(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn no_parameter_is_sent_twice_and_every_max_age_is_checked() {
    let world = World::new().await;
    let mut configuration = world.configuration();
    let other = ("audience".to_owned(), "https://other/".to_owned());
    configuration.authorize_parameters.extend([other]);
    let session = world.session_with(configuration);
    let parameters = |max_age: &str| {
        HashMap::from([
            ("login_hint".to_owned(), "b@example.com".to_owned()),
            ("max_age".to_owned(), max_age.to_owned()),
        ])
    };
    let options = SignInOptions {
        login_hint: Some("a@example.com".to_owned()),
        max_age_seconds: Some(60),
        parameters: parameters("0"),
    };
    let url = Url::parse(&session.begin_sign_in(options).await.unwrap().url).unwrap();
    for (name, value) in [("login_hint", "a@example.com"), ("max_age", "60")] {
        let sent: Vec<_> = url.query_pairs().filter(|(sent, _)| sent == name).collect();
        assert!(matches!(&sent[..], [(_, sent)] if sent == value), "{url}");
    }
    assert_eq!(url.query_pairs().filter(|(name, _)| name == "audience").count(), 1);

    let options = |max_age| SignInOptions {
        parameters: parameters(max_age),
        ..SignInOptions::default()
    };
    let request = session.begin_sign_in(options("60")).await.unwrap();
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    let long_ago = json!(world.control().now() - 3600);
    let stale = IdTokenFault::new().claim("auth_time", long_ago);
    world.control().fault(Endpoint::Token, Fault::id_token(stale));
    assert_eq!(
        shape(public(session.complete_sign_in(&callback).await)),
        "restart id_token_invalid"
    );
    let error = public(session.begin_sign_in(options("soon")).await);
    assert_eq!(shape(error), "argument parameters");
}
