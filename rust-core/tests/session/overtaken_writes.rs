//! Promises 1 and 2, between processes: a write replaces what its process has seen, and nothing that another process
//! has written since.

use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{SessionManager, Sharing, SignOutOutcome};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::audiences;
use crate::reports::events;
use crate::sharing::{app_and_extension, assert_no_token_was_spent_twice, shared_with, shared_world};
use crate::world::{ADA, GRACE, World, assert_renews, at_least, cached, disk_full, forced, is_signed_in, until};

/// A sign-out that has read the store, in a process that is then suspended.
async fn sign_out_that_stands_still<'a>(
    world: &'a World,
    session: &SessionManager,
) -> (JoinHandle<SignOutOutcome>, impl Drop + use<'a>) {
    let (reads, gate) = (world.store.counts().0, world.store.read_gate.lock().await);
    let leaving = tokio::spawn({
        let session = session.clone();
        async move { session.sign_out().await }
    });
    until("the sign-out looks", || world.store.counts().0 > reads).await;
    (leaving, gate)
}

/// Changes the stored session as another process's renewal would.
fn renewed_elsewhere(world: &World) {
    world.change_stored(|item| {
        item["sequence"] = (item["sequence"].as_u64().unwrap_or(0) + 1).into();
        let refresh_token = format!("of renewal {}", item["sequence"]);
        item["credentials"]["refresh_token"] = refresh_token.into();
    });
}

#[tokio::test]
async fn a_sign_out_leaves_a_sign_in_that_its_user_could_not_see() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let callback = world.callback(&extension, GRACE).await;
    let (leaving, gate) = sign_out_that_stands_still(&world, &app).await;
    extension.complete_sign_in(&callback).await.unwrap();
    drop(gate);
    assert_eq!(leaving.await.unwrap(), SignOutOutcome::Revoked);
    assert_eq!(world.stored().unwrap()["subject"], "auth0|grace");
    assert!(is_signed_in(&app), "it takes over what the other process has");
    assert_renews(&extension).await;
    assert_renews(&app).await;
}

#[tokio::test]
async fn a_sign_out_removes_what_another_process_has_renewed_since() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let (leaving, gate) = sign_out_that_stands_still(&world, &app).await;
    renewed_elsewhere(&world);
    drop(gate);
    leaving.await.unwrap();
    assert!(world.stored().is_none());
    assert_eq!(app.state(), Some(SessionState::SignedOut));
    assert_eq!(extension.restore().await, Ok(SessionState::SignedOut));
}

/// It is a sign-out of whatever session there is, and nothing is known yet.
#[tokio::test]
async fn a_sign_out_before_the_store_could_be_read_removes_what_is_read_first_and_nothing_newer() {
    for is_newer in [false, true] {
        let (world, _folder) = shared_world().await;
        let extension = world.signed_in().await;
        let app = world.session();
        world.store.fail_reads(Some(pilotlight_core::ports::StoreError::Locked));
        app.sign_out().await;
        world.store.fail_reads(None);
        assert!(world.stored().is_some());
        if is_newer {
            let (reads, gate) = (world.store.counts().0, world.store.read_gate.lock().await);
            let callback = world.callback(&extension, GRACE).await;
            let looking = tokio::spawn({
                let app = app.clone();
                async move { app.restore().await }
            });
            until("the app looks", || world.store.counts().0 > reads).await;
            extension.complete_sign_in(&callback).await.unwrap();
            drop(gate);
            looking.await.unwrap().unwrap();
            assert_eq!(world.stored().unwrap()["subject"], "auth0|grace");
        }
        app.restore().await.unwrap();
        assert_eq!(is_signed_in(&app), is_newer);
        if is_newer {
            assert!(world.stored().is_some());
        } else {
            // Until then it is a sign-out whose token waits to be revoked.
            until("the item is removed", || world.stored().is_none()).await;
        }
    }
}

