//! Tokens for further audiences when another process renews the session.

use pilotlight_core::model::audience::Audience;
use pilotlight_core::session::SessionManager;
use pilotlight_core::storage::envelope::STORED_AUDIENCES;
use pilotlight_identity_server::Dpop;
use tempfile::TempDir;

use super::{bound, required};
use crate::audiences::{API, audience, held, token, with_resources};
use crate::sharing::{assert_no_token_was_spent_twice, shared_with};
use crate::world::{World, assert_renews};

/// One more than the number that is stored.
fn apis() -> impl Iterator<Item = Audience> {
    (0..=STORED_AUDIENCES).map(|number| audience(&format!("{API}{number}"), &[]))
}

async fn world() -> (World, TempDir) {
    let identifiers: Vec<_> = apis().map(|api| api.identifier).collect();
    let options = with_resources(&identifiers).with(|settings| settings.dpop = Dpop::Offered);
    shared_with(World::with(options).await)
}

/// The other process knows only the stored ones.
async fn assert_they_stay_when_another_process_renews(world: &World, app: &SessionManager) {
    for api in apis() {
        token(app, &api).await;
    }
    let extension = world.session_with(required(world));
    extension.restore().await.unwrap();
    assert_renews(&extension).await;
    assert!(extension.bound_key().is_some());
    app.restore().await.unwrap();
    assert_eq!(app.bound_key(), extension.bound_key());
    for api in apis() {
        assert!(held(app, &api).is_some(), "{}", api.identifier);
    }
    assert_no_token_was_spent_twice(world);
}

#[tokio::test]
async fn bound_ones_stay_in_memory() {
    let (world, _folder) = world().await;
    let app = bound(&world).await;
    assert_they_stay_when_another_process_renews(&world, &app).await;
}

/// They need no key, so they stay valid with any key.
#[tokio::test]
async fn bearer_tokens_stay_in_memory_though_the_session_becomes_a_bound_one() {
    let (world, _folder) = world().await;
    let app = world.signed_in().await;
    assert_they_stay_when_another_process_renews(&world, &app).await;
}
