//! A challenge belongs to one session: other sign-ins, sign-outs, processes, restarts.

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Endpoint, Fault, OTP};

use super::{assert_goes_on, otp, refused, rejection, require, world};
use crate::sharing::{app_and_extension, assert_no_token_was_spent_twice};
use crate::world::{GRACE, World, assert_renews, cached, forced, is_signed_in, public};

/// An answer that the issuer has accepted, and holds back.
async fn answer_under_way(
    world: &World,
    session: &SessionManager,
) -> tokio::task::JoinHandle<Result<pilotlight_core::session::MfaOutcome, pilotlight_core::machine::error::Error>> {
    let challenge = refused(session).await;
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let answering = tokio::spawn({
        let session = session.clone();
        async move { session.mfa_answer(challenge, otp(OTP)).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    answering
}

#[tokio::test]
async fn after_a_sign_out_nothing_is_written_and_the_new_tokens_are_revoked() {
    let (world, session) = world().await;
    let answering = answer_under_way(&world, &session).await;
    session.sign_out().await;
    let writes = world.store.counts().1;
    world.control().release(Endpoint::Token);
    assert!(matches!(
        public(answering.await.unwrap()),
        SessionError::SignIn {
            reason: SignInReason::SignedOut,
            ..
        }
    ));
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    assert!(world.stored().is_none());
    assert_eq!(world.store.counts().1, writes);
    assert_eq!(world.control().seen(Endpoint::Revoke), 2);
}

#[tokio::test]
async fn a_newer_session_is_not_touched_by_a_late_answer() {
    let (world, session) = world().await;
    let answering = answer_under_way(&world, &session).await;
    world.sign_in(&session, GRACE).await;
    let token = cached(&session);
    let refresh_token = world.stored_refresh_token();
    world.control().release(Endpoint::Token);
    let _ = answering.await.unwrap();
    assert_eq!(cached(&session), token);
    assert_eq!(world.stored_refresh_token(), refresh_token);
    assert_renews(&session).await;
}

#[tokio::test]
async fn another_session_cannot_use_it() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    world.sign_in(&session, GRACE).await;
    let asked = world.control().requests().len();
    assert_eq!(session.mfa_time_left(challenge), None);
    let answer = session.mfa_answer(challenge, otp(OTP)).await;
    assert_eq!(rejection(public(answer)), "expired_token");
    let list = session.mfa_authenticators(challenge).await;
    assert_eq!(rejection(public(list)), "expired_token");
    assert_eq!(world.control().requests().len(), asked);
    session.sign_out().await;
    let answer = session.mfa_answer(challenge, otp(OTP)).await;
    assert_eq!(rejection(public(answer)), "expired_token");
}

/// The challenge is in memory only.
#[tokio::test]
async fn a_restart_needs_another_challenge() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    drop(session);
    let restarted = world.session();
    restarted.restore().await.unwrap();
    let answer = restarted.mfa_answer(challenge, otp(OTP)).await;
    assert_eq!(rejection(public(answer)), "expired_token");
    let next = refused(&restarted).await;
    restarted.mfa_answer(next, otp(OTP)).await.unwrap();
    assert_goes_on(&world, &restarted).await;
}

#[tokio::test]
async fn another_process_takes_over_what_came() {
    let (world, app, extension, _folder) = app_and_extension().await;
    require(&world, true);
    let challenge = refused(&app).await;
    app.mfa_answer(challenge, otp(OTP)).await.unwrap();
    require(&world, false);
    assert_renews(&extension).await;
    app.access_token(forced()).await.unwrap();
    assert_no_token_was_spent_twice(&world);
}

/// By then, the refresh token of the `mfa_token` is spent: continuing with it could look like token theft.
#[tokio::test]
async fn another_process_renews_before_the_answer() {
    let (world, app, extension, _folder) = app_and_extension().await;
    require(&world, true);
    let challenge = refused(&app).await;
    require(&world, false);
    let token = assert_renews(&extension).await;
    let answer = app.mfa_answer(challenge, otp(OTP)).await;
    assert_eq!(rejection(public(answer)), "expired_token");
    assert!(is_signed_in(&app));
    assert_eq!(
        cached(&app).as_deref(),
        Some(token.expose()),
        "it has the other's token"
    );
    assert_renews(&app).await;
    assert_no_token_was_spent_twice(&world);
}

#[tokio::test]
async fn a_bound_session_stays_bound() {
    let world = crate::dpop::world().await;
    let session = world.session_with(SessionConfiguration {
        dpop: TokenBinding::Required,
        ..world.configuration()
    });
    world.sign_in(&session, crate::world::ADA).await;
    require(&world, true);
    let key = session.bound_key();
    let challenge = refused(&session).await;
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_eq!(session.bound_key(), key);
    assert!(key.is_some());
    require(&world, false);
    assert_renews(&session).await;
    assert_no_token_was_spent_twice(&world);
}

/// A tenant with a custom domain, found by discovery.
#[tokio::test]
async fn a_session_by_discovery_goes_on_too() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, crate::world::ADA).await;
    require(&world, true);
    let challenge = refused(&session).await;
    assert_eq!(session.mfa_authenticators(challenge).await.unwrap().len(), 4);
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    require(&world, false);
    assert_renews(&session).await;
}

#[tokio::test]
async fn callers_that_wait_get_the_renewed_token() {
    let (world, session) = world().await;
    world.clock.advance(86_400);
    let challenge = refused(&session).await;
    assert!(session.access_token(Default::default()).await.is_err());
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    let token = session.access_token(Default::default()).await.unwrap();
    assert_eq!(cached(&session).as_deref(), Some(token.expose()));
    assert_goes_on(&world, &session).await;
}
