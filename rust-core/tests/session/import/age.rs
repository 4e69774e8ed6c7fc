//! How old an imported session is, where its age is limited: the sign-in was not here.

use pilotlight_core::model::state::{ReauthenticationReason, SessionState};
use pilotlight_core::session::{ImportOutcome, SessionManager};
use pilotlight_identity_server::{Endpoint, Fault, Options};

use super::{OldTokens, credentials_manager, keep_with_credentials_manager, old_tokens};
use crate::lifetimes::limited;
use crate::world::{World, at_least, is_signed_in};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Ada has signed in with another library so many seconds ago. Her access token lives for an hour.
async fn world(seconds_ago: i64, has_id_token: bool) -> World {
    let world = World::with(Options::default().with(|settings| settings.access_token_lifetime = 3600)).await;
    let mut tokens: OldTokens = old_tokens(&world).await;
    if !has_id_token {
        tokens.id_token = String::new();
    }
    keep_with_credentials_manager(&world, &tokens);
    world.clock.advance(seconds_ago);
    world
}

async fn imported(world: &World, absolute: Option<u64>, idle: Option<u64>) -> (SessionManager, SessionState) {
    let session = world.session_with(limited(world, absolute, idle));
    match session.import_session(credentials_manager()).await.unwrap() {
        ImportOutcome::Imported { state } => (session, state),
        other => panic!("{other:?}"),
    }
}

async fn gives_a_token(session: &SessionManager) -> bool {
    session.access_token(at_least(0)).await.is_ok()
}

#[tokio::test]
async fn an_imported_session_ends_where_one_ends_that_began_here() {
    for restarts in [false, true] {
        let world = world(600, true).await;
        let (mut session, _) = imported(&world, Some(12 * 3600), None).await;
        assert!(gives_a_token(&session).await);
        world.clock.advance(12 * HOUR - 600 - 60);
        if restarts {
            session = world.session_with(limited(&world, Some(12 * 3600), None));
            session.restore().await.unwrap();
        }
        assert!(is_signed_in(&session) && gives_a_token(&session).await);
        world.clock.advance(61);
        assert!(!gives_a_token(&session).await);
    }
}

#[tokio::test]
async fn an_import_is_a_use() {
    let world = world(10 * DAY, true).await;
    let (session, _) = imported(&world, None, Some(3600)).await;
    world.clock.advance(HOUR - 60);
    assert!(gives_a_token(&session).await);
    world.clock.advance(HOUR + 1);
    assert!(!gives_a_token(&session).await);
}

#[tokio::test]
async fn a_session_whose_sign_in_is_too_long_ago_is_over_when_it_is_imported() {
    let world = world(13 * HOUR, true).await;
    let reason = ReauthenticationReason::LifetimeEnded;
    let (session, state) = imported(&world, Some(12 * 3600), None).await;
    assert_eq!(state, SessionState::ReauthenticationRequired { reason });
    assert!(!gives_a_token(&session).await);
}

#[tokio::test]
async fn without_an_id_token_the_import_counts_as_the_sign_in() {
    let world = world(13 * HOUR, false).await;
    let no_id_token = Fault::answer_without(&["id_token"]);
    world.control().fault(Endpoint::Token, no_id_token);
    let (session, _) = imported(&world, Some(12 * 3600), None).await;
    world.clock.advance(12 * HOUR - 60);
    assert!(gives_a_token(&session).await);
    world.clock.advance(61);
    assert!(!gives_a_token(&session).await);
}

/// Promise 9.
#[tokio::test]
async fn a_clock_that_was_wrong_at_the_import_ends_no_session() {
    for restarts in [false, true] {
        let world = world(600, true).await;
        world.clock.set_wall(400 * DAY);
        let (mut session, _) = imported(&world, Some(12 * 3600), Some(3600)).await;
        assert!(!is_signed_in(&session));
        world.clock.set_wall(600);
        if restarts {
            session = world.session_with(limited(&world, Some(12 * 3600), Some(3600)));
            session.restore().await.unwrap();
        }
        assert!(gives_a_token(&session).await, "{restarts}");
        world.clock.advance(HOUR + 1);
        assert!(!gives_a_token(&session).await, "{restarts}");
    }
}
