//! Issuers that answer a dead refresh token with a code that does not say so. One such answer proves nothing; three
//! over at least a minute ask the user to sign in. The session stays, and one success resets the count.

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::machine::event::SessionEvent;
use pilotlight_core::session::{RefreshOptions, SessionManager};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use crate::audiences::{self, api};
use crate::error_shapes::shape;
use crate::meddling::Overtaken;
use crate::reports::{events, states};
use crate::sharing::{app_and_extension, assert_no_token_was_spent_twice};
use crate::world::{
    ADA, GRACE, World, assert_renews, assert_unexpected, at_least, cached, forced, is_signed_in, public,
};

/// Longer than any cooldown that the issuer did not ask for; two of them are more than a minute.
const A_WHILE: i64 = 31;
const RETRY: &str = "retry UnexpectedAnswer None";

fn refusal(code: &str) -> Fault {
    Fault::oauth_error(400, code, "")
}

fn sign_in(code: &str) -> String {
    let code = code.to_owned();
    format!("sign in {:?}", SignInReason::RenewalsRefused { code })
}

/// The error of a call whose renewal meets `fault`. Some time passes afterwards.
async fn meets(world: &World, session: &SessionManager, fault: Fault) -> SessionError {
    world.control().fault(Endpoint::Token, fault.for_ever());
    let error = public(session.access_token(forced()).await);
    world.control().clear_faults(Endpoint::Token);
    world.clock.advance(A_WHILE);
    error
}

async fn is_refused(world: &World, session: &SessionManager, code: &str) -> String {
    shape(meets(world, session, refusal(code)).await)
}

/// The next refusal is the third, and would be enough.
async fn twice_refused() -> (World, SessionManager) {
    let world = World::new().await;
    let session = world.signed_in().await;
    for _ in 0..2 {
        assert_eq!(is_refused(&world, &session, "invalid_token").await, RETRY);
    }
    (world, session)
}

#[tokio::test]
async fn any_code_asks_the_user_to_sign_in_after_three_refusals_over_a_minute() {
    for (status, code) in [
        (400, "invalid_request"),
        (401, "invalid_token"),
        (400, "token_expired"),
        (403, "invalid_code"),
        (422, "expired_refresh_token"),
        (404, "invalid_grant"),
    ] {
        let world = World::new().await;
        let session = world.signed_in().await;
        let (stored, token) = (world.stored(), cached(&session));
        let fault = || Fault::oauth_error(status, code, "It has expired.");
        for _ in 0..2 {
            let error = meets(&world, &session, fault()).await;
            assert_unexpected(&error);
            let words = error.to_string();
            assert!(words.contains(&format!("{code}: It has expired.")), "{words}");
            assert!(!words.contains("token_parameters"), "{words}");
        }
        let error = meets(&world, &session, fault()).await;
        assert!(error.to_string().contains(code), "{error}");
        assert_eq!(shape(error), sign_in(code));
        assert!(is_signed_in(&session), "the session has not ended");
        assert_eq!((world.stored(), cached(&session)), (stored, token));
        assert_eq!(
            shape(meets(&world, &session, fault()).await),
            sign_in(code),
            "and so on"
        );
        assert_renews(&session).await;
        assert_eq!(
            shape(meets(&world, &session, fault()).await),
            RETRY,
            "one success ends this"
        );
    }
}

#[tokio::test]
async fn the_last_code_of_several_is_named() {
    let (world, session) = twice_refused().await;
    assert_eq!(
        is_refused(&world, &session, "token_expired").await,
        sign_in("token_expired")
    );
}

#[tokio::test]
async fn until_the_cooldown_is_over_the_same_is_said_without_a_request() {
    let (world, session) = twice_refused().await;
    world.control().fault(Endpoint::Token, refusal("invalid_token"));
    public(session.access_token(forced()).await);
    let asked = world.control().seen(Endpoint::Token);
    assert_eq!(
        shape(public(session.access_token(forced()).await)),
        sign_in("invalid_token")
    );
    assert_eq!(world.control().seen(Endpoint::Token), asked);
    world.clock.advance(A_WHILE);
    assert_renews(&session).await;
}

#[tokio::test]
async fn what_says_nothing_of_the_token_is_not_counted() {
    let (world, session) = twice_refused().await;
    for fault in [
        Fault::reset(),
        Fault::status(503),
        Fault::oauth_error(500, "invalid_token", ""),
        Fault::oauth_error(429, "invalid_token", ""),
        Fault::oauth_error(408, "invalid_token", ""),
        Fault::oauth_error(407, "invalid_token", ""),
        Fault::html(400),
        Fault::status(400),
        Fault::garbage_json(),
        Fault::json(400, &serde_json::json!({"error": 5})),
        Fault::oauth_error(400, "server_error", ""),
        Fault::oauth_error(401, "invalid_client", ""),
        Fault::oauth_error(403, "unauthorized_client", ""),
        Fault::oauth_error(403, "mfa_required", ""),
        Fault::oauth_error(403, "access_denied", "by a rule"),
    ] {
        let said = shape(meets(&world, &session, fault.clone()).await);
        assert!(!said.contains("RenewalsRefused"), "{fault:?}: {said}");
    }
    assert_eq!(
        is_refused(&world, &session, "invalid_token").await,
        sign_in("invalid_token"),
        "nor does it start the count again"
    );
}

