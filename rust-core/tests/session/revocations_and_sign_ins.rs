//! A revocation is sent before a sign-in or not at all: some issuers delete the user's whole grant with a refresh token, and
//! that would end the new session.

use std::collections::HashMap;
use std::time::Duration;

use pilotlight_core::machine::error::Error;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{SessionManager, SignInOptions, SignOutOutcome};
use pilotlight_identity_server::{Endpoint, Fault, OldKeys};
use tokio::task::JoinHandle;

use crate::device_sso::first;
use crate::late_answers::renewal_under_way;
use crate::world::{ADA, GRACE, World, assert_renews, is_signed_in, until};

type SigningIn = JoinHandle<Result<SessionState, Error>>;

/// Enough for whatever does not wait.
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// The next start of the app after a sign-out without a network. The issuer holds back its answer to the revocation.
async fn revocation_under_way(world: &World) -> SessionManager {
    let session = world.session_with(first(world));
    world.sign_in(&session, ADA).await;
    world.control().go_offline().await.unwrap();
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    world.control().go_online().await.unwrap();
    drop(session);
    let session = world.session_with(first(world));
    world.control().fault(Endpoint::Revoke, Fault::hold());
    session.restore().await.unwrap();
    world.control().wait_for_held(Endpoint::Revoke, 1).await;
    session
}

/// Ada signs in, as far as the tokens.
async fn signing_in(world: &World, session: &SessionManager) -> SigningIn {
    let callback = world.callback(session, ADA).await;
    let session = session.clone();
    tokio::spawn(async move { session.complete_sign_in(&callback).await })
}

/// The sign-in does not ask for tokens before the revocation has ended. None follows then.
async fn assert_waits(world: &World, signing_in: SigningIn, grant: &str) {
    a_moment().await;
    assert!(!signing_in.is_finished());
    world.control().release(Endpoint::Revoke);
    signing_in.await.unwrap().unwrap();
    a_moment().await;
    assert_none_after(world, grant);
}

/// The last revocation came before the last request for tokens.
fn assert_none_after(world: &World, grant: &str) {
    let requests = world.control().requests();
    let numbers = |is_it: &dyn Fn(&pilotlight_identity_server::RequestRecord) -> bool| {
        requests
            .iter()
            .filter(|request| is_it(request))
            .map(|request| request.number)
            .max()
    };
    let last_grant = numbers(&|request| request.grant_type.as_deref() == Some(grant));
    assert!(last_grant.is_some());
    assert!(numbers(&|request| request.endpoint == Endpoint::Revoke) < last_grant);
}

#[tokio::test]
async fn a_sign_in_waits_for_a_revocation_that_is_under_way() {
    let world = World::new().await;
    let session = revocation_under_way(&world).await;
    // A device secret waits too.
    assert_eq!(world.stored().unwrap()["revocations"].as_array().unwrap().len(), 2);
    let signing_in = signing_in(&world, &session).await;
    assert_waits(&world, signing_in, "authorization_code").await;
    assert_renews(&session).await;
}

/// Pauses of ten seconds are real in these tests.
#[tokio::test]
async fn a_sign_in_goes_on_without_a_revocation_that_takes_too_long() {
    let world = World::new().await;
    let session = revocation_under_way(&world).await;
    let signing_in = signing_in(&world, &session).await;
    // The request itself would be given up later.
    let signed_in = tokio::time::timeout(Duration::from_secs(20), signing_in).await;
    signed_in.unwrap().unwrap().unwrap();
    assert!(world.stored().unwrap().get("revocations").is_none(), "forgotten");
    assert_eq!(world.control().seen(Endpoint::Revoke), 1);
    world.control().release(Endpoint::Revoke);
}

#[tokio::test]
async fn a_sign_in_waits_for_the_revocation_of_a_sign_out_just_before() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Revoke, Fault::hold());
    let signing_out = tokio::spawn({
        let session = session.clone();
        async move { session.sign_out().await }
    });
    world.control().wait_for_held(Endpoint::Revoke, 1).await;
    let signing_in = signing_in(&world, &session).await;
    assert_waits(&world, signing_in, "authorization_code").await;
    assert_eq!(signing_out.await.unwrap(), SignOutOutcome::Revoked);
}

