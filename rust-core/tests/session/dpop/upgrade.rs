//! Sessions with Bearer tokens become bound at their next renewal.

use std::sync::Arc;

use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Endpoint, Fault};

use super::{assert_all_is_well, binding, stored_credentials, world, world_with};
use crate::sharing::assert_no_token_was_spent_twice;
use crate::world::{World, assert_renews, cached, forced, is_signed_in};

/// Ada is signed in with Bearer tokens, and the app has just been updated.
pub(super) async fn updated(world: &World, dpop: TokenBinding) -> SessionManager {
    drop(world.signed_in().await);
    let session = world.session_with(binding(world, dpop));
    session.restore().await.unwrap();
    session
}

#[tokio::test]
async fn the_next_renewal_binds_the_session() {
    for dpop in [TokenBinding::Required, TokenBinding::WhenOffered] {
        let world = world().await;
        let session = updated(&world, dpop).await;
        assert!(cached(&session).is_some(), "the token in hand is good until it ends");
        assert_eq!(session.bound_key(), None);
        assert_all_is_well(&world, &session).await;
        let key = session.bound_key();
        assert!(key.is_some());
        assert_renews(&session).await;
        assert_eq!(session.bound_key(), key);
    }
}

/// The process is killed while the request is in flight: the key is stored, and the next launch uses it.
#[tokio::test]
async fn the_key_is_stored_before_the_request_is_sent() {
    let mut world = world_with(|settings| settings.leeway = 60).await;
    let session = updated(&world, TokenBinding::Required).await;
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let (renewing, writes) = (session.clone(), world.store.counts().1);
    let renewal = tokio::spawn(async move { renewing.access_token(forced()).await });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    assert_eq!(
        world.store.counts().1,
        writes + 1,
        "it proves that the store can be written"
    );
    let stored = stored_credentials(&world);
    let key = stored["proof_key"]["public"].clone();
    assert!(key["x"].is_string(), "{stored}");
    assert!(stored.get("is_bound").is_none());
    // The answer never comes: the old refresh token still works, within the issuer's overlap.
    let (name, item) = world.store.items().into_iter().next().unwrap();
    world.store = Arc::default();
    world.store.put(&name, &item);
    let restarted = world.session_with(binding(&world, TokenBinding::Required));
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
    assert_eq!(stored_credentials(&world)["proof_key"]["public"], key);
    assert!(restarted.bound_key().is_some());
    assert_eq!(world.control().counters().families_killed, 0);
    world.control().release(Endpoint::Token);
    drop(renewal.await);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_asked_for_again_with_the_same_key() {
    let world = world_with(|settings| settings.leeway = 60).await;
    let session = updated(&world, TokenBinding::WhenOffered).await;
    world
        .control()
        .fault(Endpoint::Token, Fault::reset().after_processing());
    assert_renews(&session).await;
    assert!(session.bound_key().is_some());
    assert_eq!(world.control().counters().families_killed, 0);
}

/// An issuer does not accept a proof for a refresh token that is not bound: the session continues without a key.
#[tokio::test]
async fn an_issuer_that_refuses_the_first_proof_costs_no_session() {
    for (status, code) in [(400, "invalid_dpop_proof"), (400, "invalid_grant")] {
        let world = world().await;
        let session = updated(&world, TokenBinding::WhenOffered).await;
        let refusals = if code == "invalid_grant" { 1 } else { 2 };
        let refusal = Fault::oauth_error(status, code, "No.").times(refusals);
        world.control().fault(Endpoint::Token, refusal);
        assert_renews(&session).await;
        assert_eq!(session.bound_key(), None);
        assert!(is_signed_in(&session));
        assert_no_token_was_spent_twice(&world);
    }
}

#[tokio::test]
async fn two_processes_bind_it_once() {
    let (world, _folder) = crate::sharing::shared_world().await;
    world
        .control()
        .change(|settings| settings.dpop = pilotlight_identity_server::Dpop::Offered);
    drop(world.signed_in().await);
    let open = || world.session_with(binding(&world, TokenBinding::Required));
    let (app, extension) = (open(), open());
    app.restore().await.unwrap();
    extension.restore().await.unwrap();
    let (one, other) = tokio::join!(app.access_token(forced()), extension.access_token(forced()));
    one.unwrap();
    other.unwrap();
    app.access_token(forced()).await.unwrap();
    extension.restore().await.unwrap();
    assert!(app.bound_key().is_some());
    assert_eq!(app.bound_key(), extension.bound_key());
    assert_no_token_was_spent_twice(&world);
}

/// Another process was killed after the issuer had bound the refresh token to its key. This process was started before
/// that.
#[tokio::test]
async fn the_key_of_a_process_that_was_killed_is_gone_on_with() {
    for stores_something_first in [false, true] {
        let (world, _folder) = crate::sharing::shared_world().await;
        world.control().change(|settings| {
            settings.dpop = pilotlight_identity_server::Dpop::Offered;
            settings.leeway = 60;
        });
        drop(world.signed_in().await);
        let [app, extension] = [(), ()].map(|()| world.session_with(binding(&world, TokenBinding::WhenOffered)));
        app.restore().await.unwrap();
        extension.restore().await.unwrap();
        world.control().fault(Endpoint::Token, Fault::hold().after_processing());
        let renewing = app.clone();
        let renewal = tokio::spawn(async move { renewing.access_token(forced()).await });
        world.control().wait_for_held(Endpoint::Token, 1).await;
        renewal.abort();
        // Like the system, which releases the lock of a process that has ended.
        app.release_process_lock();
        let key = stored_credentials(&world)["proof_key"]["public"].clone();
        assert!(key["x"].is_string());
        if stores_something_first {
            extension.profile(true).await.unwrap();
            assert_eq!(stored_credentials(&world)["proof_key"]["public"], key);
        }
        assert_renews(&extension).await;
        assert!(extension.bound_key().is_some());
        assert_eq!(stored_credentials(&world)["proof_key"]["public"], key);
        assert_eq!(world.control().counters().families_killed, 0);
        let restarted = world.session_with(binding(&world, TokenBinding::WhenOffered));
        restarted.restore().await.unwrap();
        assert_renews(&restarted).await;
        world.control().release(Endpoint::Token);
    }
}
