//! Promise 2: a rotated refresh token is stored before anything else can fail. Also: what happens if it cannot be
//! stored.

use std::time::Duration;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::ports::StoreError;
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, Signature};
use serde_json::json;

use crate::world::{ADA, World, assert_renews, at_least, cached, disk_full, forced, is_signed_in, public, until};

#[tokio::test]
async fn a_renewal_with_a_bad_id_token_keeps_the_refresh_token_and_not_the_access_token() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for fault in [
        IdTokenFault::new().signature(Signature::Broken),
        IdTokenFault::new().signature(Signature::None),
        IdTokenFault::new().claim("sub", json!("auth0|somebody-else")),
        IdTokenFault::new().claim("iss", json!("https://evil.example/")),
        IdTokenFault::new().claim("aud", json!("another-app")),
    ] {
        let (refresh_token, id_token) = (
            world.stored_refresh_token(),
            world.stored().unwrap()["credentials"]["id_token"].clone(),
        );
        world.clock.advance(61);
        world.control().fault(Endpoint::Token, Fault::id_token(fault));
        assert!(matches!(
            public(session.access_token(forced()).await),
            SessionError::RetryLater { .. }
        ));
        assert_ne!(world.stored_refresh_token(), refresh_token);
        assert_eq!(world.stored().unwrap()["credentials"]["id_token"], id_token);
        assert_eq!(cached(&session), None);
        assert!(is_signed_in(&session));
        world.cooldown();
        assert_renews(&session).await;
    }
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

/// The app can be killed while the issuer's keys are being fetched; by then the new refresh token must be stored.
#[tokio::test]
async fn what_a_renewal_brings_is_stored_before_the_id_token_is_checked() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let (session, refresh_token) = (world.session(), world.stored_refresh_token());
    world.control().fault(Endpoint::Jwks, Fault::hold());
    let renewing = tokio::spawn(async move { session.access_token(forced()).await });
    world.control().wait_for_held(Endpoint::Jwks, 1).await;
    assert_ne!(world.stored_refresh_token(), refresh_token);
    renewing.abort();
    assert_renews(&world.session()).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

/// It may turn out to belong to another user.
#[tokio::test]
async fn a_renewed_token_is_given_to_nobody_before_its_id_token_was_checked() {
    let world = World::new().await;
    let old = cached(&world.signed_in().await);
    let session = world.session();
    session.restore().await.unwrap();
    assert_eq!(cached(&session), old);
    world.control().fault(Endpoint::Jwks, Fault::hold());
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await }
    });
    world.control().wait_for_held(Endpoint::Jwks, 1).await;
    assert_eq!(cached(&session), None);
    assert_eq!(session.access_token_lease(), None);
    assert!(is_signed_in(&session) && session.has_valid_session(Duration::ZERO));
    world.control().release(Endpoint::Jwks);
    let renewed = renewing.await.unwrap().unwrap();
    assert_eq!(cached(&session).as_deref(), Some(renewed.expose()));
    assert_ne!(cached(&session), old);
}

#[tokio::test]
async fn a_sign_out_while_a_renewal_is_being_checked_wins() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let session = world.session();
    world.control().fault(Endpoint::Jwks, Fault::hold());
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await }
    });
    world.control().wait_for_held(Endpoint::Jwks, 1).await;
    session.sign_out().await;
    world.control().release(Endpoint::Jwks);
    assert!(matches!(public(renewing.await.unwrap()), SessionError::SignIn { .. }));
    assert!(world.stored().is_none() && cached(&session).is_none());
}

#[tokio::test]
async fn an_answer_that_lacks_the_access_token_still_rotates() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for fault in [
        Fault::answer_without(&["access_token"]),
        Fault::answer(json!({"token_type": "DPoP"})),
    ] {
        let refresh_token = world.stored_refresh_token();
        world.control().fault(Endpoint::Token, fault);
        assert!(matches!(
            public(session.access_token(forced()).await),
            SessionError::RetryLater { .. }
        ));
        assert_ne!(world.stored_refresh_token(), refresh_token);
        world.cooldown();
        assert_renews(&session).await;
    }
}

