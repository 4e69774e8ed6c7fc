//! Signing in on another device (RFC 8628).

use std::collections::HashMap;

use pilotlight_core::ffi::{RetryReason, SessionError};
use pilotlight_core::machine::event::{Report, SessionEvent, SignInWay};
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{DeviceSignInRequest, SessionManager, Sharing};
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, Options, Settings};
use serde_json::json;

use crate::world::{ADA, GRACE, World, assert_renews, forced, is_signed_in, public};

/// Not 5 s, which `slow_down` would make 10: pauses of that length are real time in these tests.
const INTERVAL: i64 = 7;

async fn world() -> World {
    world_with(|_| ()).await
}

async fn world_with(change: impl FnOnce(&mut Settings)) -> World {
    let options = Options::default().with(|settings| settings.device_interval = INTERVAL);
    let world = World::with(options.with(change)).await;
    // The server's clock does not follow the test's pauses: each poll would be too early for it.
    world.control().freeze_clock();
    world
}

async fn begun(session: &SessionManager) -> DeviceSignInRequest {
    session.begin_device_sign_in(HashMap::new()).await.unwrap()
}

/// Begins a sign-in, and ADA enters the code.
async fn approved(world: &World, session: &SessionManager) -> DeviceSignInRequest {
    let request = begun(session).await;
    assert!(world.control().decide_device(&request.user_code, Some(ADA)));
    request
}

/// The result if ADA has entered the code and the polls meet `faults`, one after the other.
async fn outcome_after(world: &World, faults: Vec<Fault>) -> Result<SessionState, SessionError> {
    let session = world.session();
    let request = approved(world, &session).await;
    for fault in faults {
        world.control().fault(Endpoint::Token, fault);
    }
    let outcome = session.complete_device_sign_in(request.attempt).await;
    world.control().clear_faults(Endpoint::Token);
    outcome.map_err(SessionError::from)
}

fn pending() -> Fault {
    Fault::oauth_error(403, "authorization_pending", "")
}

fn code_of(error: SessionError) -> String {
    match error {
        SessionError::RestartSignIn { code, .. } => code,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn the_user_signs_in_there_and_the_session_is_here_like_any_other() {
    let world = world().await;
    let session = world.session();
    let mut reports = session.subscribe();
    let request = begun(&session).await;
    let page = format!("{}activate", world.server.issuer());
    assert_eq!(request.verification_uri, page);
    let complete = request.verification_uri_complete.clone().unwrap();
    assert_eq!(complete, format!("{page}?user_code={}", request.user_code));
    assert_eq!(request.lifetime_seconds, 900);
    assert!(world.control().decide_device(&request.user_code, Some(ADA)));
    let state = session.complete_device_sign_in(request.attempt).await.unwrap();
    assert!(matches!(state, SessionState::SignedIn { subject, .. } if subject == "auth0|ada"));
    let events = std::iter::from_fn(|| reports.try_recv().ok());
    let is_sign_in = |report: Report| {
        let by = SignInWay::AnotherDevice;
        matches!(report, Report::Event(SessionEvent::SignedIn { by: found, .. }) if found == by)
    };
    assert!(events.into_iter().any(is_sign_in));
    assert_renews(&session).await;
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
    assert_eq!(world.control().counters().device_grants_honoured, 1);
}

#[tokio::test]
async fn it_is_asked_as_often_as_the_issuer_wants_and_less_often_for_good_where_it_says_so() {
    let world = world().await;
    let slow_down = Fault::oauth_error(429, "slow_down", "");
    let before = world.clock.passed();
    let asked = world.control().seen(Endpoint::Token);
    let faults = vec![pending(), slow_down, pending()];
    outcome_after(&world, faults).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Token) - asked, 4);
    // Each pause is one second longer on the test's clock.
    assert_eq!(world.clock.passed() - before, (7 + 1) * 2 + (12 + 1) * 2);
}