#[tokio::test]
async fn a_sign_in_waits_for_the_revocation_of_what_a_late_answer_brought() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let renewing = renewal_under_way(&world, &session).await;
    assert_eq!(session.sign_out().await, SignOutOutcome::Revoked);
    world.control().fault(Endpoint::Revoke, Fault::hold());
    world.control().release(Endpoint::Token);
    world.control().wait_for_held(Endpoint::Revoke, 1).await;
    let signing_in = signing_in(&world, &session).await;
    assert_waits(&world, signing_in, "authorization_code").await;
    let _ = renewing.await.unwrap();
}

/// The code was exchanged, and the ID token could not be checked: the tokens wait with the sign-in.
async fn with_tokens_that_wait(world: &World, session: &SessionManager) -> String {
    world.clock.advance(61);
    world.control().rotate_keys(OldKeys::Withdraw);
    let callback = world.callback(session, ADA).await;
    world.control().fault(Endpoint::Jwks, Fault::reset());
    session.complete_sign_in(&callback).await.unwrap_err();
    callback
}

#[tokio::test]
async fn a_sign_in_waits_for_the_revocation_of_the_tokens_of_one_that_was_given_up() {
    let world = World::new().await;
    let session = world.session();
    world.sign_in(&session, ADA).await;
    session.sign_out().await;
    drop(with_tokens_that_wait(&world, &session).await);
    world.control().fault(Endpoint::Revoke, Fault::hold());
    let signing_in = signing_in(&world, &session).await;
    world.control().wait_for_held(Endpoint::Revoke, 1).await;
    assert_waits(&world, signing_in, "authorization_code").await;
}

#[tokio::test]
async fn nothing_is_revoked_while_the_tokens_of_a_sign_in_wait_to_be_checked() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    let callback = with_tokens_that_wait(&world, &session).await;
    world.control().clear_faults(Endpoint::Revoke);
    let asked = world.control().seen(Endpoint::Revoke);
    world.clock.advance(60);
    session.restore().await.unwrap();
    a_moment().await;
    session.complete_sign_in(&callback).await.unwrap();
    a_moment().await;
    assert_eq!(world.control().seen(Endpoint::Revoke), asked);
    assert_renews(&session).await;
}

#[tokio::test]
async fn nothing_is_revoked_after_the_tokens_of_a_sign_in_on_another_device() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Revoke, Fault::status(503));
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    let request = session.begin_device_sign_in(HashMap::new()).await.unwrap();
    assert!(world.control().decide_device(&request.user_code, Some(ADA)));
    session.complete_device_sign_in(request.attempt).await.unwrap();
    a_moment().await;
    assert_none_after(&world, "urn:ietf:params:oauth:grant-type:device_code");
    assert_renews(&session).await;
}

/// The store has not been read before.
#[tokio::test]
async fn a_sign_in_as_the_first_call_sends_what_waits() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Revoke, Fault::status(503));
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    drop(session);
    let session = world.session();
    world.sign_in(&session, ADA).await;
    assert_eq!(world.control().counters().families_revoked, 1);
    assert_renews(&session).await;
}

#[tokio::test]
async fn what_waits_of_another_user_is_revoked_once_the_sign_in_is_over() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).times(2));
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    world.sign_in(&session, GRACE).await;
    world.cooldown();
    session.restore().await.unwrap();
    until("revoked", || world.control().counters().families_revoked == 1).await;
    assert!(is_signed_in(&session));

    // The same where the sign-in is cancelled.
    world.sign_in(&session, ADA).await;
    world.control().fault(Endpoint::Revoke, Fault::status(503));
    session.sign_out().await;
    session.begin_sign_in(SignInOptions::default()).await.unwrap();
    session.cancel_sign_in();
    session.restore().await.unwrap();
    until("the store is empty", || world.store.items().is_empty()).await;
}
