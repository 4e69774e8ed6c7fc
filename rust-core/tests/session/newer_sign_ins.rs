//! Promise 1, between processes: a process's pending cleanup never touches a sign-in that another process made
//! meanwhile. The simulation (`tests/simulation`) found these cases.

use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{SignInOptions, SignOutOutcome};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use crate::reports::states;
use crate::sharing::{app_and_extension, shared_world};
use crate::world::{ADA, GRACE, World, assert_renews, disk_full, forced, is_signed_in, public, until};

#[tokio::test]
async fn a_sign_out_that_could_not_be_stored_leaves_a_newer_sign_in_alone() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.store.fail_writes(Some(disk_full()));
    assert_eq!(app.sign_out().await, SignOutOutcome::Revoked);
    world.store.fail_writes(None);
    world.sign_in(&extension, ADA).await;
    app.restore().await.unwrap();
    assert!(is_signed_in(&app), "it takes over what the other process has");
    assert_renews(&extension).await;
    assert_renews(&app).await;
}

#[tokio::test]
async fn a_sign_out_that_could_not_be_stored_is_stored_later() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    world.store.fail_writes(Some(disk_full()));
    assert_eq!(app.sign_out().await, SignOutOutcome::Revoked);
    assert!(world.stored().is_some());
    world.store.fail_writes(None);
    app.restore().await.unwrap();
    assert_eq!(app.state(), Some(SessionState::SignedOut));
    assert!(world.stored().is_none());
}

#[tokio::test]
async fn a_revocation_that_is_done_later_leaves_a_newer_sign_in_alone() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    assert_eq!(app.sign_out().await, SignOutOutcome::RevocationPending);
    world.control().clear_faults(Endpoint::Revoke);

    // The extension notifies the issuer, but cannot store that it did.
    world.store.fail_writes(Some(disk_full()));
    let (revoked, writes) = (world.control().counters().families_revoked, world.store.counts().1);
    extension.restore().await.unwrap();
    world.store.wait_for_write(writes).await;
    assert_eq!(world.control().counters().families_revoked, revoked + 1);

    world.store.fail_writes(None);
    world.sign_in(&app, ADA).await;
    extension.restore().await.unwrap();
    assert!(
        world.stored().unwrap().get("credentials").is_some(),
        "the new session is there"
    );
    assert!(is_signed_in(&extension));
    assert_renews(&app).await;
}

#[tokio::test]
async fn what_waits_to_be_revoked_of_two_sign_outs_is_revoked() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    let of_ada = world.stored_refresh_token();
    world.store.fail_writes(Some(disk_full()));
    assert_eq!(app.sign_out().await, SignOutOutcome::RevocationPending);
    world.store.fail_writes(None);
    world.sign_in(&extension, GRACE).await;
    let of_grace = world.stored_refresh_token();
    assert_eq!(extension.sign_out().await, SignOutOutcome::RevocationPending);
    app.restore().await.unwrap();
    let waiting = world.stored().unwrap()["revocations"].clone();
    let waiting: Vec<_> = waiting
        .as_array()
        .unwrap()
        .iter()
        .map(|waits| waits["refresh_token"].clone())
        .collect();
    assert!(
        waiting.contains(&json!(of_grace)) && waiting.contains(&json!(of_ada)),
        "{waiting:?}"
    );
    world.control().clear_faults(Endpoint::Revoke);
    world.cooldown();
    app.restore().await.unwrap();
    until("nothing waits", || world.store.items().is_empty()).await;
    assert_eq!(world.control().counters().families_revoked, 2);
}

#[tokio::test]
async fn an_older_session_does_not_come_back_when_a_newer_one_was_never_stored() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    world.store.fail_writes(Some(disk_full()));
    let callback = world.callback(&app, ADA).await;
    app.complete_sign_in(&callback).await.unwrap_err();
    assert!(is_signed_in(&app));
    app.sign_out().await;
    world.store.fail_writes(None);
    app.restore().await.unwrap();
    assert_eq!(app.state(), Some(SessionState::SignedOut));
    assert!(world.stored().is_none());
}

#[tokio::test]
async fn a_profile_is_fetched_though_another_process_signed_in_meanwhile() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.sign_in(&app, ADA).await;
    world.clock.advance(86_400);
    // Its token is too old, so it reads the store and finds another session of the same user.
    assert_eq!(extension.profile(true).await.unwrap().email.as_deref(), Some(ADA));
}

#[tokio::test]
async fn nobody_is_notified_of_a_renewal_before_it_is_stored() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let mut states = states(&session);
    states.try_recv().unwrap();
    world.clock.advance(86_400);
    let gate = world.store.gate.lock().await;
    let writes = world.store.counts().1;
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await }
    });
    world.store.wait_for_write(writes).await;
    // Another caller, which would notice.
    let asking = tokio::spawn({
        let session = session.clone();
        async move { session.restore().await }
    });
    asking.await.unwrap().unwrap();
    drop(session.subscribe());
    assert!(states.try_recv().is_err(), "nothing yet");
    drop(gate);
    renewing.await.unwrap().unwrap();
    assert!(matches!(states.try_recv(), Ok(SessionState::SignedIn { .. })));
}