#[tokio::test]
async fn trouble_on_the_way_ends_nothing_and_pauses_double_while_it_lasts() {
    let world = world().await;
    let before = world.clock.passed();
    let faults = vec![Fault::reset(), Fault::html(200), pending()];
    outcome_after(&world, faults).await.unwrap();
    assert_eq!(world.clock.passed() - before, 8 + (14 + 1) + (28 + 1) + 8);
    let before = world.clock.passed();
    let busy = Fault::status(503).header("retry-after", "45");
    outcome_after(&world, vec![busy]).await.unwrap();
    assert_eq!(world.clock.passed() - before, 8 + (45 + 1));
}

#[tokio::test]
async fn a_user_who_says_no_and_one_who_does_not_come_end_it() {
    let world = world().await;
    let session = world.session();
    let request = begun(&session).await;
    assert!(world.control().decide_device(&request.user_code, None));
    let denied = public(session.complete_device_sign_in(request.attempt).await);
    assert_eq!(code_of(denied), "access_denied");

    let request = begun(&session).await;
    let before = world.clock.passed();
    world.control().fault(Endpoint::Token, pending().for_ever());
    let late = public(session.complete_device_sign_in(request.attempt).await);
    assert_eq!(code_of(late), "expired_token");
    let waited = world.clock.passed() - before;
    assert!((900..900 + 3 * INTERVAL).contains(&waited), "{waited}");
    world.control().clear_faults(Endpoint::Token);

    let request = begun(&session).await;
    world.control().advance(std::time::Duration::from_secs(901));
    let late = public(session.complete_device_sign_in(request.attempt).await);
    assert_eq!(code_of(late), "expired_token", "by the issuer's clock");
    assert!(!is_signed_in(&session));
}

#[tokio::test]
async fn whoever_was_suspended_for_long_asks_once_more() {
    let world = world().await;
    let session = world.session();
    let request = approved(&world, &session).await;
    world.clock.advance(930);
    session.complete_device_sign_in(request.attempt).await.unwrap();
    assert!(is_signed_in(&session));
}

/// The code would not be valid at any later time.
#[tokio::test]
async fn trouble_the_last_time_ends_it_as_a_user_who_does_not_come_does() {
    let world = world().await;
    let session = world.session();
    let request = approved(&world, &session).await;
    world.clock.advance(930);
    world.control().fault(Endpoint::Token, Fault::status(503));
    let late = public(session.complete_device_sign_in(request.attempt).await);
    assert_eq!(code_of(late), "expired_token");
    assert_eq!(world.control().seen(Endpoint::Token), 1);
}

#[tokio::test]
async fn a_cancellation_ends_the_asking_and_what_comes_late_is_revoked() {
    let world = world().await;
    let session = world.session();
    let request = approved(&world, &session).await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let cancel = async {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        session.cancel_sign_in_attempt(request.attempt);
        world.control().release(Endpoint::Token);
    };
    let (outcome, ()) = tokio::join!(session.complete_device_sign_in(request.attempt), cancel);
    assert!(matches!(public(outcome), SessionError::SignInCancelled));
    assert!(!is_signed_in(&session));
    world.control().wait_for_requests(Endpoint::Revoke, 1).await;
    assert_eq!(world.control().counters().families_revoked, 1);

    let asked = world.control().seen(Endpoint::Token);
    let request = begun(&session).await;
    session.cancel_sign_in();
    let cancelled = public(session.complete_device_sign_in(request.attempt).await);
    assert!(matches!(cancelled, SessionError::SignInCancelled), "{cancelled:?}");
    assert_eq!(world.control().seen(Endpoint::Token), asked);
}

