//! Sign-ins that the issuer refuses until the user has shown a second factor.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::machine::event::{Report, SessionEvent, SignInWay};
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{ExternalToken, MfaAnswer, MfaOutcome, SessionManager, SignInOptions};
use pilotlight_identity_server::{Dpop, Endpoint, Fault, IdTokenFault, OTP, OldKeys, Options};
use serde_json::json;

use super::{assert_lives, assert_sent_again, number, otp, rejection, require};
use crate::exchange_sign_in::code;
use crate::legacy::{ada, older_tenant, opted_in};
use crate::world::{ADA, GRACE, World, assert_renews, disk_full, is_signed_in, public};

/// Nobody is signed in, and Ada needs a second factor.
async fn world() -> (World, SessionManager) {
    let world = World::new().await;
    let session = world.session();
    session.restore().await.unwrap();
    require(&world, true);
    (world, session)
}

/// The challenge of her sign-in with a Sign in with Apple code.
async fn refused(session: &SessionManager) -> u64 {
    number(public(session.sign_in_by_exchange(code(1)).await))
}

fn is_ada(session: &SessionManager) -> bool {
    matches!(session.state(), Some(SessionState::SignedIn { subject, .. }) if subject == "auth0|ada")
}

#[tokio::test]
async fn a_sign_in_with_another_issuers_token_ends_in_a_session() {
    let (world, session) = world().await;
    let mut reports = session.subscribe();
    let challenge = refused(&session).await;
    assert!(!is_signed_in(&session) && session.mfa_time_left(challenge).is_some());
    let sent = world.control().seen(Endpoint::Token);
    assert_eq!(
        refused(&session).await,
        challenge,
        "a code is good once, and is not shown again"
    );
    assert_eq!(world.control().seen(Endpoint::Token), sent);
    assert_eq!(session.mfa_authenticators(challenge).await.unwrap().len(), 4);
    let wrong = session.mfa_answer(challenge, otp("000000")).await;
    assert_eq!(rejection(public(wrong)), "invalid_grant");
    let outcome = session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_eq!(outcome, MfaOutcome::SignedIn);
    assert!(is_ada(&session));
    let events = std::iter::from_fn(|| reports.try_recv().ok());
    let is_sign_in = |report: Report| {
        let by = SignInWay::TokenExchange;
        matches!(report, Report::Event(SessionEvent::SignedIn { by: found, .. }) if found == by)
    };
    assert!(events.into_iter().any(is_sign_in));
    assert_eq!(session.mfa_time_left(challenge), None);
    assert_lives(&world, &session).await;
}

#[tokio::test]
async fn so_does_a_sign_in_with_a_password() {
    let world = older_tenant(|_| {}).await;
    let session = world.session_with(opted_in(&world));
    require(&world, true);
    let challenge = number(public(session.sign_in_with_password(ada()).await));
    let outcome = session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_eq!(outcome, MfaOutcome::SignedIn);
    assert!(is_ada(&session));
    require(&world, false);
    assert_renews(&session).await;
}

#[tokio::test]
async fn the_session_before_stays_until_then() {
    let (world, session) = world().await;
    world.sign_in(&session, GRACE).await;
    let stored = world.stored();
    let challenge = refused(&session).await;
    assert_eq!(world.stored(), stored);
    assert_renews(&session).await;
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert!(is_ada(&session));
    world.control().wait_for_requests(Endpoint::Revoke, 1).await;
    assert_lives(&world, &session).await;
}

#[tokio::test]
async fn what_takes_its_place_ends_it() {
    for way in ["cancelled", "signed out", "another sign-in"] {
        let (world, session) = world().await;
        let challenge = refused(&session).await;
        match way {
            "cancelled" => session.cancel_sign_in(),
            "signed out" => drop(session.sign_out().await),
            _ => drop(session.begin_sign_in(SignInOptions::default()).await.unwrap()),
        }
        let sent = world.control().seen(Endpoint::Token);
        let late = public(session.mfa_answer(challenge, otp(OTP)).await);
        assert!(matches!(late, SessionError::SignInCancelled), "{way}: {late:?}");
        assert_eq!(world.control().seen(Endpoint::Token), sent, "{way}");
        assert!(!is_signed_in(&session), "{way}");
    }
}

#[tokio::test]
async fn a_cancellation_while_the_answer_is_under_way_revokes_what_comes() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let cancel = async {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        session.cancel_sign_in();
        world.control().release(Endpoint::Token);
    };
    let (outcome, ()) = tokio::join!(session.mfa_answer(challenge, otp(OTP)), cancel);
    assert!(matches!(public(outcome), SessionError::SignInCancelled));
    world.control().wait_for_requests(Endpoint::Revoke, 1).await;
    assert!(!is_signed_in(&session));
}

#[tokio::test]
async fn the_user_says_yes_on_a_device() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    session.mfa_challenge(challenge, Some("push|dev_2")).await.unwrap();
    assert_eq!(
        session.mfa_answer(challenge, MfaAnswer::Push).await.unwrap(),
        MfaOutcome::Pending
    );
    assert_eq!(
        session.mfa_answer(challenge, MfaAnswer::Push).await.unwrap(),
        MfaOutcome::SignedIn
    );
    assert_lives(&world, &session).await;
}