/// Several processes write all the time.
#[tokio::test]
async fn a_write_that_comes_too_late_again_and_again_replaces_nothing_that_is_newer() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    let (writes, gate) = (world.store.counts().1, world.store.gate.lock().await);
    let fetching = tokio::spawn({
        let app = app.clone();
        async move { app.profile(true).await }
    });
    let mut gate = gate;
    for round in 0..6 {
        world.store.wait_for_write(writes + round).await;
        renewed_elsewhere(&world);
        gate = world.store.let_one_through(gate).await;
    }
    drop(gate);
    fetching.await.unwrap().unwrap();
    let stored = world.stored().unwrap();
    assert_eq!(stored["credentials"]["refresh_token"], "of renewal 6");
    assert!(stored["profile"].to_string().contains(ADA), "and the profile is stored");
}

/// A process that was suspended in the middle of its write overwrote the tokens.
#[tokio::test]
async fn tokens_that_were_written_over_by_spent_ones_are_written_again_but_not_by_who_only_looks() {
    let (mut world, app, extension, _folder) = app_and_extension().await;
    world.sharing = Sharing::ReadOnly;
    let widget = world.session();
    let spent = world.stored().unwrap();
    assert_renews(&app).await;
    let current = world.stored_refresh_token();
    for looking in [&extension, &widget] {
        looking.restore().await.unwrap();
    }
    world.change_stored(|item| *item = spent);
    let writes = world.store.counts().1;
    widget.restore().await.unwrap();
    assert_eq!(world.store.counts().1, writes, "looking writes nothing");
    extension.restore().await.unwrap();
    assert_eq!(world.stored_refresh_token(), current);
    for looking in [&extension, &widget] {
        assert_eq!(cached(looking), cached(&app));
    }
}

/// The Keychain does not recognise an item that other code has changed.
#[tokio::test]
async fn an_item_that_the_store_cannot_compare_is_replaced() {
    let (world, app, _extension, _folder) = app_and_extension().await;
    world.store.recognises_nothing(true);
    app.profile(true).await.unwrap();
    assert!(world.stored().unwrap()["profile"].to_string().contains(ADA));
    app.sign_out().await;
    assert!(world.stored().is_none());
}

/// Also where only one process uses the store.
#[tokio::test]
async fn a_session_whose_item_the_store_cannot_compare_is_renewed() {
    let (shared, app, _extension, _folder) = app_and_extension().await;
    let alone = World::new().await;
    let session = alone.signed_in().await;
    for (world, session) in [(shared, app), (alone, session)] {
        world.store.recognises_nothing(true);
        let token = assert_renews(&session).await;
        assert_eq!(
            world.stored().unwrap()["credentials"]["access_token"],
            token.expose(),
            "and stored"
        );
    }
}

#[tokio::test]
async fn a_sign_out_over_a_damaged_item_removes_it_and_revokes() {
    for damaged in [json!({"version": 1}), json!({"version": 999})] {
        let (world, app, _extension, _folder) = app_and_extension().await;
        world.change_stored(|item| *item = damaged);
        assert_eq!(app.sign_out().await, SignOutOutcome::Revoked);
        assert!(world.store.items().is_empty());
        assert_eq!(app.state(), Some(SessionState::SignedOut));
    }
}

/// A process that renews while its user signs in again keeps the lock until the new session is stored: otherwise the
/// next process would send the spent token.
#[tokio::test]
async fn the_lock_is_kept_until_what_replaced_the_renewed_session_is_stored() {
    let (world, app, extension, _folder) = app_and_extension().await;
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let renewing = renewal(&app);
    world.control().wait_for_held(Endpoint::Token, 1).await;

    let callback = world.callback(&app, ADA).await;
    let (writes, gate) = (world.store.counts().1, world.store.gate.lock().await);
    let signing_in = tokio::spawn({
        let app = app.clone();
        async move { app.complete_sign_in(&callback).await }
    });
    world.store.wait_for_write(writes).await;
    let others = renewal(&extension);
    world.control().release(Endpoint::Token);
    for _ in 0..20 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    drop(gate);
    signing_in.await.unwrap().unwrap();
    renewing.await.unwrap().unwrap();
    others.await.unwrap().unwrap();
    assert_no_token_was_spent_twice(&world);
    assert_eq!(
        world.control().counters().families_revoked,
        0,
        "the same user's grant may go with it"
    );
}