/// A signed-in user is never asked to sign in, however often the session is replaced while an answer is in flight.
#[tokio::test]
async fn calls_that_are_overtaken_by_sign_ins_serve_the_last_one() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let expired = || Fault::answer(json!({"expires_in": 0})).grant("authorization_code");
    for (endpoint, hold) in [
        (Endpoint::Token, Fault::hold().grant("refresh_token")),
        (Endpoint::Userinfo, Fault::hold()),
    ] {
        world.control().fault(endpoint, hold.clone());
        let caller = tokio::spawn({
            let session = session.clone();
            async move {
                match endpoint {
                    Endpoint::Token => session.access_token(forced()).await.map(drop),
                    _ => session.profile(true).await.map(drop),
                }
            }
        });
        world.control().wait_for_held(endpoint, 1).await;
        if endpoint == Endpoint::Token {
            world.control().fault(Endpoint::Token, expired());
        }
        world.sign_in(&session, ADA).await;
        world.control().fault(endpoint, hold);
        world.control().release(endpoint);
        world.control().wait_for_held(endpoint, 1).await;
        if endpoint == Endpoint::Token {
            world.control().fault(Endpoint::Token, expired());
        }
        world.sign_in(&session, ADA).await;
        world.control().release(endpoint);
        assert_eq!(caller.await.unwrap(), Ok(()), "{endpoint:?}");
    }
}

/// If that continues, the caller is asked to try later.
#[tokio::test]
async fn a_renewal_that_every_sign_in_overtakes_is_not_repeated_for_ever() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let hold = || Fault::hold().grant("refresh_token");
    let expired = Fault::answer(json!({"expires_in": 0})).grant("authorization_code");
    world.control().fault(Endpoint::Token, expired.for_ever());
    world.control().fault(Endpoint::Token, hold());
    let late = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await }
    });
    for round in 1..=3 {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        world.sign_in(&session, ADA).await;
        if round < 3 {
            world.control().fault(Endpoint::Token, hold());
        }
        world.control().release(Endpoint::Token);
    }
    assert_asks_to_try_later(&public(late.await.unwrap()));
    assert_renews(&session).await;
}

fn assert_asks_to_try_later(error: &SessionError) {
    let reason = RetryReason::AnotherProcess;
    assert!(
        matches!(error, SessionError::RetryLater { reason: given, .. } if *given == reason),
        "{error:?}"
    );
}

/// The session ends after this process has read the store, and before it proves that it can write.
#[tokio::test]
async fn a_renewal_brings_no_session_back_that_another_process_has_just_ended() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    let (writes, gate) = (world.store.counts().1, world.store.gate.lock().await);
    let renewing = tokio::spawn({
        let app = app.clone();
        async move { app.access_token(forced()).await }
    });
    world.store.wait_for_write(writes).await;
    world.store.clear();
    drop(gate);
    let error = public(renewing.await.unwrap());
    assert!(matches!(error, SessionError::SignIn { .. }), "{error:?}");
    assert_eq!((world.stored(), world.refresh_grants()), (None, 0));
}

/// The process was suspended, and iOS took its lock; the other process renews faster than this one asks.
#[tokio::test]
async fn a_process_that_comes_too_late_again_and_again_is_asked_to_try_later() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let comes_too_late = || {
        let refusal = Fault::oauth_error(403, "invalid_grant", "Unknown or invalid refresh token.");
        world.control().fault(Endpoint::Token, Fault::hold());
        world.control().fault(Endpoint::Token, refusal);
    };
    comes_too_late();
    let late = tokio::spawn({
        let app = app.clone();
        async move { app.access_token(forced()).await }
    });
    for round in 1..=3 {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        app.release_process_lock();
        extension.access_token(forced()).await.unwrap();
        if round < 3 {
            comes_too_late();
        }
        world.control().release(Endpoint::Token);
    }
    assert_asks_to_try_later(&public(late.await.unwrap()));
    assert!(is_signed_in(&app));
    world.cooldown();
    assert_renews(&app).await;
}

/// An item read from a shared store may be older than what this process has written since.
#[tokio::test]
async fn a_look_that_began_before_a_sign_in_does_not_undo_it() {
    let (world, _folder) = shared_world().await;
    let app = world.session();
    app.restore().await.unwrap();
    let callback = world.callback(&app, ADA).await;
    let (reads, gate) = (world.store.counts().0, world.store.read_gate.lock().await);
    let look = tokio::spawn({
        let app = app.clone();
        async move { app.restore().await }
    });
    until("a read begins", || world.store.counts().0 > reads).await;
    app.complete_sign_in(&callback).await.unwrap();
    drop(gate);
    assert!(matches!(look.await.unwrap(), Ok(SessionState::SignedIn { .. })));
    assert!(is_signed_in(&app) && world.stored().is_some());
}

/// A browser page that is closed late belongs to a sign-in that another one has replaced.
#[tokio::test]
async fn cancelling_an_attempt_leaves_the_one_that_replaced_it() {
    let world = World::new().await;
    let session = world.session();
    let first = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let second = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    assert_ne!(first.attempt, second.attempt);
    let callback = world.server.authorize(&second.url, ADA).await.unwrap();
    session.cancel_sign_in_attempt(first.attempt);
    session.complete_sign_in(&callback).await.unwrap();
    assert!(is_signed_in(&session));

    let third = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = world.server.authorize(&third.url, ADA).await.unwrap();
    session.cancel_sign_in_attempt(third.attempt);
    assert_eq!(
        public(session.complete_sign_in(&callback).await),
        SessionError::SignInCancelled
    );
}
