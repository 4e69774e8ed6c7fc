//! Bound tokens for further audiences, where another process renews the session.

use pilotlight_core::storage::envelope::STORED_AUDIENCES;
use pilotlight_identity_server::Dpop;

use super::{bound, required};
use crate::audiences::{API, audience, held, token, with_resources};
use crate::sharing::{assert_no_token_was_spent_twice, shared_with};
use crate::world::{World, assert_renews};

/// The other process knows only those that are stored.
#[tokio::test]
async fn they_stay_in_memory_when_another_process_renews_the_session() {
    let apis: Vec<_> = (0..=STORED_AUDIENCES).map(|number| format!("{API}{number}")).collect();
    let options = with_resources(&apis).with(|settings| settings.dpop = Dpop::Offered);
    let (world, _folder) = shared_with(World::with(options).await);
    let app = bound(&world).await;
    for api in &apis {
        token(&app, &audience(api, &[])).await;
    }
    let extension = world.session_with(required(&world));
    extension.restore().await.unwrap();
    assert_renews(&extension).await;
    app.restore().await.unwrap();
    for api in &apis {
        assert!(held(&app, &audience(api, &[])).is_some(), "{api}");
    }
    assert_no_token_was_spent_twice(&world);
}
