//! A session whose user authenticates once more (RFC 9470) keeps its key.

use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_identity_server::{Dpop, MULTI_FACTOR};

use super::upgrade::updated;
use super::{assert_all_is_well, bound, required, world_with};
use crate::audiences::{self, api, held};
use crate::step_up::{acr, step_up, to};
use crate::world::{World, assert_renews};

async fn world() -> World {
    world_with(|settings| {
        settings.dpop = Dpop::Required;
        settings.multi_resource_refresh = true;
    })
    .await
}

#[tokio::test]
async fn the_key_stays_with_everything_that_is_bound_to_it() {
    let world = world().await;
    let session = bound(&world).await;
    let other_api = audiences::token(&session, &api()).await;
    let key = session.bound_key();
    step_up(&world, &session, to(&[MULTI_FACTOR], None)).await;
    assert_eq!(acr(&session), MULTI_FACTOR);
    assert_eq!(session.bound_key(), key);
    assert_eq!(held(&session, &api()), Some(other_api));
    assert_all_is_well(&world, &session).await;
    drop(session);
    let restarted = world.session_with(required(&world));
    restarted.restore().await.unwrap();
    assert_eq!(restarted.bound_key(), key);
    assert_renews(&restarted).await;
}

/// As its next renewal would have done.
#[tokio::test]
async fn a_session_with_bearer_tokens_becomes_a_bound_one() {
    for dpop in [TokenBinding::Required, TokenBinding::WhenOffered] {
        let world = world_with(|_| {}).await;
        let session = updated(&world, dpop).await;
        step_up(&world, &session, to(&[MULTI_FACTOR], None)).await;
        assert_eq!(acr(&session), MULTI_FACTOR);
        assert!(session.bound_key().is_some());
        assert_all_is_well(&world, &session).await;
    }
}
