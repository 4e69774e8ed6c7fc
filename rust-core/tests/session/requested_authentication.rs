//! The authentication that an authorization request asks for is checked in the ID token.

use std::collections::HashMap;

use pilotlight_core::session::{SessionManager, SignInOptions};
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, MULTI_FACTOR};
use serde_json::json;

use crate::sign_in::code_of;
use crate::world::{ADA, World, public};

#[tokio::test]
async fn max_age_is_checked_in_the_id_token() {
    let world = World::new().await;
    let session = world.session();
    let options = SignInOptions {
        max_age_seconds: Some(60),
        ..SignInOptions::default()
    };
    let request = session.begin_sign_in(options).await.unwrap();
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    let long_ago = world.control().now() - 3600;
    world.control().fault(
        Endpoint::Token,
        Fault::id_token(IdTokenFault::new().claim("auth_time", json!(long_ago))),
    );
    assert_eq!(
        code_of(public(session.complete_sign_in(&callback).await)),
        "id_token_invalid"
    );
}

/// OpenID Connect Core 5.5.1.1: a class requested by `acr_values` may be missing, a class that `claims` requests as
/// essential may not.
#[tokio::test]
async fn an_essential_class_is_checked_in_the_id_token_and_a_voluntary_one_is_not() {
    let world = World::new().await;
    let claims = |acr: serde_json::Value| json!({ "id_token": { "acr": acr } }).to_string();
    for (name, value, is_essential) in [
        ("acr_values", MULTI_FACTOR.to_owned(), false),
        ("claims", claims(json!({"values": [MULTI_FACTOR]})), false),
        (
            "claims",
            claims(json!({"essential": true, "values": [MULTI_FACTOR]})),
            true,
        ),
        (
            "claims",
            claims(json!({"essential": true, "value": MULTI_FACTOR})),
            true,
        ),
        ("claims", claims(json!({"essential": true})), true),
    ] {
        let session = world.session();
        let options = SignInOptions {
            parameters: HashMap::from([(name.to_owned(), value.clone())]),
            ..SignInOptions::default()
        };
        let request = session.begin_sign_in(options).await.unwrap();
        let callback = world.server.authorize(&request.url, ADA).await.unwrap();
        let fault = Fault::id_token(IdTokenFault::new().without("acr"));
        world.control().fault(Endpoint::Token, fault);
        let outcome = session.complete_sign_in(&callback).await;
        if is_essential {
            assert_eq!(code_of(public(outcome)), "id_token_invalid", "{value}");
        } else {
            outcome.unwrap();
        }
    }
}

#[tokio::test]
async fn an_organization_is_checked_in_the_id_token() {
    let world = World::new().await;
    let sign_in = async |session: &SessionManager, fault: Option<Fault>| {
        let options = SignInOptions {
            parameters: HashMap::from([("organization".to_owned(), "org_pilotlight".to_owned())]),
            ..SignInOptions::default()
        };
        let request = session.begin_sign_in(options).await.unwrap();
        let callback = world.server.authorize(&request.url, ADA).await.unwrap();
        if let Some(fault) = fault {
            world.control().fault(Endpoint::Token, fault);
        }
        session.complete_sign_in(&callback).await
    };
    let another = || Fault::id_token(IdTokenFault::new().claim("org_id", json!("org_other")));
    let session = world.session();
    assert_eq!(
        code_of(public(sign_in(&session, Some(another())).await)),
        "id_token_invalid"
    );
    sign_in(&session, None).await.unwrap();
    // Only Auth0 defines the meaning of this parameter.
    let elsewhere = world.session_named(world.oidc_configuration(), "elsewhere");
    sign_in(&elsewhere, Some(another())).await.unwrap();
}
