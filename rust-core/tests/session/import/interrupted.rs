//! An import that is interrupted: its answer is lost, its caller goes away, or the user signs out.

use std::time::Duration;

use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{ImportOutcome, ImportSource, SessionManager};
use pilotlight_identity_server::{Endpoint, Fault, Options};

use super::users::source;
use super::{assert_imported, credentials_manager, keep_with_credentials_manager, old_tokens};
use crate::sharing::shared_world;
use crate::world::{ADA, World, assert_renews, disk_full, public, until};

type Importing = tokio::task::JoinHandle<ImportOutcome>;

fn importing(session: &SessionManager, source: ImportSource) -> Importing {
    let session = session.clone();
    tokio::spawn(async move { session.import_session(source).await.unwrap() })
}

/// The import's outcome says so, nobody is signed in, now or at the next launch, and no token is left.
async fn assert_signed_out(world: &World, session: &SessionManager, importing: Importing) {
    assert_eq!(importing.await.unwrap(), ImportOutcome::Closed);
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    until("nothing waits to be revoked", || world.stored().is_none()).await;
    assert_eq!(world.session().restore().await, Ok(SessionState::SignedOut));
    let items: Vec<_> = world.store.items().into_keys().collect();
    assert!(items.iter().all(|name| name.ends_with("|imported")), "{items:?}");
}

/// The issuer has rotated the token and gives the answer once more for moments only.
#[tokio::test]
async fn a_lost_answer_is_asked_for_again_at_once() {
    let world = World::with(Options::default().with(|settings| settings.leeway = 30)).await;
    let tokens = old_tokens(&world).await;
    let lost = Fault::reset().after_processing();
    world.control().fault(Endpoint::Token, lost.times(2));
    let session = world.session();
    assert_imported(&session.import_session(source(&tokens, None)).await.unwrap());
    world.clock.advance(60);
    world.control().advance(Duration::from_secs(60));
    assert_renews(&session).await;
    assert_eq!(session.counters().retries, 2);
}

#[tokio::test]
async fn a_sign_out_takes_precedence_over_an_import_that_asks_the_issuer() {
    for renews in [true, false] {
        let world = World::new().await;
        let tokens = old_tokens(&world).await;
        let session = world.session();
        let (endpoint, access_token) = match renews {
            true => (Endpoint::Token, None),
            false => (Endpoint::Userinfo, Some(tokens.access_token.as_str())),
        };
        world.control().fault(endpoint, Fault::hold());
        let import = importing(&session, source(&tokens, access_token));
        world.control().wait_for_held(endpoint, 1).await;
        session.sign_out().await;
        world.control().release(endpoint);
        assert_signed_out(&world, &session, import).await;
        let revoked = world.control().counters().families_revoked;
        assert_eq!(revoked, u64::from(renews), "the tokens that came");
    }
}

/// What came cannot be revoked at once. It waits for that in the store.
#[tokio::test]
async fn what_came_after_a_sign_out_is_revoked_in_another_launch() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    world.control().fault(Endpoint::Token, Fault::hold());
    world.control().fault(Endpoint::Revoke, Fault::status(503));
    let import = importing(&session, source(&tokens, None));
    world.control().wait_for_held(Endpoint::Token, 1).await;
    session.sign_out().await;
    world.control().release(Endpoint::Token);
    assert_eq!(import.await.unwrap(), ImportOutcome::Closed);
    until("the issuer could not", || world.control().seen(Endpoint::Revoke) == 1).await;
    drop(session);
    let next = world.session();
    assert_eq!(next.restore().await, Ok(SessionState::SignedOut));
    until("nothing waits to be revoked", || world.stored().is_none()).await;
    assert_eq!(world.control().counters().families_revoked, 1);
}