#[tokio::test]
async fn a_newer_sign_in_and_a_sign_out_take_its_place() {
    let world = world().await;
    let session = world.session();
    let older = begun(&session).await;
    world.sign_in(&session, GRACE).await;
    assert!(world.control().decide_device(&older.user_code, Some(ADA)));
    public(session.complete_device_sign_in(older.attempt).await);
    let graces = matches!(session.state(), Some(SessionState::SignedIn { subject, .. }) if subject == "auth0|grace");
    assert!(graces);

    let request = approved(&world, &session).await;
    session.sign_out().await;
    public(session.complete_device_sign_in(request.attempt).await);
    assert_eq!(session.state(), Some(SessionState::SignedOut));
}

/// A caller that waits for a replaced attempt does not end the newer one.
#[tokio::test]
async fn the_end_of_an_earlier_attempt_leaves_a_newer_one_as_it_is() {
    let world = world().await;
    let session = world.session();
    let (earlier, newer) = (begun(&session).await, begun(&session).await);
    assert_ne!(earlier.attempt, newer.attempt);
    let error = public(session.complete_device_sign_in(earlier.attempt).await);
    assert!(matches!(error, SessionError::SignInCancelled), "{error:?}");
    assert!(world.control().decide_device(&newer.user_code, Some(ADA)));
    session.complete_device_sign_in(newer.attempt).await.unwrap();
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn what_is_missing_at_the_issuer_is_named() {
    let world = world_with(|settings| settings.device_code_grant = false).await;
    let session = world.session();
    match public(session.begin_device_sign_in(HashMap::new()).await) {
        SessionError::FixConfiguration { field, message } => {
            assert_eq!(field, "client_id");
            assert!(
                message.contains("Advanced Settings > Grant Types > Device Code"),
                "{message}"
            );
        }
        error => panic!("{error:?}"),
    }
    let without = Fault::answer_without(&["device_authorization_endpoint"]);
    world.control().fault(Endpoint::Discovery, without.for_ever());
    let session = world.session_with(world.oidc_configuration());
    match public(session.begin_device_sign_in(HashMap::new()).await) {
        SessionError::FixConfiguration { field, message } => {
            assert_eq!(field, "issuer");
            assert!(message.contains("device_authorization_endpoint"), "{message}");
        }
        error => panic!("{error:?}"),
    }
    world.control().fault(Endpoint::DeviceAuthorization, Fault::html(403));
    let portal = public(world.session().begin_device_sign_in(HashMap::new()).await);
    let reason = RetryReason::UnexpectedAnswer;
    assert!(matches!(portal, SessionError::RetryLater { reason: found, .. } if found == reason));
}

#[tokio::test]
async fn an_id_token_that_is_not_accepted_ends_it_and_what_came_is_revoked() {
    let world = world().await;
    let outcome = outcome_after(
        &world,
        vec![Fault::id_token(
            IdTokenFault::new().claim("aud", json!("another-client")),
        )],
    )
    .await;
    assert_eq!(code_of(outcome.unwrap_err()), "id_token_invalid");
    assert_eq!(world.control().counters().families_revoked, 1);
    assert_eq!(world.stored(), None);
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_waited_for() {
    let world = world().await;
    let session = world.session_with(world.oidc_configuration());
    let request = approved(&world, &session).await;
    world.control().fault(Endpoint::Jwks, Fault::status(503).times(2));
    session.complete_device_sign_in(request.attempt).await.unwrap();
    assert_eq!(world.control().counters().device_grants_honoured, 1);
    session.access_token(forced()).await.unwrap();
}

#[tokio::test]
async fn who_only_looks_signs_nobody_in() {
    let mut world = world().await;
    world.sharing = Sharing::ReadOnly;
    let refused = public(world.session().begin_device_sign_in(HashMap::new()).await);
    assert!(matches!(refused, SessionError::OpenApp { .. }), "{refused:?}");
}

#[tokio::test]
async fn no_code_is_printed() {
    let world = world().await;
    let session = world.session();
    let request = begun(&session).await;
    let printed = format!("{request:?} {session:?}");
    assert!(!printed.contains(&request.user_code), "{printed}");
    assert!(!world.log.text().contains(&request.user_code));
}
