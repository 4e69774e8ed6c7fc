//! Promise 3, between processes: an app and its extensions with one store. A process is a separate session here,
//! because processes share no memory; the lock is the real one.

use std::sync::Arc;
use std::time::Duration;

use pilotlight_core::adapters::file_lock::FileLock;
use pilotlight_core::ffi::{RetryReason, SessionError, SignInReason};
use pilotlight_core::machine::event::Report;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::ports::{Acquisition, BoxFuture, LockPlace, ProcessLock, StoreError};
use pilotlight_core::session::{SessionManager, Sharing, SignInOptions, SignOutOutcome, TokenOptions};
use pilotlight_identity_server::{Endpoint, Fault};
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::meddling::Overtaken;
use crate::world::{ADA, GRACE, World, assert_renews, at_least, cached, disk_full, forced, is_signed_in, public};

/// Two processes with Ada signed in.
pub(crate) async fn app_and_extension() -> (World, SessionManager, SessionManager, TempDir) {
    let (world, folder) = shared_world().await;
    let app = world.signed_in().await;
    let extension = world.session();
    extension.restore().await.unwrap();
    assert_eq!(cached(&app), cached(&extension));
    (world, app, extension, folder)
}

pub(crate) async fn shared_world() -> (World, TempDir) {
    shared_with(World::new().await)
}

/// Makes the world's store one that processes share.
pub(crate) fn shared_with(mut world: World) -> (World, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let lock = FileLock::new(folder.path().join("session"), Handle::current());
    world.sharing = Sharing::Processes(Arc::new(lock));
    (world, folder)
}

pub(crate) fn assert_no_token_was_spent_twice(world: &World) {
    let counters = world.control().counters();
    assert_eq!(
        (counters.spent_refresh_tokens_presented, counters.families_killed),
        (0, 0)
    );
}

#[tokio::test]
async fn both_need_a_token_and_one_renews() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.clock.advance(86_400);
    let (one, other) = tokio::join!(app.access_token(at_least(60)), extension.access_token(at_least(60)));
    assert_eq!(one.unwrap().expose(), other.unwrap().expose());
    assert_eq!(world.refresh_grants(), 1);
    assert_no_token_was_spent_twice(&world);
}

#[tokio::test]
async fn both_insist_on_a_renewal_and_get_one_after_the_other() {
    let (world, app, extension, _folder) = app_and_extension().await;
    for _ in 0..5 {
        let (one, other) = tokio::join!(app.access_token(forced()), extension.access_token(forced()));
        assert_ne!(one.unwrap().expose(), other.unwrap().expose());
    }
    assert_eq!(world.refresh_grants(), 10);
    assert_no_token_was_spent_twice(&world);
}

#[tokio::test]
async fn what_one_renewed_long_ago_the_other_takes_over_unless_it_is_too_old() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.clock.advance(86_400);
    let renewed = app.access_token(at_least(60)).await.unwrap();
    let asked = world.control().requests().len();
    assert_eq!(
        extension.access_token(at_least(60)).await.unwrap().expose(),
        renewed.expose()
    );
    assert_eq!(world.control().requests().len(), asked, "no network");
    assert_eq!(
        cached(&extension).as_deref(),
        Some(renewed.expose()),
        "and it stays in memory"
    );

    world.clock.advance(500);
    assert_renews(&app).await;
    world.clock.advance(500);
    assert_ne!(
        extension.access_token(at_least(300)).await.unwrap().expose(),
        cached(&app).unwrap(),
        "600 s of life are over but for 100"
    );
    assert_no_token_was_spent_twice(&world);
}

/// Even for apps that do not tell Pilotlight about other processes.
#[tokio::test]
async fn a_refusal_counts_only_for_the_newest_refresh_token_there_is() {
    let world = World::new().await;
    let app = world.signed_in().await;
    let overtaken = Overtaken::by(&app);
    let extension = world.session_over(world.configuration(), overtaken.clone());
    extension.restore().await.unwrap();
    let refusal = || Fault::oauth_error(403, "invalid_grant", "Unknown or invalid refresh token.");

    world.clock.advance(86_400);
    overtaken.at_the_next_renewal();
    let token = extension.access_token(at_least(60)).await.unwrap();
    assert_eq!(Some(token.expose()), cached(&app).as_deref());
    assert_eq!(world.refresh_grants(), 1);

    overtaken.at_the_next_renewal();
    let newer = extension.access_token(forced()).await.unwrap();
    assert_ne!(
        Some(newer.expose()),
        cached(&app).as_deref(),
        "renewed with the newest token"
    );
    assert_no_token_was_spent_twice(&world);

    world.control().fault(Endpoint::Token, refusal().for_ever());
    assert!(matches!(
        public(extension.access_token(forced()).await),
        SessionError::SignIn { .. }
    ));
}

