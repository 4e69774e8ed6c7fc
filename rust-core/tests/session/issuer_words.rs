//! The issuer's own word at a sign-in is never lost, and no parameter is sent twice.

use std::collections::HashMap;

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
async fn an_error_without_the_promised_issuer_is_refused_and_told_as_unverified() {
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