#[tokio::test]
async fn keys_that_cannot_be_read_do_not_withhold_a_good_token() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let session = world.session();
    world.control().fault(Endpoint::Jwks, Fault::status(503).for_ever());
    session.restore().await.unwrap();
    assert_renews(&session).await;
}

#[tokio::test]
async fn a_store_that_refuses_is_an_error_and_the_tokens_stay_usable_until_it_takes_them() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let error = public(
        world
            .while_the_store_begins_to_fail(disk_full(), session.access_token(forced()))
            .await,
    );
    assert!(
        matches!(error, SessionError::CheckStorage { status: Some(28), .. }),
        "{error:?}"
    );

    // Callers get the token, and none of them renews again.
    let token = session.access_token(at_least(60)).await.unwrap();
    assert_eq!(session.access_token(at_least(60)).await.unwrap(), token);
    assert_eq!(world.refresh_grants(), 1);
    assert_eq!(cached(&session), None, "callers are led to the call that writes");

    world.store.fail_writes(None);
    assert_eq!(session.access_token(at_least(60)).await.unwrap(), token);
    assert_eq!(cached(&session).as_deref(), Some(token.expose()));
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_eq!(cached(&restarted).as_deref(), Some(token.expose()));
    assert_renews(&restarted).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn a_store_that_locks_during_a_renewal_asks_to_wait_for_the_unlock() {
    let world = World::new().await;
    let session = world.signed_in().await;
    assert!(matches!(
        public(
            world
                .while_the_store_begins_to_fail(StoreError::Locked, session.access_token(forced()))
                .await
        ),
        SessionError::WaitForUnlock { .. }
    ));
    world.store.fail_writes(None);
    assert!(session.access_token(at_least(0)).await.is_ok());
    assert_renews(&world.session()).await;
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_stored_is_an_error_and_stored_at_the_next_chance() {
    let world = World::new().await;
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    world.store.fail_writes(Some(disk_full()));
    assert!(matches!(
        public(session.complete_sign_in(&callback).await),
        SessionError::CheckStorage { .. }
    ));
    assert!(is_signed_in(&session) && world.stored().is_none());
    world.store.fail_writes(None);
    assert!(matches!(session.restore().await, Ok(SessionState::SignedIn { .. })));
    assert!(world.stored().is_some());
}

/// If a write could be abandoned half way, it would complete after the next one, and store the older session.
#[tokio::test]
async fn a_write_goes_on_when_its_caller_goes_away() {
    let world = World::new().await;
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    let (writes, gate) = (world.store.counts().1, world.store.gate.lock().await);
    let caller = tokio::spawn({
        let session = session.clone();
        async move { session.complete_sign_in(&callback).await }
    });
    world.store.wait_for_write(writes).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    assert!(world.stored().is_none());
    drop(gate);
    until("the write that was left in the middle is done", || {
        world.stored().is_some()
    })
    .await;
    assert_eq!(world.store.counts().1, writes + 1);
}

#[tokio::test]
async fn the_end_of_a_session_that_cannot_be_stored_is_stored_at_the_next_chance() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().revoke_user(ADA);
    let ended = world.while_the_store_begins_to_fail(disk_full(), session.access_token(forced()));
    assert!(matches!(public(ended.await), SessionError::SignIn { .. }));
    world.store.fail_writes(None);
    let _ = session.restore().await;
    assert_eq!(world.stored().unwrap()["ended"], "refresh_token_rejected");
}

#[tokio::test]
async fn what_is_known_of_a_token_holds_until_anything_happens_to_the_session() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let epoch = || session.epoch().load(std::sync::atomic::Ordering::Acquire);
    let (known, lease) = session.access_token_lease().unwrap();
    assert_eq!(known, epoch());
    assert!(lease.left > Duration::from_secs(3600) && lease.ends_in == Duration::from_secs(1));
    // Reading has no effect.
    assert!(cached(&session).is_some() && is_signed_in(&session) && known == epoch());
    session.access_token(forced()).await.unwrap();
    let (renewed, _) = session.access_token_lease().unwrap();
    assert!(renewed != known && renewed == epoch());
    let _ = session.sign_out().await;
    assert_eq!(session.access_token_lease(), None);
    assert_ne!(renewed, epoch());
}
