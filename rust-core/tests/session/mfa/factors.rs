//! The kinds of second factors, and how each one works.

use std::time::Duration;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::session::{MfaAnswer, MfaOutcome, MfaPrompt};
use pilotlight_identity_server::{Endpoint, Fault, OTP};
use serde_json::json;

use super::{assert_goes_on, otp, refused, rejection, world};
use crate::world::{ADA, GRACE, disk_full, is_signed_in, public};

const PUSH: &str = "push|dev_2";
const SMS: &str = "sms|dev_3";

fn recovery(code: &str) -> MfaAnswer {
    MfaAnswer::RecoveryCode(Secret::new(code))
}

fn typed(code: &str) -> MfaAnswer {
    MfaAnswer::Code(Secret::new(code))
}

#[tokio::test]
async fn the_users_authenticators_are_listed_without_those_that_are_not_set_up() {
    let (_world, session) = world().await;
    let challenge = refused(&session).await;
    let all = session.mfa_authenticators(challenge).await.unwrap();
    let ids: Vec<_> = all.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["totp|dev_1", PUSH, SMS, "recovery-code|dev_5"]);
    assert_eq!(all[0].kind, "otp");
    assert_eq!(
        (all[1].kind.as_str(), all[1].channel.as_deref()),
        ("oob", Some("auth0"))
    );
    assert_eq!(all[2].name.as_deref(), Some("XXXXXXXX0001"));
}

#[tokio::test]
async fn an_odd_list_of_authenticators_is_read_as_far_as_it_can_be() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    let odd = json!([7, {}, {"id": "a"}, {"id": "b", "authenticator_type": "otp", "name": 7, "oob_channel": null}]);
    world.control().fault(Endpoint::Mfa, Fault::json(200, &odd));
    let all = session.mfa_authenticators(challenge).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].id.as_str(), &all[0].name), ("b", &None));
    for fault in [Fault::json(200, &json!({})), Fault::garbage_json(), Fault::html(200)] {
        world.control().fault(Endpoint::Mfa, fault);
        let error = public(session.mfa_authenticators(challenge).await);
        assert!(matches!(error, SessionError::RetryLater { .. }), "{error:?}");
    }
    assert!(session.mfa_time_left(challenge).is_some());
}

#[tokio::test]
async fn a_code_that_is_sent_to_a_device_is_typed_here() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    let prompt = session.mfa_challenge(challenge, Some(SMS)).await.unwrap();
    assert_eq!(prompt, MfaPrompt::Code);
    let wrong = session.mfa_answer(challenge, typed("000000")).await;
    assert_eq!(rejection(public(wrong)), "invalid_grant");
    let outcome = session.mfa_answer(challenge, typed(OTP)).await.unwrap();
    assert_eq!(outcome, MfaOutcome::Renewed);
    assert_goes_on(&world, &session).await;
}

#[tokio::test]
async fn without_an_authenticator_the_issuer_chooses() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    assert_eq!(session.mfa_challenge(challenge, None).await.unwrap(), MfaPrompt::Otp);
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_goes_on(&world, &session).await;
}

#[tokio::test]
async fn a_push_is_asked_for_until_the_user_has_said_yes() {
    let (world, session) = world().await;
    world.control().change(|settings| settings.push_polls = 3);
    let challenge = refused(&session).await;
    let prompt = session.mfa_challenge(challenge, Some(PUSH)).await.unwrap();
    assert_eq!(prompt, MfaPrompt::Push);
    let began = world.clock.passed();
    for _ in 0..3 {
        let outcome = session.mfa_answer(challenge, MfaAnswer::Push).await.unwrap();
        assert_eq!(outcome, MfaOutcome::Pending);
    }
    assert!(world.clock.passed() - began >= 15, "a pause before each question");
    let outcome = session.mfa_answer(challenge, MfaAnswer::Push).await.unwrap();
    assert_eq!(outcome, MfaOutcome::Renewed);
    assert_goes_on(&world, &session).await;
}

#[tokio::test]
async fn who_is_asked_too_often_or_cannot_be_reached_is_asked_less_often() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    session.mfa_challenge(challenge, Some(PUSH)).await.unwrap();
    let pause = async |fault: Option<Fault>| {
        let before = world.clock.passed();
        if let Some(fault) = fault {
            world.control().fault(Endpoint::Token, fault);
        }
        let outcome = session.mfa_answer(challenge, MfaAnswer::Push).await.unwrap();
        assert_eq!(outcome, MfaOutcome::Pending);
        world.clock.passed() - before
    };
    let slow_down = Fault::oauth_error(429, "slow_down", "");
    let pauses = [
        pause(Some(slow_down.clone().header("retry-after", "7"))).await,
        pause(Some(slow_down)).await,
        pause(Some(Fault::reset().times(3))).await,
        pause(None).await,
    ];
    // The test's clock counts a second more for each.
    assert_eq!(pauses, [6, 21, 16, 31]);
    let outcome = session.mfa_answer(challenge, MfaAnswer::Push).await.unwrap();
    assert_eq!(outcome, MfaOutcome::Renewed);
    assert_goes_on(&world, &session).await;
}

