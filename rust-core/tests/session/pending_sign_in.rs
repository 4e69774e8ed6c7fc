//! A sign-in that is not completed: how long it waits, and what happens to its tokens.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::session::{SessionManager, SignInOptions};
use pilotlight_identity_server::{Endpoint, Fault, OldKeys};

use crate::world::{ADA, GRACE, World, is_signed_in, public, until};

const QUARTER: i64 = 15 * 60;

fn code_of(error: SessionError) -> String {
    match error {
        SessionError::RestartSignIn { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

/// The code was exchanged, but the ID token could not be checked: the tokens wait with the sign-in.
async fn with_tokens_that_wait() -> (World, SessionManager, String) {
    let world = World::new().await;
    let session = world.signed_in().await;
    session.sign_out().await;
    world.clock.advance(61);
    world.control().rotate_keys(OldKeys::Withdraw);
    let callback = world.callback(&session, ADA).await;
    world.control().fault(Endpoint::Jwks, Fault::reset());
    assert!(matches!(
        public(session.complete_sign_in(&callback).await),
        SessionError::RetryLater { .. }
    ));
    assert_eq!(world.control().counters().code_grants_honoured, 2);
    (world, session, callback)
}

fn revoked(world: &World) -> u64 {
    world.control().counters().families_revoked
}

/// The tokens from a code belong to their own sign-in, even if another one has replaced it meanwhile.
#[tokio::test]
async fn the_tokens_of_one_sign_in_never_come_to_another() {
    let world = World::new().await;
    let session = world.session();
    let callback = world.callback(&session, GRACE).await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let first = tokio::spawn({
        let session = session.clone();
        async move { session.complete_sign_in(&callback).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    let callback = world.callback(&session, ADA).await;
    world.control().release(Endpoint::Token);
    let error = public(first.await.unwrap());
    assert!(matches!(error, SessionError::SignInCancelled), "{error:?}");
    session.complete_sign_in(&callback).await.unwrap();
    assert!(is_signed_in(&session));
    assert_eq!(world.control().counters().code_grants_honoured, 2);
    until("the first one's tokens are revoked", || revoked(&world) == 1).await;
}

#[tokio::test]
async fn a_sign_in_ends_after_a_quarter_of_an_hour_by_the_clock_that_nobody_sets() {
    let world = World::new().await;
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    world.clock.advance_monotonic(QUARTER);
    let error = public(session.complete_sign_in(&callback).await);
    assert!(error.to_string().contains("15 minutes"), "{error}");
    assert_eq!(code_of(error), "sign_in_expired");
    assert_eq!(world.control().seen(Endpoint::Token), 0, "the code is not sent");
    assert_eq!(
        code_of(public(session.complete_sign_in(&callback).await)),
        "sign_in_expired"
    );

    let callback = world.callback(&session, ADA).await;
    world.clock.advance_monotonic(QUARTER - 60);
    world.clock.set_wall(10 * 365 * 24 * 3600);
    session.complete_sign_in(&callback).await.unwrap();
    assert!(is_signed_in(&session));
}

/// Every call checks this first, because the process may have been suspended.
#[tokio::test]
async fn the_beginning_of_any_call_ends_a_sign_in_that_is_too_old() {
    let (world, session, _) = with_tokens_that_wait().await;
    let before = revoked(&world);
    session.expire_sign_in();
    world.clock.advance_monotonic(QUARTER);
    assert_eq!(revoked(&world), before, "it was in time");
    session.expire_sign_in();
    until("revoked", || revoked(&world) == before + 1).await;
}

#[tokio::test]
async fn tokens_that_wait_with_a_sign_in_end_with_it_and_are_revoked() {
    let (world, session, callback) = with_tokens_that_wait().await;
    let before = revoked(&world);
    world.clock.advance_monotonic(QUARTER);
    session.restore().await.unwrap();
    until("revoked", || revoked(&world) == before + 1).await;
    assert_eq!(
        code_of(public(session.complete_sign_in(&callback).await)),
        "sign_in_expired"
    );
    assert!(!is_signed_in(&session) && world.stored().is_none());

    // The same if no other call comes first.
    let (world, session, callback) = with_tokens_that_wait().await;
    world.clock.advance_monotonic(QUARTER);
    assert_eq!(
        code_of(public(session.complete_sign_in(&callback).await)),
        "sign_in_expired"
    );
    until("revoked", || revoked(&world) == before + 1).await;
}

#[tokio::test]
async fn tokens_that_wait_with_a_sign_in_are_revoked_when_it_is_given_up() {
    for give_up in ["cancel", "cancel the attempt", "begin another", "sign out"] {
        let (world, session, callback) = with_tokens_that_wait().await;
        let before = revoked(&world);
        match give_up {
            "cancel" => session.cancel_sign_in(),
            "cancel the attempt" => (0..10).for_each(|attempt| session.cancel_sign_in_attempt(attempt)),
            "begin another" => drop(session.begin_sign_in(SignInOptions::default()).await.unwrap()),
            _ => drop(session.sign_out().await),
        }
        until("revoked", || revoked(&world) == before + 1).await;
        assert!(session.complete_sign_in(&callback).await.is_err(), "{give_up}");
        assert!(!is_signed_in(&session));
    }
}
