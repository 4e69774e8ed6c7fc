//! A user steps up in one process while another process has the same session.

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::state::SessionState;
use pilotlight_identity_server::{Endpoint, Fault, MULTI_FACTOR};

use crate::sharing::{app_and_extension, assert_no_token_was_spent_twice};
use crate::step_up::{acr, callback, step_up, to};
use crate::world::{ADA, GRACE, assert_renews, cached, disk_full, forced, public, until};

#[tokio::test]
async fn processes_share_it() {
    let (world, app, extension, _folder) = app_and_extension().await;
    step_up(&world, &app, to(&[MULTI_FACTOR], None)).await;
    extension.restore().await.unwrap();
    assert_eq!(cached(&extension), cached(&app));
    // The other process's renewal meanwhile is merged before the step-up, and does not come back after it.
    let callback = callback(&world, &app, to(&[MULTI_FACTOR], Some(60)), ADA).await;
    assert_renews(&extension).await;
    app.complete_sign_in(&callback).await.unwrap();
    assert_renews(&extension).await;
    assert_eq!(acr(&extension), MULTI_FACTOR);
    assert_renews(&app).await;
    assert_no_token_was_spent_twice(&world);
}

#[tokio::test]
async fn a_sign_out_in_another_process_wins() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let callback = callback(&world, &app, to(&[MULTI_FACTOR], None), ADA).await;
    extension.sign_out().await;
    let error = public(app.complete_sign_in(&callback).await);
    assert_eq!(error, SessionError::SignInCancelled);
    assert_eq!(app.state(), Some(SessionState::SignedOut));
    assert!(world.stored().is_none());
    assert_eq!(world.control().counters().families_revoked, 2, "both refresh tokens");
}

#[tokio::test]
async fn a_sign_in_in_another_process_wins() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let callback = callback(&world, &app, to(&[MULTI_FACTOR], None), ADA).await;
    world.sign_in(&extension, GRACE).await;
    let error = public(app.complete_sign_in(&callback).await);
    assert_eq!(error, SessionError::SignInCancelled);
    assert_eq!(world.stored().unwrap()["subject"], "auth0|grace");
    assert_renews(&app).await;
}

/// Found by the model. The other process has a newer refresh token that it could not write; a step-up without a new one
/// keeps the spent one.
#[tokio::test]
async fn a_renewal_that_could_not_be_written_keeps_its_refresh_token() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let spent = world.stored_refresh_token();
    let callback = callback(&world, &app, to(&[MULTI_FACTOR], None), ADA).await;
    let renewal = extension.access_token(forced());
    let failed = world.while_the_store_begins_to_fail(disk_full(), renewal).await;
    assert!(failed.is_err());
    world.store.fail_writes(None);
    let without = Fault::answer_without(&["refresh_token"]);
    world.control().fault(Endpoint::Token, without);
    app.complete_sign_in(&callback).await.unwrap();
    assert_eq!(
        (acr(&app), world.stored_refresh_token()),
        (MULTI_FACTOR.into(), spent.clone())
    );
    world.cooldown();
    assert_renews(&extension).await;
    assert_ne!(world.stored_refresh_token(), spent);
    assert_renews(&app).await;
    assert_no_token_was_spent_twice(&world);
}

/// Found by the model. The sign-out could not be written before the other process had the tokens of the step-up, which
/// belong to another grant: they end too.
#[tokio::test]
async fn a_sign_out_that_is_written_late_revokes_what_it_removes() {
    let (world, app, extension, _folder) = app_and_extension().await;
    let callback = callback(&world, &app, to(&[MULTI_FACTOR], None), ADA).await;
    world.store.fail_writes(Some(disk_full()));
    extension.sign_out().await;
    assert_eq!(world.control().counters().families_revoked, 1);
    world.store.fail_writes(None);
    app.complete_sign_in(&callback).await.unwrap();
    extension.restore().await.unwrap();
    let is_removed = || world.stored().is_none_or(|item| item["signed_out"] == true);
    until("the session is removed", is_removed).await;
    world.cooldown();
    world.session().restore().await.unwrap();
    let are_revoked = || world.control().counters().families_revoked == 2;
    until("both refresh tokens are revoked", are_revoked).await;
}
