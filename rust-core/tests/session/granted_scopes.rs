//! The scopes of the access token, and the time of the user's authentication.

use std::collections::HashMap;

use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::session::{RefreshOptions, SessionManager, SignInOptions};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use crate::exchange_sign_in::code;
use crate::legacy::{ada, older_tenant, opted_in};
use crate::world::{ADA, World, forced};

const ALL: [&str; 4] = ["openid", "profile", "email", "offline_access"];

fn configuration(world: &World) -> SessionConfiguration {
    SessionConfiguration {
        scopes: ALL.map(str::to_owned).to_vec(),
        audience: None,
        ..world.configuration()
    }
}

async fn signed_in(world: &World) -> SessionManager {
    let session = world.session_with(configuration(world));
    world.sign_in(&session, ADA).await;
    session
}

fn only(scope: &str) -> RefreshOptions {
    RefreshOptions {
        scopes: vec![scope.to_owned()],
        parameters: Vec::new(),
    }
}

fn granted(session: &SessionManager) -> Vec<String> {
    session.granted_scopes().unwrap()
}

/// RFC 6749 5.1: if the issuer leaves out the scope, it is the requested one.
#[tokio::test]
async fn what_the_issuer_does_not_say_is_what_was_asked_for() {
    let world = World::new().await;
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["scope"]).for_ever());
    let session = world.session_with(configuration(&world));
    assert_eq!(session.granted_scopes(), None);
    world.sign_in(&session, ADA).await;
    assert_eq!(granted(&session), ALL);
    session.access_token(forced()).await.unwrap();
    assert_eq!(granted(&session), ALL);
    session.refresh(only("openid")).await.unwrap();
    assert_eq!(granted(&session), ["openid"]);
    session.refresh(only("profile")).await.unwrap();
    assert_eq!(granted(&session), ["profile"]);

    // A renewal that names no scopes gets all granted ones (RFC 6749 6), also at the next launch.
    let restarted = world.session_with(configuration(&world));
    restarted.restore().await.unwrap();
    assert_eq!(granted(&restarted), ["profile"]);
    restarted.access_token(forced()).await.unwrap();
    assert_eq!(granted(&restarted), ALL);
    assert!(world.stored().unwrap().get("whole_scope").is_none());
    restarted.sign_out().await;
    assert_eq!(restarted.granted_scopes(), None);
}

#[tokio::test]
async fn so_it_is_for_sign_ins_without_a_browser() {
    let world = World::new().await;
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["scope"]).for_ever());
    let session = world.session_with(configuration(&world));
    session.sign_in_by_exchange(code(1)).await.unwrap();
    assert_eq!(granted(&session), ALL);

    let world = World::new().await;
    let session = world.session_with(configuration(&world));
    let request = session.begin_device_sign_in(HashMap::new()).await.unwrap();
    assert!(world.control().decide_device(&request.user_code, Some(ADA)));
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["scope"]).for_ever());
    session.complete_device_sign_in(request.attempt).await.unwrap();
    assert_eq!(granted(&session), ALL);

    let world = older_tenant(|_| {}).await;
    let session = world.session_with(opted_in(&world));
    world
        .control()
        .fault(Endpoint::Any, Fault::answer_without(&["scope"]).for_ever());
    session.sign_in_with_password(ada()).await.unwrap();
    assert_eq!(granted(&session), opted_in(&world).scopes);
}

#[tokio::test]
async fn what_the_issuer_says_counts() {
    let world = World::new().await;
    let says = |scope: &str| {
        world
            .control()
            .fault(Endpoint::Token, Fault::answer(json!({ "scope": scope })))
    };
    says("openid offline_access");
    let session = signed_in(&world).await;
    assert_eq!(granted(&session), ["openid", "offline_access"]);
    says(" openid  profile ");
    session.refresh(only("openid")).await.unwrap();
    assert_eq!(granted(&session), ["openid", "profile"]);
    says("openid");
    session.access_token(forced()).await.unwrap();
    assert_eq!(granted(&session), ["openid"]);
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["scope"]));
    session.access_token(forced()).await.unwrap();
    assert_eq!(granted(&session), ["openid"], "the issuer has taken the others back");
    says("");
    session.access_token(forced()).await.unwrap();
    assert!(granted(&session).is_empty());
    // Some servers send a list.
    let list = Fault::answer(json!({"scope": ["openid", null, "email"]}));
    world.control().fault(Endpoint::Token, list);
    session.access_token(forced()).await.unwrap();
    assert_eq!(granted(&session), ["openid", "email"]);
}

#[tokio::test]
async fn when_the_user_authenticated_is_what_the_sign_in_said() {
    let world = World::new().await;
    let session = world.session();
    assert_eq!(session.authenticated_at(), None);
    let options = SignInOptions {
        max_age_seconds: Some(3600),
        ..SignInOptions::default()
    };
    let request = session.begin_sign_in(options).await.unwrap();
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    session.complete_sign_in(&callback).await.unwrap();
    let at = session.authenticated_at().unwrap();
    assert!((world.control().now() - at.0).abs() < 60, "{at:?}");
    session.access_token(forced()).await.unwrap();
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_eq!(restarted.authenticated_at(), Some(at));
    restarted.sign_out().await;
    assert_eq!(restarted.authenticated_at(), None);
}
