//! The issuer's refusals concern only this answer: none of them ends a session.

use std::time::Duration;

use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_identity_server::{Endpoint, Fault, OTP};
use serde_json::json;

use super::{assert_goes_on, otp, refused, rejection, require, world};
use crate::world::{assert_renews, cached, forced, is_signed_in, public};

#[tokio::test]
async fn a_wrong_code_changes_nothing_and_another_can_be_given() {
    let (world, session) = world().await;
    let (stored, token) = (world.stored(), cached(&session));
    let challenge = refused(&session).await;
    let error = public(session.mfa_answer(challenge, otp("000000")).await);
    let SessionError::MfaRejected { code, message } = error else {
        panic!("{error:?}");
    };
    assert_eq!(code, "invalid_grant");
    assert_eq!(message.issuer.unwrap().expose(), "Invalid otp.");
    assert!(is_signed_in(&session));
    assert_eq!((world.stored(), cached(&session)), (stored, token));
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_goes_on(&world, &session).await;
}

/// The errors with which a refresh grant ends a session do not count here, because no refresh token was presented.
#[tokio::test]
async fn no_refusal_of_a_second_factor_ends_the_session() {
    for (status, code, words) in [
        (400, "invalid_grant", ""),
        (401, "invalid_grant", "Wrong code"),
        (403, "access_denied", "Denied by a rule"),
        (403, "made_up", ""),
        (400, "invalid_request", ""),
    ] {
        let (world, session) = world().await;
        let challenge = refused(&session).await;
        world
            .control()
            .fault(Endpoint::Token, Fault::oauth_error(status, code, words));
        let refusal = session.mfa_answer(challenge, otp(OTP)).await;
        assert_eq!(rejection(public(refusal)), code, "{words}");
        assert!(is_signed_in(&session), "{code}");
        session.mfa_answer(challenge, otp(OTP)).await.unwrap();
        assert_goes_on(&world, &session).await;
    }
}

#[tokio::test]
async fn a_refusal_of_the_token_ends_the_challenge_and_not_the_session() {
    for (status, code, words) in [
        (403, "expired_token", "mfa_token is expired"),
        (401, "invalid_grant", "Malformed mfa_token"),
        (403, "invalid_grant", "Unknown or invalid refresh token."),
        (403, "access_denied", "Unknown or invalid refresh token."),
        (400, "context_not_found", "Transaction not found"),
    ] {
        let (world, session) = world().await;
        let challenge = refused(&session).await;
        for endpoint in [Endpoint::Token, Endpoint::Mfa] {
            world.control().fault(endpoint, Fault::oauth_error(status, code, words));
        }
        let refusal = session.mfa_authenticators(challenge).await;
        assert_eq!(rejection(public(refusal)), "expired_token");
        world.control().clear_faults(Endpoint::Token);
        let answer = session.mfa_answer(challenge, otp(OTP)).await;
        assert_eq!(rejection(public(answer)), "expired_token");
        world.clock.advance(60);
        let next = refused(&session).await;
        assert_ne!(next, challenge);
        session.mfa_answer(next, otp(OTP)).await.unwrap();
        assert_goes_on(&world, &session).await;
    }
}

/// The issuer has rotated, and its answer is lost: only the second try brings the new token.
#[tokio::test]
async fn a_challenge_that_ends_leaves_the_second_try_to_a_renewal_under_way() {
    let (world, session) = world().await;
    world.control().change(|settings| settings.leeway = 60);
    let challenge = refused(&session).await;
    require(&world, false);
    world.clock.advance(60);
    for fault in [Fault::hold(), Fault::reset().after_processing()] {
        world.control().fault(Endpoint::Token, fault);
    }
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await.map(drop) }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    let over = Fault::oauth_error(403, "expired_token", "mfa_token is expired");
    world.control().fault(Endpoint::Mfa, over);
    session.mfa_authenticators(challenge).await.unwrap_err();
    world.control().release(Endpoint::Token);
    renewing.await.unwrap().unwrap();
    assert_renews(&session).await;
}

#[tokio::test]
async fn after_too_many_wrong_codes_the_issuer_wants_time() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    for _ in 0..10 {
        let _ = session.mfa_answer(challenge, otp("000000")).await;
    }
    let error = public(session.mfa_answer(challenge, otp(OTP)).await);
    assert!(
        matches!(
            error,
            SessionError::RetryLater {
                reason: RetryReason::RateLimited,
                ..
            }
        ),
        "{error:?}"
    );
    world.control().advance(Duration::from_secs(601));
    let _ = session.mfa_answer(challenge, otp(OTP)).await;
    world.clock.advance(60);
    let next = refused(&session).await;
    session.mfa_answer(next, otp(OTP)).await.unwrap();
    assert_goes_on(&world, &session).await;
}

#[tokio::test]
async fn a_client_without_the_grant_says_where_it_is_set() {
    for code in ["unauthorized_client", "unsupported_grant_type"] {
        let (world, session) = world().await;
        let challenge = refused(&session).await;
        world
            .control()
            .fault(Endpoint::Token, Fault::oauth_error(403, code, "Grant type not allowed"));
        let error = public(session.mfa_answer(challenge, otp(OTP)).await);
        let SessionError::FixConfiguration { field, message } = error else {
            panic!("{error:?}");
        };
        assert_eq!(field, "client_id");
        assert!(message.contains("Grant Types > MFA"), "{message}");
        assert!(is_signed_in(&session));
    }
}

#[tokio::test]
async fn an_authenticator_that_cannot_be_challenged_is_said() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    let refusal = session.mfa_challenge(challenge, Some("recovery-code|dev_5")).await;
    assert_eq!(rejection(public(refusal)), "unsupported_challenge_type");
    for body in [
        json!({}),
        json!({"challenge_type": "oob"}),
        json!({"challenge_type": "duo"}),
    ] {
        world.control().fault(Endpoint::Mfa, Fault::json(200, &body));
        let error = public(session.mfa_challenge(challenge, None).await);
        assert!(
            matches!(
                error,
                SessionError::RetryLater {
                    reason: RetryReason::UnexpectedAnswer,
                    ..
                }
            ),
            "{error:?}"
        );
    }
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_goes_on(&world, &session).await;
}

/// Whatever else the answer contains: a rotated refresh token is stored, and the access token is given out only with an
/// ID token that is accepted.
#[tokio::test]
async fn what_comes_is_checked_as_a_renewals_answer_is() {
    let (world, session) = world().await;
    let before = world.stored_refresh_token();
    let challenge = refused(&session).await;
    let fault = pilotlight_identity_server::IdTokenFault::new().claim("sub", json!("auth0|mallory"));
    world.control().fault(Endpoint::Token, Fault::id_token(fault));
    let error = public(session.mfa_answer(challenge, otp(OTP)).await);
    assert!(matches!(error, SessionError::RetryLater { .. }), "{error:?}");
    assert_ne!(world.stored_refresh_token(), before);
    assert!(is_signed_in(&session));
    world.cooldown();
    assert_goes_on(&world, &session).await;
}
