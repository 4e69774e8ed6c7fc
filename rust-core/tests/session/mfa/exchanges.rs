//! Exchanges of the session's own tokens that the issuer refuses until the user has shown a second factor.

use pilotlight_core::session::{MfaOutcome, SessionManager};
use pilotlight_identity_server::{Endpoint, Fault, OTP};

use super::{assert_lives, assert_sent_again, number, otp, rejection, require};
use crate::audiences::{API, claims};
use crate::exchange::{asked, exchange, exchanges};
use crate::world::{World, is_signed_in, public};

/// Ada is signed in, and needs a second factor.
async fn world() -> (World, SessionManager) {
    let world = crate::exchange::world().await;
    let session = world.signed_in().await;
    require(&world, true);
    (world, session)
}

async fn refused(session: &SessionManager) -> u64 {
    number(public(asked(session, &exchange()).await))
}

#[tokio::test]
async fn it_goes_on_when_the_user_has_answered() {
    let (world, session) = world().await;
    let stored = world.stored();
    let challenge = refused(&session).await;
    assert_eq!(refused(&session).await, challenge);
    let wrong = session.mfa_answer(challenge, otp("000000")).await;
    assert_eq!(rejection(public(wrong)), "invalid_grant");
    assert_eq!(
        session.mfa_answer(challenge, otp(OTP)).await.unwrap(),
        MfaOutcome::Renewed
    );
    let sent = world.control().seen(Endpoint::Token);
    let token = asked(&session, &exchange()).await.unwrap();
    assert_eq!(claims(token.expose())["aud"], API);
    assert_eq!((world.control().seen(Endpoint::Token), exchanges(&world)), (sent, 1));
    assert_eq!(world.stored(), stored, "the session is as it was");
    assert_eq!(session.mfa_time_left(challenge), None);
    assert_lives(&world, &session).await;
}

#[tokio::test]
async fn an_answer_for_a_session_that_is_gone_is_no_use() {
    let (_world, session) = world().await;
    let challenge = refused(&session).await;
    session.sign_out().await;
    assert_eq!(
        rejection(public(session.mfa_answer(challenge, otp(OTP)).await)),
        "expired_token"
    );
}

#[tokio::test]
async fn an_answer_that_did_not_arrive_is_sent_again() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    assert_sent_again(&world, &session, challenge).await;
    assert_lives(&world, &session).await;
}

/// That challenge cannot be continued: the next call asks the issuer at once, and gets another.
#[tokio::test]
async fn after_a_challenge_that_is_over_the_next_call_asks_the_issuer() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    let over = Fault::oauth_error(401, "invalid_grant", "Malformed mfa_token");
    world.control().fault(Endpoint::Token, over);
    let answer = session.mfa_answer(challenge, otp(OTP)).await;
    assert_eq!(rejection(public(answer)), "expired_token");
    assert!(is_signed_in(&session));
    let next = refused(&session).await;
    assert_ne!(next, challenge);
    session.mfa_answer(next, otp(OTP)).await.unwrap();
    asked(&session, &exchange()).await.unwrap();
    assert_eq!(exchanges(&world), 1);
}
