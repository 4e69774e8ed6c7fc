//! Launch: the store has a session, cannot be read, or contains an item that cannot be decoded.

use std::time::Duration;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::ports::StoreError;
use pilotlight_identity_server::Endpoint;
use serde_json::json;

use crate::reports::states;
use crate::world::{ADA, World, assert_renews, at_least, cached, disk_full, is_signed_in, public};

#[tokio::test]
async fn a_restart_finds_the_session_with_one_read_and_no_network() {
    let world = World::new().await;
    let token = cached(&world.signed_in().await);
    let (requests, (reads, writes)) = (world.control().requests().len(), world.store.counts());
    let session = world.session();
    assert_eq!(session.state(), None);
    assert!(!session.has_valid_session(Duration::ZERO));
    assert!(matches!(session.restore().await, Ok(SessionState::SignedIn { .. })));
    assert!(session.has_valid_session(Duration::ZERO));
    session.restore().await.unwrap();
    assert_eq!(cached(&session), token);
    assert_eq!(world.store.counts(), (reads + 1, writes));
    assert_eq!(world.control().requests().len(), requests);
}

#[tokio::test]
async fn every_call_restores_by_itself() {
    let world = World::new().await;
    drop(world.signed_in().await);
    assert!(world.session().access_token(at_least(0)).await.is_ok());
    assert!(world.session().profile(false).await.is_ok());
    assert!(world.session().fetch_metadata(&[]).await.is_ok());
}

#[tokio::test]
async fn concurrent_restores_read_once() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let reads = world.store.counts().0;
    let session = world.session();
    let restores: Vec<_> = (0..20)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.restore().await.unwrap() })
        })
        .collect();
    for restore in restores {
        assert!(matches!(restore.await.unwrap(), SessionState::SignedIn { .. }));
    }
    assert_eq!(world.store.counts().0, reads + 1);
}

#[tokio::test]
async fn a_locked_device_is_locked_and_comes_back_by_itself() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let session = world.session();
    let mut states = states(&session);
    world.store.fail_reads(Some(StoreError::Locked));
    assert_eq!(session.restore().await, Ok(SessionState::Locked));
    assert_eq!(states.recv().await, Some(SessionState::Locked));
    assert!(matches!(
        public(session.access_token(at_least(0)).await),
        SessionError::WaitForUnlock { .. }
    ));
    assert!(matches!(
        public(session.profile(false).await),
        SessionError::WaitForUnlock { .. }
    ));
    world.store.fail_reads(None);
    assert!(session.access_token(at_least(0)).await.is_ok());
    assert!(matches!(states.recv().await, Some(SessionState::SignedIn { .. })));
}

#[tokio::test]
async fn a_store_that_fails_says_so_and_is_asked_again() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let session = world.session();
    world.store.fail_reads(Some(disk_full()));
    assert!(matches!(
        public(session.restore().await),
        SessionError::CheckStorage { status: Some(28), .. }
    ));
    assert_eq!(session.state(), None);
    world.store.fail_reads(None);
    assert!(matches!(session.restore().await, Ok(SessionState::SignedIn { .. })));
}

#[tokio::test]
async fn what_a_newer_release_added_is_kept() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let (name, item) = world.store.items().pop_first().unwrap();
    let mut item: serde_json::Value = serde_json::from_slice(&item).unwrap();
    item["added_later"] = json!({"kept": [1, 2]});
    world.store.put(&name, item.to_string().as_bytes());
    assert_renews(&world.session()).await;
    assert_eq!(world.stored().unwrap()["added_later"], json!({"kept": [1, 2]}));
}

/// One client at one issuer: another tenant's session is not used, and not lost either.
#[tokio::test]
async fn a_session_belongs_to_its_issuer_and_client() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let mut other = world.configuration();
    other.client_id = "another-app".to_owned();
    assert_eq!(world.session_with(other).restore().await, Ok(SessionState::SignedOut));
    assert!(matches!(
        world.session().restore().await,
        Ok(SessionState::SignedIn { .. })
    ));
}

#[tokio::test]
async fn a_restored_session_of_a_discovered_issuer_renews_after_asking_for_the_endpoints_once() {
    let world = World::new().await;
    let first = world.session_with(world.oidc_configuration());
    world.sign_in(&first, ADA).await;
    let session = world.session_with(world.oidc_configuration());
    world.clock.advance(86_400);
    assert_renews(&session).await;
    assert_renews(&session).await;
    assert_eq!(world.control().seen(Endpoint::Discovery), 2);
    assert!(is_signed_in(&session));
}

/// A damaged optional member does not lose the session.
#[tokio::test]
async fn a_member_that_is_null_or_of_another_form_is_absent_where_the_session_can_do_without_it() {
    let world = World::new().await;
    let session = world.signed_in().await;
    session.profile(true).await.unwrap();
    drop(session);
    let whole = world.stored().unwrap();
    let nulls = [
        "whole_scope",
        "nonce",
        "sign_in_id",
        "authenticated_at",
        "ended",
        "sequence",
        "resources",
        "imported",
        "pending_updates",
        "profile",
        "audience_tokens",
    ];
    let nulls = nulls.map(|name| (name, json!(null))).into_iter();
    let replaceable = ["revocations", "discovery"];
    let forms = [
        json!(null),
        json!(7),
        json!("x"),
        json!([7]),
        json!({"fetched_at": null}),
    ];
    let others = replaceable
        .into_iter()
        .flat_map(|name| forms.clone().map(|form| (name, form)));
    for (name, value) in nulls.chain(others) {
        world.change_stored(|stored| {
            whole.clone_into(stored);
            stored[name] = value.clone();
        });
        let session = world.session();
        let state = session.restore().await;
        assert!(
            matches!(state, Ok(SessionState::SignedIn { .. })),
            "{name}: {value}: {state:?}"
        );
        assert!(cached(&session).is_some(), "{name}: {value}");
    }
    for name in ["access_token", "id_token", "scope"] {
        world.change_stored(|stored| {
            whole.clone_into(stored);
            stored["credentials"][name] = json!(null);
        });
        let session = world.session();
        session.restore().await.unwrap();
        assert!(is_signed_in(&session), "{name}");
    }
}