#[tokio::test]
async fn a_renewal_with_what_the_app_chose_is_not_counted() {
    let (world, session) = twice_refused().await;
    let pair = ("ticket".to_owned(), "1".to_owned());
    for (options, invalid_request) in [
        (
            RefreshOptions {
                scopes: vec!["openid".to_owned()],
                parameters: Vec::new(),
            },
            "fix scopes",
        ),
        (
            RefreshOptions {
                scopes: Vec::new(),
                parameters: vec![pair.clone()],
            },
            "fix token_parameters",
        ),
    ] {
        for (code, said) in [
            ("invalid_token", RETRY),
            ("invalid_token", RETRY),
            ("invalid_request", invalid_request),
        ] {
            world.control().fault(Endpoint::Token, refusal(code));
            assert_eq!(shape(public(session.refresh(options.clone()).await)), said);
            world.clock.advance(A_WHILE);
        }
    }
    let mut configuration = world.configuration();
    configuration.token_parameters.extend([pair]);
    let configured = world.session_with(configuration);
    configured.restore().await.unwrap();
    for _ in 0..4 {
        assert_eq!(is_refused(&world, &configured, "invalid_token").await, RETRY);
        assert_eq!(
            is_refused(&world, &configured, "invalid_request").await,
            "fix token_parameters"
        );
    }
    assert_eq!(
        is_refused(&world, &session, "invalid_token").await,
        sign_in("invalid_token")
    );
}

#[tokio::test]
async fn a_further_audience_that_is_refused_is_not_counted_and_one_that_succeeds_ends_the_count() {
    let world = audiences::world().await;
    let session = world.signed_in().await;
    for _ in 0..4 {
        world.control().fault(Endpoint::Token, refusal("invalid_token"));
        let error = public(session.access_token_for(&api(), at_least(0)).await);
        assert_eq!(shape(error), RETRY);
        world.clock.advance(A_WHILE);
    }
    for _ in 0..2 {
        assert_eq!(is_refused(&world, &session, "invalid_token").await, RETRY);
    }
    session.access_token_for(&api(), at_least(0)).await.unwrap();
    assert_eq!(is_refused(&world, &session, "invalid_token").await, RETRY);
}

#[tokio::test]
async fn refusals_within_a_minute_are_not_enough_however_many() {
    let world = World::new().await;
    let session = world.signed_in().await;
    // The pauses grow: at most 2, 4, 8 and 16 seconds.
    for pause in [2, 4, 8, 16] {
        world.control().fault(Endpoint::Token, refusal("invalid_token"));
        assert_eq!(shape(public(session.access_token(forced()).await)), RETRY);
        world.clock.advance(pause);
    }
    // Not even if the clock is set.
    world.clock.set_wall(24 * 3600);
    world.control().fault(Endpoint::Token, refusal("invalid_token"));
    assert_eq!(shape(public(session.access_token(forced()).await)), RETRY);
    world.clock.advance(A_WHILE);
    world.control().fault(Endpoint::Token, refusal("invalid_token"));
    assert_eq!(
        shape(public(session.access_token(forced()).await)),
        sign_in("invalid_token")
    );
}

#[tokio::test]
async fn one_refusal_counts_once_for_all_its_callers() {
    let world = World::new().await;
    let session = world.signed_in().await;
    for _ in 0..2 {
        world
            .control()
            .fault(Endpoint::Token, refusal("invalid_token").for_ever());
        let calls = (0..10).map(|_| session.access_token(forced()));
        for outcome in futures_util::future::join_all(calls).await {
            assert_eq!(shape(public(outcome)), RETRY);
        }
        world.control().clear_faults(Endpoint::Token);
        world.clock.advance(61);
    }
}

#[tokio::test]
async fn a_sign_in_and_a_sign_out_end_the_count() {
    for email in [ADA, GRACE] {
        let (world, session) = twice_refused().await;
        world.sign_in(&session, email).await;
        assert_eq!(is_refused(&world, &session, "invalid_token").await, RETRY, "{email}");
    }
    let (world, session) = twice_refused().await;
    session.sign_out().await;
    world.sign_in(&session, ADA).await;
    assert_eq!(is_refused(&world, &session, "invalid_token").await, RETRY);
}

