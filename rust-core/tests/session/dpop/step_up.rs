//! A session keeps its key if its user authenticates again (RFC 9470).

use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_core::ports::ProofKeyError;
use pilotlight_identity_server::{Dpop, Endpoint, Fault, MULTI_FACTOR};

use super::upgrade::updated;
use super::{assert_all_is_well, bound, required, world_with};
use crate::audiences::{self, api, held};
use crate::step_up::{acr, step_up, to};
use crate::world::{ADA, World, assert_renews, public};

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

/// Like its next renewal would have done.
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

/// A renewal binds the session while the user is at the issuer's page, which was opened with another key.
#[tokio::test]
async fn a_session_has_one_key_whatever_comes_meanwhile() {
    for brings_refresh_token in [true, false] {
        let world = world_with(|settings| settings.multi_resource_refresh = true).await;
        let session = updated(&world, TokenBinding::WhenOffered).await;
        let begun = session.begin_step_up(to(&[MULTI_FACTOR], None)).await.unwrap();
        assert_renews(&session).await;
        audiences::token(&session, &api()).await;
        let key = session.bound_key().unwrap();
        let callback = world.server.authorize(&begun.url, ADA).await.unwrap();
        if !brings_refresh_token {
            let without = Fault::answer_without(&["refresh_token"]);
            world.control().fault(Endpoint::Token, without);
        }
        let outcome = session.complete_sign_in(&callback).await;
        if brings_refresh_token {
            outcome.unwrap();
            assert_eq!(acr(&session), MULTI_FACTOR);
            assert_ne!(session.bound_key().unwrap(), key);
            assert_eq!(held(&session, &api()), None, "it cannot be proved any more");
        } else {
            // The refresh token stays, and so does its key.
            assert!(matches!(public(outcome), SessionError::SignInCancelled));
            assert_eq!(session.bound_key().unwrap(), key);
        }
        audiences::token(&session, &api()).await;
        assert_all_is_well(&world, &session).await;
    }
}

#[tokio::test]
async fn nobody_is_sent_to_the_browser_with_a_key_that_is_lost() {
    let world = world().await;
    let session = bound(&world).await;
    world.keys.fail(Some(ProofKeyError::Lost));
    let error = public(session.begin_step_up(to(&[MULTI_FACTOR], None)).await);
    assert!(
        matches!(
            error,
            SessionError::SignIn {
                reason: SignInReason::ProofKeyLost,
                ..
            }
        ),
        "{error:?}"
    );
}
