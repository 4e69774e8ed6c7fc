//! Sessions of older Auth0 tenants: what is allowed, how users sign in, and which token the session is based on.

mod delegation;
mod password;
mod processes;
mod renewal;

use std::collections::HashMap;

use pilotlight_core::machine::error::Error;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{DelegationOptions, PasswordSignIn, SessionManager};
use pilotlight_identity_server::{Options, PASSWORD, Settings};
use serde_json::{Value, json};

use crate::world::{ADA, World};

pub(crate) const CONNECTION: &str = "Username-Password-Authentication";

/// An older tenant.
pub(crate) async fn older_tenant(change: impl FnOnce(&mut Settings)) -> World {
    World::with(Options::default().with(|s| s.legacy = true).with(change)).await
}

pub(crate) fn opted_in(world: &World) -> SessionConfiguration {
    SessionConfiguration {
        scopes: ["openid", "profile", "email", "offline_access"]
            .map(str::to_owned)
            .to_vec(),
        audience: None,
        legacy: true,
        ..world.configuration()
    }
}

pub(crate) fn ada() -> PasswordSignIn {
    PasswordSignIn {
        username: Secret::new(ADA),
        password: Secret::new(PASSWORD),
        connection: CONNECTION.to_owned(),
        device: Some("Ada's phone".to_owned()),
        parameters: HashMap::new(),
    }
}

pub(crate) async fn signed_in_with_password(world: &World) -> SessionManager {
    let session = world.session_with(opted_in(world));
    let state = session.sign_in_with_password(ada()).await.unwrap();
    assert!(matches!(state, SessionState::SignedIn { .. }), "{state:?}");
    session
}

/// Launches an app whose store contains the data of Lock 1: an ID token, a refresh token and no access token.
pub(crate) async fn session_of_lock(world: &World) -> SessionManager {
    drop(signed_in_with_password(world).await);
    let mut stored = world.stored().unwrap();
    stored["credentials"].as_object_mut().unwrap().remove("access_token");
    let name = world.store.items().into_keys().next().unwrap();
    world.store.put(&name, stored.to_string().as_bytes());
    let session = world.session_with(opted_in(world));
    session.restore().await.unwrap();
    session
}

pub(crate) fn aws() -> DelegationOptions {
    DelegationOptions {
        api_type: "aws".to_owned(),
        ..DelegationOptions::default()
    }
}

pub(crate) fn stored_credential(world: &World, name: &str) -> Value {
    world.stored().unwrap()["credentials"][name].clone()
}

fn is_refused_here<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    let error = outcome.unwrap_err();
    assert!(
        matches!(error, Error::Configuration { field: "legacy", .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn without_the_opt_in_every_legacy_call_is_refused_here_and_nothing_is_sent() {
    let world = older_tenant(|_| {}).await;
    let session = world.signed_in().await;
    world.control().clear_requests();
    is_refused_here(session.sign_in_with_password(ada()).await);
    is_refused_here(session.id_token(std::time::Duration::ZERO).await);
    is_refused_here(session.delegate(&aws()).await);
    is_refused_here(session.token_info(None).await);
    is_refused_here(session.token_info(Some(&Secret::new("x"))).await);
    assert!(
        session
            .with_cached_id_token(std::time::Duration::ZERO, str::to_owned)
            .is_none()
    );
    assert_eq!(world.control().requests(), []);
}

#[tokio::test]
async fn it_is_for_auth0_alone() {
    let world = older_tenant(|_| {}).await;
    let configuration = SessionConfiguration {
        provider: world.oidc_configuration().provider,
        ..opted_in(&world)
    };
    let error = pilotlight_core::model::configuration::Configuration::parse(configuration)
        .map_err(Error::from)
        .unwrap_err();
    assert!(
        matches!(error, Error::Configuration { field: "legacy", .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_tenant_of_today_says_what_to_move_to() {
    let world = World::new().await;
    let session = world.session_with(opted_in(&world));
    world.sign_in(&session, ADA).await;
    for outcome in [
        session.sign_in_with_password(ada()).await.map(|_| json!({})),
        session.delegate(&aws()).await.map(Value::Object),
        session.token_info(None).await.map(|_| json!({})),
    ] {
        let error = outcome.unwrap_err();
        assert!(
            matches!(error, Error::ServerConfiguration { field: "legacy", .. }),
            "{error:?}"
        );
        let words = error.to_string();
        assert!(
            words.contains("endpoint_disabled") && words.contains("sign in with the browser"),
            "{words}"
        );
    }
    assert!(crate::world::is_signed_in(&session), "the session there was goes on");
}
