//! Renewals that the issuer refuses with `mfa_required` and an `mfa_token`, as Auth0 does. They continue with a second
//! factor.

mod exchanges;
mod factors;
mod lost_answers;
mod refusals;
mod sessions;
mod sign_ins;

use std::time::Duration;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::session::{MfaAnswer, MfaOutcome, RefreshOptions, SessionManager, TokenOptions};
use pilotlight_identity_server::{Endpoint, Fault, OTP};
use serde_json::json;

use crate::audiences::api;
use crate::sharing::assert_no_token_was_spent_twice;
use crate::world::{ADA, World, assert_renews, cached, forced, is_signed_in, public};

/// Ada is signed in, and her renewals need a second factor.
pub(crate) async fn world() -> (World, SessionManager) {
    let world = World::new().await;
    let session = world.signed_in().await;
    require(&world, true);
    (world, session)
}

pub(crate) fn require(world: &World, is_required: bool) {
    world
        .control()
        .change_account(ADA, |ada| ada.mfa_required = is_required);
}

/// The challenge of the renewal that is refused.
pub(crate) async fn refused(session: &SessionManager) -> u64 {
    number(public(session.access_token(forced()).await))
}

pub(crate) fn number(error: SessionError) -> u64 {
    match error {
        SessionError::MfaRequired { challenge, .. } => challenge,
        other => panic!("{other:?}"),
    }
}

/// The session works like any other, also for the next process.
async fn assert_lives(world: &World, session: &SessionManager) {
    assert_goes_on(world, session).await;
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
}

/// The right code reaches the issuer, but its answer is lost: the request is sent again at once.
async fn assert_sent_again(world: &World, session: &SessionManager, challenge: u64) -> MfaOutcome {
    let seen = world.control().seen(Endpoint::Token);
    world.control().fault(Endpoint::Token, Fault::reset());
    let outcome = session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Token), seen + 2);
    outcome
}

pub(crate) fn otp(code: &str) -> MfaAnswer {
    MfaAnswer::Otp(Secret::new(code))
}