#[tokio::test]
async fn a_push_that_the_user_declines_is_over() {
    let (world, session) = world().await;
    world.control().change(|settings| settings.push_rejected = true);
    let challenge = refused(&session).await;
    session.mfa_challenge(challenge, Some(PUSH)).await.unwrap();
    session.mfa_answer(challenge, MfaAnswer::Push).await.unwrap();
    let declined = session.mfa_answer(challenge, MfaAnswer::Push).await;
    assert_eq!(rejection(public(declined)), "invalid_grant");
    assert!(is_signed_in(&session));
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_goes_on(&world, &session).await;
}

#[tokio::test]
async fn nothing_was_sent_to_a_device() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    let asked = world.control().requests().len();
    for answer in [MfaAnswer::Push, typed(OTP)] {
        let error = public(session.mfa_answer(challenge, answer).await);
        assert!(
            matches!(&error, SessionError::FixArgument { argument, .. } if argument == "answer"),
            "{error:?}"
        );
    }
    assert_eq!(world.control().requests().len(), asked);
}

#[tokio::test]
async fn a_recovery_code_is_spent_and_its_successor_reaches_the_app_once() {
    let (world, session) = world().await;
    let code = world.control().account(ADA).unwrap().recovery_code;
    let challenge = refused(&session).await;
    session.mfa_answer(challenge, recovery(&code)).await.unwrap();
    let next = session.take_mfa_recovery_code().unwrap();
    assert_eq!(next.expose(), world.control().account(ADA).unwrap().recovery_code);
    assert_ne!(next.expose(), code);
    assert_eq!(session.take_mfa_recovery_code(), None);

    world.clock.advance(60);
    let challenge = refused(&session).await;
    let spent = session.mfa_answer(challenge, recovery(&code)).await;
    assert_eq!(rejection(public(spent)), "invalid_grant");
    session.mfa_answer(challenge, recovery(next.expose())).await.unwrap();
    assert!(session.take_mfa_recovery_code().is_some());
    assert!(!world.log.text().contains(next.expose()));
    assert_goes_on(&world, &session).await;
}

/// Nobody else has the recovery code: the user would be locked out.
#[tokio::test]
async fn it_reaches_the_app_also_where_the_tokens_that_came_with_it_cannot_be_stored() {
    let (world, session) = world().await;
    let code = world.control().account(ADA).unwrap().recovery_code;
    let challenge = refused(&session).await;
    let answering = session.mfa_answer(challenge, recovery(&code));
    let error = public(world.while_the_store_begins_to_fail(disk_full(), answering).await);
    assert!(matches!(error, SessionError::CheckStorage { .. }), "{error:?}");
    let next = session.take_mfa_recovery_code().unwrap();
    assert_eq!(next.expose(), world.control().account(ADA).unwrap().recovery_code);
    world.store.fail_writes(None);
    world.cooldown();
    assert_goes_on(&world, &session).await;
}

#[tokio::test]
async fn another_user_does_not_get_it() {
    let (world, session) = world().await;
    let code = world.control().account(ADA).unwrap().recovery_code;
    let challenge = refused(&session).await;
    session.mfa_answer(challenge, recovery(&code)).await.unwrap();
    world.sign_in(&session, GRACE).await;
    assert_eq!(session.take_mfa_recovery_code(), None);
}

/// A policy may require two factors: the answer to the first brings a challenge for the other.
#[tokio::test]
async fn the_issuer_may_ask_for_a_further_factor() {
    let (world, session) = world().await;
    let first = refused(&session).await;
    let body = json!({"error": "mfa_required", "mfa_token": "of-the-second"});
    world.control().fault(Endpoint::Token, Fault::json(403, &body));
    let second = super::number(public(session.mfa_answer(first, otp(OTP)).await));
    assert_ne!(second, first);
    assert_eq!(session.mfa_time_left(first), None);
    assert!(session.mfa_time_left(second).unwrap() > Duration::from_secs(590));
    assert!(is_signed_in(&session));
}