#[tokio::test]
async fn a_success_of_another_process_ends_the_count() {
    let (world, app, extension, _folder) = app_and_extension().await;
    for _ in 0..3 {
        is_refused(&world, &app, "invalid_token").await;
    }
    assert_eq!(
        is_refused(&world, &app, "invalid_token").await,
        sign_in("invalid_token")
    );
    assert_renews(&extension).await;
    assert_eq!(is_refused(&world, &app, "invalid_token").await, RETRY);
}

#[tokio::test]
async fn a_restart_begins_the_count_anew() {
    let (world, session) = twice_refused().await;
    drop(session);
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_eq!(is_refused(&world, &restarted, "invalid_token").await, RETRY);
}

#[tokio::test]
async fn the_failure_is_announced_and_the_state_stays() {
    let (world, session) = twice_refused().await;
    let (mut events, mut states) = (events(&session), states(&session));
    states.recv().await.unwrap();
    is_refused(&world, &session, "invalid_token").await;
    let announced = events.take();
    let [SessionEvent::RenewalFailed { cause, .. }] = announced.as_slice() else {
        panic!("{announced:?}");
    };
    assert_eq!(shape((*cause.0).clone().into()), sign_in("invalid_token"));
    assert!(states.try_recv().is_err());
}

#[tokio::test]
async fn an_expired_token_is_given_out_before_but_not_instead_of_the_sign_in() {
    let (world, session) = twice_refused().await;
    world.clock.advance(25 * 3600);
    let options = pilotlight_core::session::TokenOptions {
        allow_expired: true,
        ..at_least(0)
    };
    world
        .control()
        .fault(Endpoint::Token, refusal("invalid_token").for_ever());
    assert_eq!(
        shape(public(session.access_token(options).await)),
        sign_in("invalid_token")
    );
    let world = World::new().await;
    let session = world.signed_in().await;
    let token = cached(&session).unwrap();
    world.clock.advance(25 * 3600);
    world
        .control()
        .fault(Endpoint::Token, refusal("invalid_token").for_ever());
    assert_eq!(session.access_token(options).await.unwrap().expose(), token);
}

#[tokio::test]
async fn a_spent_token_that_is_refused_in_other_words_gives_way_to_another_processes() {
    let world = World::new().await;
    let app = world.signed_in().await;
    let overtaken = Overtaken::with(&app, 400, r#"{"error":"invalid_request"}"#);
    let extension = world.session_over(world.configuration(), overtaken.clone());
    extension.restore().await.unwrap();
    world.clock.advance(86_400);
    overtaken.at_the_next_renewal();
    let token = extension.access_token(at_least(60)).await.unwrap();
    assert_eq!(Some(token.expose()), cached(&app).as_deref(), "the other process's");
    overtaken.at_the_next_renewal();
    assert_renews(&extension).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
    assert_eq!(world.control().counters().families_killed, 0);
}

/// It was suspended, iOS took its lock, and another task has merged the newer token before the refusal comes.
#[tokio::test]
async fn a_spent_token_that_is_refused_gives_way_to_a_newer_one_that_this_process_knows_already() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.clock.advance(86_400);
    world.control().fault(Endpoint::Token, Fault::hold());
    world.control().fault(Endpoint::Token, refusal("invalid_request"));
    let late = tokio::spawn({
        let app = app.clone();
        async move { app.access_token(at_least(60)).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    app.release_process_lock();
    let renewed = assert_renews(&extension).await;
    app.restore().await.unwrap();
    world.control().release(Endpoint::Token);
    assert_eq!(late.await.unwrap().unwrap(), renewed);
    assert_no_token_was_spent_twice(&world);
}

#[tokio::test]
async fn the_callers_words_are_redacted() {
    let (world, session) = twice_refused().await;
    let token = world.stored_refresh_token();
    let error = meets(
        &world,
        &session,
        Fault::oauth_error(400, &format!("bad_{token}"), &token),
    )
    .await;
    assert!(matches!(
        &error,
        SessionError::SignIn { reason: SignInReason::RenewalsRefused { code }, .. } if !code.contains(&token)
    ));
    assert!(!error.to_string().contains(&token));
}

/// Some servers answer everything with 200. Such an answer never ends the session, however it is worded.
#[tokio::test]
async fn a_refusal_with_status_200_asks_the_user_to_sign_in_after_three_as_well() {
    for code in ["invalid_refresh_token", "invalid_grant"] {
        let world = World::new().await;
        let session = world.signed_in().await;
        let refusal = Fault::json(200, &json!({"ok": false, "error": code}));
        for _ in 0..2 {
            assert_eq!(shape(meets(&world, &session, refusal.clone()).await), RETRY);
        }
        assert_eq!(shape(meets(&world, &session, refusal).await), sign_in(code));
        assert!(is_signed_in(&session));
        assert_renews(&session).await;
    }
}