fn renewal(session: &SessionManager) -> JoinHandle<Result<(), pilotlight_core::machine::error::Error>> {
    let session = session.clone();
    tokio::spawn(async move { session.access_token(forced()).await.map(drop) })
}

/// Two requests with one refresh token, because a process continued without its lock: the issuer refuses the later one,
/// which ends the session, and the answer to the earlier one comes last.
#[tokio::test]
async fn a_session_that_goes_on_after_its_end_was_announced_is_announced_as_restored() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let (mut here, mut there) = (events(&app), events(&extension));
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let late = renewal(&app);
    world.control().wait_for_held(Endpoint::Token, 1).await;
    let refusal = Fault::oauth_error(403, "invalid_grant", "Unknown or invalid refresh token.");
    world.control().fault(Endpoint::Token, refusal);
    app.release_process_lock();
    renewal(&extension).await.unwrap().unwrap_err();
    app.restore().await.unwrap();
    assert_eq!(here.announced(), ["ended: RefreshTokenRejected"]);
    assert_eq!(there.announced(), ["ended: RefreshTokenRejected"]);

    world.control().release(Endpoint::Token);
    late.await.unwrap().unwrap();
    assert_eq!(here.announced(), ["auth0|ada restored", "renewed own"]);
    extension.restore().await.unwrap();
    assert_eq!(there.announced(), ["auth0|ada restored", "renewed own elsewhere"]);
    assert!(is_signed_in(&app) && is_signed_in(&extension));
}

/// An issuer that does not rotate sends none with its answer.
#[tokio::test]
async fn such_a_session_keeps_the_refresh_token_that_was_accepted() {
    for is_further in [false, true] {
        let (world, _folder) = shared_with(audiences::world().await);
        let (app, extension) = (world.signed_in().await, world.session());
        extension.restore().await.unwrap();
        world.control().change(|settings| settings.rotation = false);
        world.control().fault(Endpoint::Token, Fault::hold().after_processing());
        let late = tokio::spawn({
            let app = app.clone();
            async move {
                match is_further {
                    false => app.access_token(forced()).await.map(drop),
                    true => app.access_token_for(&audiences::api(), at_least(0)).await.map(drop),
                }
            }
        });
        world.control().wait_for_held(Endpoint::Token, 1).await;
        let refusal = Fault::oauth_error(403, "invalid_grant", "Unknown or invalid refresh token.");
        world.control().fault(Endpoint::Token, refusal);
        app.release_process_lock();
        renewal(&extension).await.unwrap().unwrap_err();
        app.restore().await.unwrap();
        world.control().release(Endpoint::Token);
        late.await.unwrap().unwrap();
        assert_renews(&app).await;
        assert_renews(&extension).await;
    }
}

/// The same if the new tokens are not checked yet when the other process sees them.
#[tokio::test]
async fn also_by_a_process_that_sees_tokens_which_are_not_checked_yet() {
    let (world, _app, extension, _folder) = app_and_extension().await;
    let unchecked: Value = {
        let mut item = world.stored().unwrap();
        item["sequence"] = 5.into();
        item["credentials"]["unchecked"] = true.into();
        item
    };
    let mut announced = events(&extension);
    world.control().revoke_user(ADA);
    renewal(&extension).await.unwrap().unwrap_err();
    assert_eq!(announced.announced(), ["ended: RefreshTokenRejected"]);
    world.change_stored(|item| *item = unchecked);
    extension.restore().await.unwrap();
    assert_eq!(announced.announced(), ["auth0|ada restored"]);
}

/// If the end was never announced, its reversal is not announced either.
#[tokio::test]
async fn an_end_that_the_store_was_not_given_is_not_taken_back() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let mut announced = events(&app);
    world.store.fail_writes(Some(disk_full()));
    assert!(renewal(&app).await.unwrap().is_err());
    world.store.fail_writes(None);
    assert_renews(&extension).await;
    app.restore().await.unwrap();
    assert!(!announced.announced().iter().any(|event| event.contains("restored")));
}
