//! Pushed authorization requests (RFC 9126).

use std::collections::HashMap;

use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::session::SignInOptions;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;
use url::Url;

use crate::world::{ADA, World, is_signed_in, public};

fn pushing(world: &World) -> SessionConfiguration {
    SessionConfiguration {
        pushes_authorization_requests: true,
        ..world.configuration()
    }
}

#[tokio::test]
async fn a_pushed_request_is_named_in_the_url_and_signs_in_like_any_other() {
    let world = World::new().await;
    let session = world.session_with(pushing(&world));
    let options = SignInOptions {
        login_hint: Some(ADA.to_owned()),
        max_age_seconds: Some(600),
        ..SignInOptions::default()
    };
    let request = session.begin_sign_in(options).await.unwrap();
    let url = Url::parse(&request.url).unwrap();
    let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["client_id", "request_uri"]);
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    session.complete_sign_in(&callback).await.unwrap();
    assert!(is_signed_in(&session));
    assert!(
        session.authenticated_at().is_some(),
        "max_age was among what was pushed"
    );
    assert_eq!(world.control().seen(Endpoint::PushedAuthorization), 1);
}

#[tokio::test]
async fn an_issuer_that_requires_it_is_sent_it_unasked() {
    let world = World::new().await;
    world
        .control()
        .change(|settings| settings.requires_pushed_authorization = true);
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    assert_eq!(world.control().seen(Endpoint::PushedAuthorization), 1);
}

#[tokio::test]
async fn nothing_is_pushed_where_nobody_asks_for_it() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    assert_eq!(world.control().seen(Endpoint::PushedAuthorization), 0);
}

#[tokio::test]
async fn a_refusal_says_what_to_change_and_passing_trouble_that_it_passes() {
    let world = World::new().await;
    let refusal = |status, code: &str| Fault::oauth_error(status, code, "No.");
    let begins = async |fault: Fault| {
        world.control().fault(Endpoint::PushedAuthorization, fault);
        let session = world.session_named(pushing(&world), "refused");
        public(session.begin_sign_in(SignInOptions::default()).await)
    };
    for (status, code, expected) in [
        (401, "invalid_client", "client_id"),
        (400, "unauthorized_client", "client_id"),
        (400, "invalid_scope", "scopes"),
        (400, "invalid_target", "audience"),
    ] {
        let error = begins(refusal(status, code)).await;
        assert!(
            matches!(&error, SessionError::FixConfiguration { field, .. } if field == expected),
            "{error:?}"
        );
    }
    let error = begins(refusal(400, "invalid_request")).await;
    assert!(
        matches!(&error, SessionError::RestartSignIn { code, .. } if code == "invalid_request"),
        "{error:?}"
    );
    let gone = begins(Fault::json(404, &json!({}))).await;
    assert!(
        matches!(&gone, SessionError::FixConfiguration { field, .. } if field == "pushes_authorization_requests"),
        "{gone:?}"
    );
    for (fault, expected) in [
        (Fault::json(503, &json!({})), RetryReason::ServerFault),
        (refusal(429, "slow_down"), RetryReason::RateLimited),
        (
            Fault::json(201, &json!({ "expires_in": 30 })),
            RetryReason::UnexpectedAnswer,
        ),
        (
            Fault::json(201, &json!({ "request_uri": null })),
            RetryReason::UnexpectedAnswer,
        ),
    ] {
        let error = begins(fault).await;
        assert!(
            matches!(&error, SessionError::RetryLater { reason, .. } if *reason == expected),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_issuer_without_the_endpoint_is_a_setting_to_change() {
    let world = World::new().await;
    let without = Fault::answer_without(&["pushed_authorization_request_endpoint"]);
    world.control().fault(Endpoint::Discovery, without);
    let session = world.session_with(SessionConfiguration {
        pushes_authorization_requests: true,
        ..world.oidc_configuration()
    });
    let error = public(session.begin_sign_in(SignInOptions::default()).await);
    assert!(
        matches!(&error, SessionError::FixConfiguration { field, .. } if field == "pushes_authorization_requests"),
        "{error:?}"
    );
}

/// A parameter that would undo the pushed request is refused.
#[tokio::test]
async fn an_app_names_no_request_uri_itself() {
    let world = World::new().await;
    let session = world.session_with(pushing(&world));
    let options = SignInOptions {
        parameters: HashMap::from([("request_uri".to_owned(), "urn:other".to_owned())]),
        ..SignInOptions::default()
    };
    let error = public(session.begin_sign_in(options).await);
    assert!(
        matches!(&error, SessionError::FixArgument { argument, .. } if argument == "parameters"),
        "{error:?}"
    );
}
