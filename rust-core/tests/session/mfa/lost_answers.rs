//! The answer to a second factor is lost. The same request is sent again at once, like a renewal's. If the issuer had
//! not received it, it is like the first; if it had, it refuses the repetition, and the session continues within the
//! issuer's overlap.

use std::time::Duration;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::session::MfaAnswer;
use pilotlight_identity_server::{Endpoint, Fault, OTP};

use super::{assert_goes_on, assert_sent_again, otp, refused, rejection, require, world};
use crate::world::{ADA, assert_renews, is_signed_in, public};

#[tokio::test]
async fn a_request_that_did_not_arrive_is_sent_again() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    assert_sent_again(&world, &session, challenge).await;
    assert_goes_on(&world, &session).await;
}

/// The issuer has spent the code and the `mfa_token`. The session continues; within the overlap of the rotation it is
/// renewed.
#[tokio::test]
async fn a_request_that_was_done_is_refused_and_the_session_goes_on() {
    let (world, session) = world().await;
    world.control().change(|settings| settings.leeway = 60);
    let challenge = refused(&session).await;
    let before = world.stored_refresh_token();
    world
        .control()
        .fault(Endpoint::Token, Fault::reset().after_processing());
    let answer = session.mfa_answer(challenge, otp(OTP)).await;
    assert_eq!(rejection(public(answer)), "expired_token");
    assert!(is_signed_in(&session));
    assert_eq!(world.stored_refresh_token(), before);
    world.clock.advance(31);
    let next = refused(&session).await;
    assert_ne!(next, challenge, "nothing goes on with that one");
    session.mfa_answer(next, otp(OTP)).await.unwrap();
    require(&world, false);
    assert_renews(&session).await;
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn without_a_network_the_code_can_be_given_again() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    world.control().fault(Endpoint::Token, Fault::reset().for_ever());
    let error = public(session.mfa_answer(challenge, otp(OTP)).await);
    assert!(matches!(error, SessionError::RetryLater { .. }), "{error:?}");
    world.control().clear_faults(Endpoint::Token);
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_goes_on(&world, &session).await;
}

/// As often as a renewal, and no more often, because an issuer counts wrong codes.
#[tokio::test]
async fn it_is_sent_twice_more_only() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    let seen = world.control().seen(Endpoint::Token);
    world.control().fault(Endpoint::Token, Fault::reset().for_ever());
    let code = MfaAnswer::RecoveryCode(Secret::new("x"));
    let _ = session.mfa_answer(challenge, code).await;
    assert_eq!(world.control().seen(Endpoint::Token), seen + 3);
}

/// The request for a challenge to a device is not repeated, because each one sends a message.
#[tokio::test]
async fn a_challenge_is_asked_for_once() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    world.control().fault(Endpoint::Mfa, Fault::reset().after_processing());
    let error = public(session.mfa_challenge(challenge, Some("sms|dev_3")).await);
    assert!(matches!(error, SessionError::RetryLater { .. }), "{error:?}");
    assert_eq!(world.control().seen(Endpoint::Mfa), 1);
    session.mfa_challenge(challenge, Some("sms|dev_3")).await.unwrap();
    let code = MfaAnswer::Code(Secret::new(OTP));
    session.mfa_answer(challenge, code).await.unwrap();
    assert_goes_on(&world, &session).await;
}

/// A crash after the issuer's answer: the next start has the data that was stored before.
#[tokio::test]
async fn a_crash_between_leaves_the_session() {
    let (world, session) = world().await;
    world.control().change(|settings| settings.leeway = 60);
    let challenge = refused(&session).await;
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let answering = tokio::spawn({
        let session = session.clone();
        async move { session.mfa_answer(challenge, otp(OTP)).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    // The process has ended, so its answer is never read.
    let restarted = world.session();
    restarted.restore().await.unwrap();
    require(&world, false);
    assert_renews(&restarted).await;
    assert!(world.control().account(ADA).is_some());
    world.control().release(Endpoint::Token);
    let _ = tokio::time::timeout(Duration::from_secs(30), answering).await.unwrap();
    assert!(is_signed_in(&restarted));
}
