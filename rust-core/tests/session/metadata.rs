//! Metadata operations other than get and update: replacing, removing, deep merging, and the token that is obtained
//! automatically.

use std::time::Duration;

use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::model::audience::Audience;
use pilotlight_core::model::metadata::parse_object;
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Endpoint, Options, RateLimit};
use serde_json::{Map, Value, json};

use crate::world::{ADA, World, cached, is_signed_in, public};

fn object(value: Value) -> Map<String, Value> {
    parse_object("test", &value.to_string()).unwrap()
}

fn keys(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

/// Ada's metadata on the server.
fn kept(world: &World) -> Value {
    Value::Object(world.control().user_metadata(ADA).unwrap())
}

async fn world_with(metadata: Value) -> (World, SessionManager) {
    let world = World::new().await;
    world.control().set_user_metadata(ADA, object(metadata));
    let session = world.signed_in().await;
    (world, session)
}

#[tokio::test]
async fn some_keys_or_all_but_some() {
    let (_world, session) = world_with(json!({"a": 1, "b": 2, "c": 3})).await;
    let some = session.fetch_metadata_by(&keys(&["a", "x"]), true).await.unwrap();
    assert_eq!(some, object(json!({"a": 1})));
    let others = session.fetch_metadata_by(&keys(&["a", "x"]), false).await.unwrap();
    assert_eq!(others, object(json!({"b": 2, "c": 3})));
    assert_eq!(session.fetch_metadata_by(&[], false).await.unwrap().len(), 3);
}

#[tokio::test]
async fn replaced_nothing_else_is_left() {
    let (world, session) = world_with(json!({"a": 1, "n": {"x": 1, "y": 2}})).await;
    let after = session
        .replace_metadata(object(json!({"n": {"z": 3}, "b": null, "c": 4})))
        .await
        .unwrap();
    assert_eq!(Value::Object(after), json!({"n": {"z": 3}, "c": 4}));
    assert_eq!(kept(&world), json!({"n": {"z": 3}, "c": 4}));
    session.replace_metadata(Map::new()).await.unwrap();
    assert_eq!(kept(&world), json!({}));
}

#[tokio::test]
async fn removed_keys_are_gone_and_no_keys_remove_nothing() {
    let (world, session) = world_with(json!({"a": 1, "b": 2})).await;
    assert_eq!(session.remove_metadata(&[]).await.unwrap().len(), 2);
    assert_eq!(kept(&world), json!({"a": 1, "b": 2}));
    session.remove_metadata(&keys(&["a", "never there"])).await.unwrap();
    assert_eq!(kept(&world), json!({"b": 2}));
}

#[tokio::test]
async fn merged_at_every_level() {
    let (world, session) = world_with(json!({"n": {"m": {"x": 1, "y": 2}, "l": [1]}, "a": 1})).await;
    let after = session
        .merge_metadata(object(json!({"n": {"m": {"y": null, "z": 3}}})))
        .await
        .unwrap();
    assert_eq!(
        Value::Object(after),
        json!({"n": {"m": {"x": 1, "z": 3}, "l": [1]}, "a": 1})
    );
    assert_eq!(kept(&world), json!({"n": {"m": {"x": 1, "z": 3}, "l": [1]}, "a": 1}));
    session.merge_metadata(Map::new()).await.unwrap();
    session.merge_metadata(object(json!({"a": null}))).await.unwrap();
    assert_eq!(kept(&world), json!({"n": {"m": {"x": 1, "z": 3}, "l": [1]}}));
}

#[tokio::test]
async fn keys_that_the_server_refuses_cost_no_request() {
    let (world, session) = world_with(json!({"a": 1})).await;
    for bad in [json!({"a.b": 1}), json!({"": 1}), json!({"n": {"x": [{"a.b": 1}]}})] {
        for outcome in [
            session.update_metadata(object(bad.clone())).await,
            session.replace_metadata(object(bad.clone())).await,
            session.merge_metadata(object(bad.clone())).await,
            session.remove_metadata(&keys(&["a.b"])).await,
        ] {
            assert!(matches!(public(outcome), SessionError::FixArgument { argument, .. } if argument == "metadata"));
        }
    }
    assert_eq!(world.control().seen(Endpoint::Users), 0);
}

/// The session's own token is for the app's API; the token for the Management API has another audience.
#[tokio::test]
async fn the_management_apis_token_is_found_by_itself_and_kept() {
    let world = World::with(Options::default().with(|s| s.multi_resource_refresh = true)).await;
    for own in [Some("https://api.example.com/".to_owned()), None] {
        let mut configuration = world.configuration();
        configuration.audience = own;
        configuration.scopes = keys(&["openid", "offline_access"]);
        let session = world.session_with(configuration.clone());
        world.sign_in(&session, ADA).await;
        let (own, grants) = (cached(&session), world.refresh_grants());
        session.replace_metadata(object(json!({"a": 1}))).await.unwrap();
        assert_eq!(session.fetch_metadata(&[]).await.unwrap(), object(json!({"a": 1})));
        assert_eq!(world.refresh_grants(), grants + 1);
        assert_eq!(cached(&session), own);
        let restarted = world.session_with(configuration);
        assert!(restarted.fetch_user(&[], true).await.is_ok());
        assert_eq!(world.refresh_grants(), grants + 1, "it is stored");
        let management = Audience::parse(
            world.server.management_audience(),
            keys(&[
                "read:current_user",
                "update:current_user_metadata",
                "create:current_user_metadata",
            ]),
        );
        let held = restarted.with_cached_access_token_for(&management.unwrap(), Duration::ZERO, str::to_owned);
        assert!(held.is_some());
        // Expired, and renewed automatically.
        world.clock.advance(86_400);
        restarted.fetch_metadata(&[]).await.unwrap();
        assert_eq!(world.refresh_grants(), grants + 2);
    }
}

#[tokio::test]
async fn an_old_tenant_takes_the_id_token() {
    let world = World::with(Options::default().with(|s| s.id_token_as_bearer = true)).await;
    let mut configuration = world.configuration();
    configuration.audience = None;
    configuration.metadata_by_id_token = true;
    let session = world.session_with(configuration);
    world.sign_in(&session, ADA).await;
    session.replace_metadata(object(json!({"a": 1}))).await.unwrap();
    assert_eq!(world.refresh_grants(), 0);
    // It expires at the server like any token; a renewal brings a new one.
    world.control().advance(Duration::from_secs(36_001));
    assert_eq!(session.fetch_metadata(&[]).await.unwrap(), object(json!({"a": 1})));
    assert_eq!(world.refresh_grants(), 1);
    // Current tenants do not accept it.
    world.control().change(|s| s.id_token_as_bearer = false);
    assert!(matches!(
        public(session.fetch_metadata(&[]).await),
        SessionError::FixConfiguration { field, .. } if field == "audience"
    ));
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn too_many_requests_say_when_to_come_back() {
    let (world, session) = world_with(json!({})).await;
    world
        .control()
        .change(|s| s.rate_limit_management = Some(RateLimit::new(1, 60)));
    session.fetch_metadata(&[]).await.unwrap();
    let error = public(session.merge_metadata(object(json!({"a": 1}))).await);
    assert!(
        matches!(
            error,
            SessionError::RetryLater {
                reason: RetryReason::RateLimited,
                retry_after_seconds: Some(1..=60),
                ..
            }
        ),
        "{error:?}"
    );
}