/// The session is in the store already when the user has signed out.
#[tokio::test]
async fn a_sign_out_takes_precedence_over_an_import_that_is_being_written() {
    let (shared, _folder) = shared_world().await;
    for world in [World::new().await, shared] {
        let tokens = old_tokens(&world).await;
        keep_with_credentials_manager(&world, &tokens);
        let session = world.session();
        session.restore().await.unwrap();
        world.store.hold_swaps_only();
        let gate = world.store.gate.lock().await;
        let (_, writes) = world.store.counts();
        let import = importing(&session, credentials_manager());
        world.store.wait_for_write(writes).await;
        let signing_out = tokio::spawn({
            let session = session.clone();
            async move { session.sign_out().await }
        });
        let is_closed = || world.store.items().into_keys().any(|name| name.ends_with("|imported"));
        until("the sign-out waits for its turn to write", is_closed).await;
        tokio::task::yield_now().await;
        drop(gate);
        signing_out.await.unwrap();
        assert_signed_out(&world, &session, import).await;
        assert_eq!(world.control().counters().families_revoked, 1);
    }
}

/// The import has asked for nothing yet. Nothing can be written, not even that the import is closed.
#[tokio::test]
async fn a_sign_out_takes_precedence_over_an_import_that_waits_for_its_turn() {
    let (world, _folder) = shared_world().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    session.restore().await.unwrap();
    session.await_background_time();
    let import = importing(&session, source(&tokens, None));
    tokio::task::yield_now().await;
    world.store.fail_writes(Some(disk_full()));
    session.sign_out().await;
    world.store.fail_writes(None);
    session.resume();
    assert_signed_out(&world, &session, import).await;
}

#[tokio::test]
async fn a_sign_out_that_could_not_be_written_closes_the_import_all_the_same() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    world.control().fault(Endpoint::Token, Fault::status(503));
    public(session.import_session(source(&tokens, None)).await);
    world.store.fail_writes(Some(disk_full()));
    session.sign_out().await;
    world.store.fail_writes(None);
    world.cooldown();
    for session in [session, world.session()] {
        let outcome = session.import_session(source(&tokens, None)).await.unwrap();
        assert_eq!(outcome, ImportOutcome::Closed);
    }
}

/// The store says that an import was tried, also where the process does not know.
#[tokio::test]
async fn a_sign_out_in_the_launch_after_an_unfinished_import_closes_it() {
    for signs_in in [false, true] {
        let world = World::new().await;
        let tokens = old_tokens(&world).await;
        let no_id_token = Fault::answer_without(&["id_token"]);
        world.control().fault(Endpoint::Token, no_id_token);
        world.control().fault(Endpoint::Userinfo, Fault::status(503));
        public(world.session().import_session(source(&tokens, None)).await);
        let next = world.session();
        if signs_in {
            world.sign_in(&next, ADA).await;
        }
        next.sign_out().await;
        let outcome = world.session().import_session(source(&tokens, None)).await.unwrap();
        assert_eq!(outcome, ImportOutcome::Closed, "{signs_in}");
    }
}

/// Its caller goes away while the answer with the rotated refresh token is under way.
#[tokio::test]
async fn an_import_that_nobody_waits_for_any_more_runs_to_its_end() {
    let world = World::new().await;
    let tokens = old_tokens(&world).await;
    let session = world.session();
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    {
        let mut import = std::pin::pin!(session.import_session(source(&tokens, None)));
        tokio::select! {
            outcome = &mut import => panic!("{outcome:?}"),
            () = world.control().wait_for_held(Endpoint::Token, 1) => {}
        }
    }
    drop(session);
    world.control().release(Endpoint::Token);
    until("the session is stored", || {
        world.stored().is_some_and(|item| item.get("subject").is_some())
    })
    .await;
    let next = world.session();
    assert_eq!(
        next.import_session(source(&tokens, None)).await.unwrap(),
        ImportOutcome::SessionExists
    );
    assert_renews(&next).await;
    assert_eq!(world.control().counters().spent_refresh_tokens_presented, 0);
}