#[tokio::test]
async fn the_end_of_the_session_is_the_end_for_both() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().revoke_user(ADA);
    app.access_token(forced()).await.unwrap_err();
    let asked = world.control().requests().len();
    world.clock.advance(86_400);
    assert!(matches!(
        public(extension.access_token(at_least(0)).await),
        SessionError::SignIn {
            reason: SignInReason::RefreshTokenRejected,
            ..
        }
    ));
    assert_eq!(world.control().requests().len(), asked);
}

#[tokio::test]
async fn a_sign_out_in_one_signs_out_the_other_which_brings_nothing_back() {
    let (world, app, extension, _folder) = app_and_extension().await;
    assert_eq!(app.sign_out().await, SignOutOutcome::Revoked);
    // With the access token in memory, which the issuer may accept until it expires.
    drop(extension.profile(true).await);
    assert_eq!(extension.state(), Some(SessionState::SignedOut));
    assert_eq!(extension.restore().await, Ok(SessionState::SignedOut));
    assert!(world.store.items().is_empty());
}

#[tokio::test]
async fn a_sign_out_during_the_others_renewal_wins() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let renewing = tokio::spawn({
        let extension = extension.clone();
        async move { extension.access_token(forced()).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    app.sign_out().await;
    world.control().release(Endpoint::Token);
    assert!(matches!(public(renewing.await.unwrap()), SessionError::SignIn { .. }));
    assert_eq!(extension.state(), Some(SessionState::SignedOut));
    assert!(world.store.items().is_empty(), "after a sign-out nothing is written");
}

#[tokio::test]
async fn a_new_sign_in_in_one_is_seen_by_the_other() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.sign_in(&app, GRACE).await;
    world.clock.advance(86_400);
    let token = extension.access_token(at_least(0)).await.unwrap();
    assert_eq!(extension.profile(true).await.unwrap().email.as_deref(), Some(GRACE));
    assert_eq!(app.access_token(at_least(0)).await.unwrap().expose(), token.expose());
    app.sign_out().await;
    assert_eq!(extension.restore().await, Ok(SessionState::SignedOut));
    world.sign_in(&app, ADA).await;
    assert!(
        extension.access_token(at_least(0)).await.is_ok(),
        "also from signed out"
    );
}

/// A profile is stored with the tokens, so the process that fetched it must not overwrite new tokens with old ones.
#[tokio::test]
async fn a_profile_fetched_in_one_does_not_undo_the_others_renewal() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let renewed = assert_renews(&app).await;
    let refresh_token = world.stored_refresh_token();
    extension.profile(true).await.unwrap();
    assert_eq!(world.stored_refresh_token(), refresh_token);
    assert_eq!(world.stored().unwrap()["profile"]["email"], ADA);
    assert_eq!(cached(&extension).as_deref(), Some(renewed.expose()));
    assert_eq!(world.session().restore().await, app.restore().await);
    assert_eq!(app.cached_profile().unwrap().email.as_deref(), Some(ADA));
}

#[tokio::test]
async fn a_store_that_cannot_be_read_again_renews_nothing() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    world.store.fail_reads(Some(StoreError::Locked));
    assert!(matches!(
        public(app.access_token(forced()).await),
        SessionError::WaitForUnlock { .. }
    ));
    world.store.fail_reads(Some(disk_full()));
    assert!(matches!(
        public(app.access_token(forced()).await),
        SessionError::CheckStorage { .. }
    ));
    assert_eq!(world.refresh_grants(), 0);
    assert!(is_signed_in(&app) && cached(&app).is_some());
    world.store.fail_reads(None);
    assert_renews(&app).await;
}

#[tokio::test]
async fn an_item_that_was_damaged_meanwhile_is_kept_aside_and_written_anew() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let (name, _) = world.store.items().pop_first().unwrap();
    world.store.put(&name, b"damaged");
    assert_renews(&app).await;
    assert_eq!(world.store.items()[&format!("{name}|unreadable")], b"damaged");
    assert_renews(&extension).await;
    assert_no_token_was_spent_twice(&world);
}

/// After an update of the app, another process runs the new release while this one still runs the old one.
#[tokio::test]
async fn a_newer_releases_item_is_left_to_it_also_by_who_is_signed_in() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    let (name, stored) = world.store.items().pop_first().unwrap();
    let newer = String::from_utf8(stored).unwrap();
    let newer = newer.replacen("\"version\":1", "\"version\":99", 1).into_bytes();
    world.store.put(&name, &newer);
    let error = public(app.access_token(forced()).await);
    assert!(error.to_string().contains("format 99"), "{error:?}");
    assert_eq!(world.refresh_grants(), 0);
    assert_eq!(world.store.items(), [(name, newer)].into());
}

/// Another process that never releases the lock.
#[derive(Debug)]
struct NeverFree;