/// The error code, which says that the factor was not accepted.
pub(crate) fn rejection(error: SessionError) -> String {
    match error {
        SessionError::MfaRejected { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

/// No renewal spends a token twice, and the next one works if the issuer requires no second factor for it.
pub(crate) async fn assert_goes_on(world: &World, session: &SessionManager) {
    require(world, false);
    assert_renews(session).await;
    assert_no_token_was_spent_twice(world);
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
}

#[tokio::test]
async fn the_refusal_says_how_to_go_on_and_changes_nothing() {
    let (world, session) = world().await;
    let (stored, token) = (world.stored(), cached(&session));
    let error = public(session.access_token(forced()).await);
    let SessionError::MfaRequired {
        challenge,
        challenge_types,
        enroll_types,
        message,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(challenge_types, ["otp", "push-notification", "recovery-code"]);
    assert!(enroll_types.is_empty());
    assert!(message.contains("mfa_required"), "{message}");
    let left = session.mfa_time_left(challenge).unwrap();
    assert!((590..=600).contains(&left.as_secs()), "{left:?}");
    assert!(is_signed_in(&session));
    assert_eq!((world.stored(), cached(&session)), (stored, token));
}

#[tokio::test]
async fn a_code_of_an_app_renews_the_session() {
    let (world, session) = world().await;
    let (before, token) = (world.stored_refresh_token(), cached(&session));
    let challenge = refused(&session).await;
    let outcome = session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_eq!(outcome, MfaOutcome::Renewed);
    assert_ne!(cached(&session), token);
    assert_ne!(world.stored_refresh_token(), before, "rotated, and stored");
    assert_eq!(session.mfa_time_left(challenge), None, "it has done its work");
    assert_goes_on(&world, &session).await;
}

#[tokio::test]
async fn until_it_is_answered_more_renewals_do_not_storm_the_issuer() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    let asked = world.control().requests().len();
    for _ in 0..20 {
        assert_eq!(refused(&session).await, challenge);
    }
    assert_eq!(world.control().requests().len(), asked, "no request");
    // Later the issuer is asked again; the challenge that the user may be answering stays valid.
    world.clock.advance(60);
    assert_eq!(refused(&session).await, challenge);
    assert_eq!(world.control().requests().len(), asked + 1);
    world.clock.advance(300);
    let other = refused(&session).await;
    assert_ne!(other, challenge, "too little time was left of it");
    for challenge in [other, challenge] {
        assert!(session.mfa_time_left(challenge).is_some());
    }
    session.mfa_answer(other, otp(OTP)).await.unwrap();
    assert_goes_on(&world, &session).await;
}

/// By the clock that nobody can set, and by the issuer's own.
#[tokio::test]
async fn a_challenge_lives_ten_minutes() {
    let (world, session) = world().await;
    let challenge = refused(&session).await;
    world.clock.set_wall(-86_400);
    world.clock.advance_monotonic(595);
    assert!(session.mfa_time_left(challenge).is_some());
    world.clock.advance_monotonic(10);
    let asked = world.control().requests().len();
    assert_eq!(session.mfa_time_left(challenge), None);
    let answer = session.mfa_answer(challenge, otp(OTP)).await;
    assert_eq!(rejection(public(answer)), "expired_token");
    assert_eq!(world.control().requests().len(), asked, "the issuer is not asked");

    let next = refused(&session).await;
    world.control().advance(Duration::from_secs(601));
    let answer = session.mfa_answer(next, otp(OTP)).await;
    assert_eq!(rejection(public(answer)), "expired_token");
    assert_eq!(session.mfa_time_left(next), None);
    world.clock.advance(60);
    let last = refused(&session).await;
    assert_ne!(last, next);
    session.mfa_answer(last, otp(OTP)).await.unwrap();
    assert_goes_on(&world, &session).await;
}

/// The refused renewal is the one that continues.
#[tokio::test]
async fn a_further_apis_token_comes_for_that_api() {
    let world = World::with(pilotlight_identity_server::Options::default().with(|settings| {
        settings.multi_resource_refresh = true;
    }))
    .await;
    let session = world.signed_in().await;
    require(&world, true);
    let audience = api();
    let own = cached(&session);
    let refused = session.access_token_for(&audience, TokenOptions::default()).await;
    let challenge = number(public(refused));
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    let asked = world.control().requests().len();
    let token = session
        .access_token_for(&audience, TokenOptions::default())
        .await
        .unwrap();
    assert_eq!(world.control().requests().len(), asked, "it is there");
    assert_ne!(Some(token.expose()), own.as_deref());
    assert_eq!(cached(&session), own, "the session's own stays");
    assert_goes_on(&world, &session).await;
}

#[tokio::test]
async fn a_renewal_for_fewer_scopes_is_one_afterwards_too() {
    let (world, session) = world().await;
    let options = RefreshOptions {
        scopes: vec!["openid".to_owned()],
        ..RefreshOptions::default()
    };
    let challenge = number(public(session.refresh(options).await));
    session.mfa_answer(challenge, otp(OTP)).await.unwrap();
    assert_eq!(session.granted_scopes(), Some(vec!["openid".to_owned()]));
    assert_goes_on(&world, &session).await;
    assert!(session.granted_scopes().unwrap().len() > 1);
}

/// Without an `mfa_token` nothing can continue; the behaviour for such issuers is unchanged.
#[tokio::test]
async fn without_a_token_the_user_signs_in() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let odd_tokens = [
        json!(null),
        json!(""),
        json!(7),
        json!("a b"),
        json!("a\r\nb"),
        json!("ä"),
    ];
    for token in odd_tokens {
        let body = json!({"error": "mfa_required", "mfa_token": token});
        let error = world.renewal_that_meets(Fault::json(403, &body), &session).await;
        assert!(
            matches!(
                error,
                SessionError::SignIn {
                    reason: pilotlight_core::ffi::SignInReason::InteractionRequired,
                    ..
                }
            ),
            "{token}: {error:?}"
        );
        assert!(is_signed_in(&session));
    }
}

#[tokio::test]
async fn whatever_the_requirements_look_like_the_token_counts() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let long = "x".repeat(41);
    let requirements = [
        (json!(null), vec![], vec![]),
        (json!([]), vec![], vec![]),
        (
            json!({"enroll": [{"type": "otp"}, {"type": "sms"}]}),
            vec![],
            vec!["otp", "sms"],
        ),
        (
            json!({"challenge": [{"type": "otp"}, {"type": 7}, "otp", {"type": "a b"}, {"type": long}], "enroll": 1}),
            vec!["otp"],
            vec![],
        ),
    ];
    for (requirements, challenge, enroll) in requirements {
        let body = json!({"error": "mfa_required", "mfa_token": "Fe26.2*x", "mfa_requirements": requirements});
        let error = world.renewal_that_meets(Fault::json(403, &body), &session).await;
        let SessionError::MfaRequired {
            challenge_types,
            enroll_types,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!((challenge_types, enroll_types), (words(challenge), words(enroll)));
    }
}

fn words(words: Vec<&str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// Neither the token nor any code appears in an error, a log or a `Debug` output.
#[tokio::test]
async fn nothing_secret_is_said() {
    let (world, session) = world().await;
    let body = json!({"error": "mfa_required", "mfa_token": "Fe26.2*secret", "error_description": "use Fe26.2*secret",
        "mfa_requirements": {"challenge": [{"type": "otp"}]}});
    world.control().fault(Endpoint::Token, Fault::json(403, &body));
    let error = session.access_token(forced()).await.unwrap_err();
    let mut said = format!("{error:?} {error}");
    let challenge = number(error.into());
    let answer = otp("754911");
    said.push_str(&format!("{answer:?}"));
    let wrong = session.mfa_answer(challenge, answer).await.unwrap_err();
    said.push_str(&format!("{wrong:?} {wrong} {session:?} {:?}", world.log.text()));
    for secret in ["754911", "\"Fe26.2*secret"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
}
