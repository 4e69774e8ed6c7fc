//! Tokens of a renewal are given out once they have been checked, and not before: not after a restart either, and not
//! by another process.

use std::sync::Arc;

use pilotlight_core::adapters::file_lock::FileLock;
use pilotlight_core::jose::decode_object;
use pilotlight_core::session::{SessionManager, Sharing};
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault};
use serde_json::json;

use crate::world::{World, assert_renews, at_least, cached, forced, is_signed_in, public};

/// An ID token about another user.
fn another_user() -> Fault {
    Fault::id_token(IdTokenFault::new().claim("sub", json!("auth0|somebody-else")))
}

/// A launch without keys, whose renewal was answered with `fault` and waits for the keys.
async fn renewal_that_waits_for_keys(world: &World, fault: Option<Fault>) -> SessionManager {
    let session = world.session();
    session.restore().await.unwrap();
    world.control().fault(Endpoint::Jwks, Fault::hold());
    if let Some(fault) = fault {
        world.control().fault(Endpoint::Token, fault);
    }
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await }
    });
    world.control().wait_for_held(Endpoint::Jwks, 1).await;
    renewing.abort();
    session
}

#[tokio::test]
async fn unchecked_tokens_are_not_given_out_after_a_restart() {
    let world = World::new().await;
    world.signed_in().await;
    let killed = renewal_that_waits_for_keys(&world, Some(another_user())).await;
    assert_eq!(world.stored().unwrap()["credentials"]["unchecked"], true);
    assert_eq!(cached(&killed), None);
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert!(is_signed_in(&restarted));
    assert_eq!(cached(&restarted), None, "its ID token is another user's");
    world.control().clear_faults(Endpoint::Jwks);
    restarted.access_token(at_least(0)).await.unwrap();
    assert!(cached(&restarted).is_some());
    let stored = world.stored().unwrap();
    assert_eq!(stored["credentials"].get("unchecked"), None);
    assert_eq!(
        subject_of(stored["credentials"]["id_token"].as_str().unwrap()),
        stored["subject"]
    );
}

#[tokio::test]
async fn nor_by_another_process_until_they_are_checked() {
    let mut world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let lock = FileLock::new(folder.path().join("lock"), tokio::runtime::Handle::current());
    world.sharing = Sharing::Processes(Arc::new(lock));
    world.signed_in().await;
    let app = renewal_that_waits_for_keys(&world, None).await;
    let extension = world.session();
    extension.restore().await.unwrap();
    assert_eq!(cached(&extension), None);
    let grants = world.refresh_grants();
    world.control().release(Endpoint::Jwks);
    world.control().clear_faults(Endpoint::Jwks);
    crate::world::until("checked and stored", || {
        world.stored().unwrap()["credentials"].get("unchecked").is_none()
    })
    .await;
    extension.restore().await.unwrap();
    assert_eq!(cached(&extension), cached(&app));
    assert!(cached(&app).is_some());
    assert_eq!(world.refresh_grants(), grants, "nothing had to be renewed again");
}

#[tokio::test]
async fn with_keys_at_hand_the_tokens_of_a_renewal_are_written_once() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let writes = world.store.counts().1;
    assert_renews(&session).await;
    // One write proves that the store is writable, one stores the tokens.
    assert_eq!(world.store.counts().1, writes + 2);
    assert_eq!(world.stored().unwrap()["credentials"].get("unchecked"), None);
}

#[tokio::test]
async fn without_keys_every_claim_of_a_renewed_id_token_is_checked() {
    for (what, fault) in [
        ("sub", IdTokenFault::new().claim("sub", json!("auth0|somebody-else"))),
        ("aud", IdTokenFault::new().claim("aud", json!("another-client"))),
        (
            "iss",
            IdTokenFault::new().claim("iss", json!("https://another.example.com/")),
        ),
        ("exp", IdTokenFault::new().claim("exp", json!(1))),
    ] {
        let world = World::new().await;
        world.signed_in().await;
        let session = world.session();
        session.restore().await.unwrap();
        let before = world.stored().unwrap()["credentials"]["id_token"].clone();
        world.control().fault(Endpoint::Jwks, Fault::status(503).for_ever());
        world.control().fault(Endpoint::Token, Fault::id_token(fault));
        crate::world::assert_unexpected(&public(session.access_token(forced()).await));
        assert_eq!(world.stored().unwrap()["credentials"]["id_token"], before, "{what}");
        assert_eq!(cached(&session), None, "{what}");
        world.cooldown();
        assert_renews(&session).await;
    }
}

fn subject_of(id_token: &str) -> serde_json::Value {
    decode_object(id_token.split('.').nth(1).unwrap()).unwrap()["sub"].clone()
}