#[tokio::test]
async fn the_next_recovery_code_is_the_new_sessions() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    let written = world.control().account(ADA).unwrap().recovery_code;
    let answer = MfaAnswer::RecoveryCode(Secret::new(written));
    assert_eq!(
        session.mfa_answer(challenge, answer).await.unwrap(),
        MfaOutcome::SignedIn
    );
    let next = world.control().account(ADA).unwrap().recovery_code;
    assert_eq!(session.take_mfa_recovery_code().unwrap().expose(), next);
    assert_lives(&world, &session).await;
}

#[tokio::test]
async fn a_code_that_was_accepted_is_not_shown_again_while_the_keys_cannot_be_had() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let rotate = async {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        world.control().rotate_keys(OldKeys::Withdraw);
        world.control().fault(Endpoint::Jwks, Fault::status(503).for_ever());
        world.control().release(Endpoint::Token);
    };
    let (outcome, ()) = tokio::join!(session.mfa_answer(challenge, otp(OTP)), rotate);
    let later = public(outcome);
    assert!(matches!(later, SessionError::RetryLater { .. }), "{later:?}");
    world.control().clear_faults(Endpoint::Jwks);
    world.clock.advance(90);
    let sent = world.control().seen(Endpoint::Token);
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Token), sent);
    assert_lives(&world, &session).await;
}

#[tokio::test]
async fn an_id_token_that_is_not_accepted_ends_it_and_what_came_is_revoked() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    let fault = Fault::id_token(IdTokenFault::new().claim("aud", json!("another-client")));
    world.control().fault(Endpoint::Token, fault);
    match public(session.mfa_answer(challenge, otp(OTP)).await) {
        SessionError::RestartSignIn { code, .. } => assert_eq!(code, "id_token_invalid"),
        error => panic!("{error:?}"),
    }
    assert_eq!(world.control().counters().families_revoked, 1);
    assert!(!is_signed_in(&session));
    let over = public(session.mfa_answer(challenge, otp(OTP)).await);
    assert!(!matches!(over, SessionError::MfaRequired { .. }), "{over:?}");
}

/// Like a renewal, it is sent again at once; otherwise the user would have to wait for the next code.
#[tokio::test]
async fn an_answer_that_did_not_arrive_is_sent_again() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    let outcome = assert_sent_again(&world, &session, challenge).await;
    assert_eq!(outcome, MfaOutcome::SignedIn);
    assert_lives(&world, &session).await;
}

#[tokio::test]
async fn after_ten_minutes_it_is_over_and_the_next_sign_in_brings_another() {
    let (world, session) = world().await;
    let partners = ExternalToken {
        token: Secret::new("external:ada@example.com"),
        kind: "urn:example:partner-token".to_owned(),
        ..code(0)
    };
    let first = number(public(session.sign_in_by_exchange(partners.clone()).await));
    world.clock.advance(601);
    assert_eq!(
        rejection(public(session.mfa_answer(first, otp(OTP)).await)),
        "expired_token"
    );
    let second = number(public(session.sign_in_by_exchange(partners).await));
    assert_ne!(second, first);
    session.mfa_answer(second, otp(OTP)).await.unwrap();
    assert_lives(&world, &session).await;
}

#[tokio::test]
async fn a_store_that_refuses_is_said_and_the_session_is_written_later() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    world.store.fail_writes(Some(disk_full()));
    let unsaved = public(session.mfa_answer(challenge, otp(OTP)).await);
    assert!(matches!(unsaved, SessionError::CheckStorage { .. }), "{unsaved:?}");
    assert!(is_ada(&session));
    world.store.fail_writes(None);
    assert_lives(&world, &session).await;
}

#[tokio::test]
async fn its_tokens_are_bound_where_the_session_is() {
    let options = Options::default().with(|settings| {
        settings.dpop = Dpop::Required;
        settings.dpop_nonce_lifetime = Some(60);
    });
    let world = World::with(options).await;
    let session = world.session_with(crate::dpop::required(&world));
    require(&world, true);
    let challenge = refused(&session).await;
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert!(session.bound_key().is_some());
    require(&world, false);
    crate::dpop::assert_all_is_well(&world, &session).await;
}

#[tokio::test]
async fn what_the_issuer_wants_of_the_user_is_said_by_its_code() {
    let world = World::new().await;
    let session = world.session();
    for wanted in [
        "login_required",
        "interaction_required",
        "consent_required",
        "mfa_required",
    ] {
        world
            .control()
            .fault(Endpoint::Token, Fault::oauth_error(403, wanted, "By a rule"));
        match public(session.sign_in_by_exchange(code(1)).await) {
            SessionError::RestartSignIn { code, message } => {
                assert_eq!(code, wanted);
                assert_eq!(message.issuer.unwrap().expose(), "By a rule");
            }
            error => panic!("{error:?}"),
        }
    }
}