impl ProcessLock for NeverFree {
    fn acquire<'a>(
        &'a self,
        _name: &'a str,
        _limit: Duration,
        _place: LockPlace,
    ) -> BoxFuture<'a, Result<Acquisition, StoreError>> {
        Box::pin(std::future::ready(Ok(Acquisition::Busy)))
    }
}

#[tokio::test]
async fn a_process_that_never_ends_its_turn_costs_the_others_time_and_nothing_else() {
    let mut world = World::new().await;
    world.sharing = Sharing::Processes(Arc::new(NeverFree));
    let session = world.signed_in().await;
    assert!(
        cached(&session).is_some() && world.stored().is_some(),
        "a write does not insist"
    );
    assert!(matches!(
        public(session.access_token(forced()).await),
        SessionError::RetryLater {
            reason: RetryReason::AnotherProcess,
            ..
        }
    ));
    assert_eq!(world.refresh_grants(), 0);
    assert!(is_signed_in(&session));
    session.sign_out().await;
    assert!(world.store.items().is_empty());
}

#[tokio::test]
async fn a_lock_that_is_given_up_before_a_suspension_is_free_at_once() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let renewing = tokio::spawn({
        let app = app.clone();
        async move { app.access_token(forced()).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    app.release_process_lock();
    assert_renews(&extension).await;
    world.control().release(Endpoint::Token);
    drop(renewing.await);
}

/// The process is notified that the store has changed; nobody calls anything.
#[tokio::test]
async fn what_another_process_does_is_seen_by_looking_again() {
    let (mut world, folder) = shared_world().await;
    let app = world.signed_in().await;
    world.sharing = Sharing::ReadOnly;
    let widget = world.session();
    // Nothing was read yet: the first read is the app's own, which needs its error.
    widget.look_again().await;
    assert_eq!(widget.state(), None);
    widget.restore().await.unwrap();
    let mut states = widget.subscribe();
    drop(states.recv().await);
    assert_renews(&app).await;
    widget.look_again().await;
    assert_eq!(cached(&widget), cached(&app));
    app.sign_out().await;
    let writes = world.store.counts().1;
    widget.look_again().await;
    assert_eq!(widget.state(), Some(SessionState::SignedOut));
    let mut announced = Vec::new();
    while let Ok(report) = states.try_recv() {
        announced.push(report);
    }
    assert!(
        announced.contains(&Report::State(SessionState::SignedOut)),
        "{announced:?}"
    );
    assert_eq!(world.store.counts().1, writes, "looking writes nothing");
    drop(folder);
}

#[tokio::test]
async fn a_read_only_session_looks_and_touches_nothing() {
    let (mut world, _folder) = shared_world().await;
    let app = world.signed_in().await;
    world.sharing = Sharing::ReadOnly;
    let widget = world.session();
    let (asked, writes) = (world.control().requests().len(), world.store.counts().1);
    assert_eq!(
        widget.access_token(at_least(60)).await.unwrap().expose(),
        cached(&app).unwrap()
    );
    world.clock.advance(86_400);
    let mut events = crate::reports::events(&widget);
    let open_app = |outcome| matches!(public(outcome), SessionError::OpenApp { .. });
    assert!(open_app(widget.access_token(at_least(60)).await));
    assert!(events.announced().is_empty(), "it has tried nothing that could fail");
    let any = TokenOptions {
        allow_expired: true,
        ..at_least(60)
    };
    assert_eq!(
        widget.access_token(any).await.unwrap().expose(),
        stored_access_token(&world)
    );
    assert!(matches!(
        public(widget.begin_sign_in(SignInOptions::default()).await),
        SessionError::OpenApp { .. }
    ));
    assert_eq!(widget.sign_out().await, SignOutOutcome::ReadOnly);
    assert!(is_signed_in(&widget));
    assert_eq!(
        (world.control().requests().len(), world.store.counts().1),
        (asked, writes)
    );

    let renewed = app.access_token(at_least(60)).await.unwrap();
    assert_eq!(
        widget.access_token(at_least(60)).await.unwrap().expose(),
        renewed.expose()
    );
    app.sign_out().await;
    assert_eq!(widget.restore().await, Ok(SessionState::SignedOut));
}

fn stored_access_token(world: &World) -> String {
    world.stored().unwrap()["credentials"]["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A session that a process has only in memory is not lost if somebody else empties the store before it is written.
#[tokio::test]
async fn a_sign_in_that_could_not_be_stored_survives_an_empty_store() {
    let (world, _folder) = shared_world().await;
    let app = world.session();
    let callback = world.callback(&app, ADA).await;
    world.store.fail_writes(Some(disk_full()));
    app.complete_sign_in(&callback).await.unwrap_err();
    assert!(is_signed_in(&app));
    app.restore().await.unwrap();
    assert!(is_signed_in(&app));
    world.store.fail_writes(None);
    app.restore().await.unwrap();
    assert!(world.stored().is_some());
    assert_renews(&app).await;
}
