//! A sign-out without a network: nobody is signed in any more, and the issuer is notified as soon as possible.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::ports::StoreError;
use pilotlight_core::session::{SessionManager, SignOutOutcome};
use pilotlight_identity_server::{Endpoint, Fault};
use url::form_urlencoded;

use crate::sharing::shared_world;
use crate::watched::Watched;
use crate::world::{ADA, World, assert_renews, cached, until};

/// The network; of each request, the token that it revokes.
pub(crate) fn watching_revocations() -> Arc<Watched<Option<String>>> {
    Watched::by(|request| {
        let body = request.body.as_ref().map(SecretBytes::expose).unwrap_or_default();
        form_urlencoded::parse(body)
            .find(|(name, _)| name == "token")
            .map(|(_, token)| token.into_owned())
    })
}

/// Ada signed out while the issuer could not be reached. Returns her refresh token.
async fn signed_out_offline(world: &World) -> (SessionManager, String) {
    let session = world.signed_in().await;
    let refresh_token = world.stored_refresh_token();
    world.control().go_offline().await.unwrap();
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    world.control().go_online().await.unwrap();
    (session, refresh_token)
}

/// Returns when the background task has notified the issuer, or tried to.
async fn revocations_reach(world: &World, count: u64) {
    until("the issuer is notified", || {
        world.control().seen(Endpoint::Revoke) >= count
    })
    .await;
}

async fn store_is_emptied(world: &World) {
    until("the store is empty", || world.store.items().is_empty()).await;
}

#[tokio::test]
async fn what_is_kept_is_the_refresh_token_and_nothing_else() {
    let world = World::new().await;
    let (session, refresh_token) = signed_out_offline(&world).await;
    let kept = world.stored().unwrap();
    assert_eq!(kept["signed_out"], true);
    assert_eq!(kept["revocations"][0]["refresh_token"], *refresh_token);
    let keys: Vec<_> = kept.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["revocations", "signed_out", "version"]);
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    assert!(cached(&session).is_none() && session.cached_profile().is_none());
}

#[tokio::test]
async fn the_next_launch_tells_the_issuer() {
    let world = World::new().await;
    drop(signed_out_offline(&world).await);
    let session = world.session();
    assert_eq!(session.restore().await, Ok(SessionState::SignedOut));
    store_is_emptied(&world).await;
    assert_eq!(world.control().counters().families_revoked, 1);
    assert_eq!(session.restore().await, Ok(SessionState::SignedOut));
}

#[tokio::test]
async fn so_does_the_next_look_at_the_store_in_the_same_launch() {
    let world = World::new().await;
    let (session, _) = signed_out_offline(&world).await;
    session.restore().await.unwrap();
    store_is_emptied(&world).await;
    assert_eq!(world.control().counters().families_revoked, 1);
}

/// A later revocation could end the new session: some issuers delete the user's whole grant with a refresh token.
#[tokio::test]
async fn a_new_sign_in_tells_the_issuer_first_or_not_at_all() {
    let world = World::new().await;
    let (session, refresh_token) = signed_out_offline(&world).await;
    world.sign_in(&session, ADA).await;
    assert_eq!(world.control().counters().families_revoked, 1);
    assert_ne!(world.stored_refresh_token(), refresh_token);
    assert_renews(&session).await;

    let (session, _) = signed_out_offline(&world).await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    world.sign_in(&session, ADA).await;
    world.control().clear_faults(Endpoint::Revoke);
    let asked = world.control().seen(Endpoint::Revoke);
    session.restore().await.unwrap();
    assert_renews(&session).await;
    assert_eq!(world.control().seen(Endpoint::Revoke), asked, "forgotten");
}

#[tokio::test]
async fn an_issuer_that_is_still_away_is_asked_again_later() {
    let world = World::new().await;
    drop(signed_out_offline(&world).await);
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    let session = world.session();
    session.restore().await.unwrap();
    revocations_reach(&world, 1).await;
    assert!(world.stored().is_some());
    world.control().clear_faults(Endpoint::Revoke);
    world.session().restore().await.unwrap();
    store_is_emptied(&world).await;
}

/// Several triggers come at the same moment; the first attempt serves all of them.
#[tokio::test]
async fn several_chances_at_once_are_one_attempt() {
    let world = World::new().await;
    drop(signed_out_offline(&world).await);
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    let session = world.session();
    session.restore().await.unwrap();
    revocations_reach(&world, 1).await;
    // Wait for the answer before the clock moves.
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.clock.advance(31);
    for restored in join_all((0..8).map(|_| session.restore())).await {
        restored.unwrap();
    }
    revocations_reach(&world, 2).await;
    session.restore().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.control().seen(Endpoint::Revoke), 2);
}

#[tokio::test]
async fn an_issuer_that_refuses_is_not_asked_again() {
    let world = World::new().await;
    for fault in [
        Fault::oauth_error(400, "unsupported_token_type", ""),
        Fault::oauth_error(401, "invalid_client", ""),
        Fault::json(403, &serde_json::json!({"message": "Forbidden"})),
        Fault::status(404),
        Fault::status(405),
    ] {
        let session = world.signed_in().await;
        world.control().fault(Endpoint::Revoke, fault.clone());
        let asked = world.control().seen(Endpoint::Revoke);
        assert_eq!(session.sign_out().await, SignOutOutcome::RevocationRefused, "{fault:?}");
        assert!(world.store.items().is_empty(), "{fault:?}");
        world.session().restore().await.unwrap();
        assert_eq!(world.control().seen(Endpoint::Revoke), asked + 1, "{fault:?}");
    }
}

/// A proxy does not answer for the issuer.
#[tokio::test]
async fn a_page_or_a_proxy_does_not_end_a_revocation() {
    let world = World::new().await;
    for fault in [
        Fault::html(403),
        Fault::html(404),
        Fault::status(407),
        Fault::status(408),
        Fault::status(429),
    ] {
        let session = world.signed_in().await;
        world.control().fault(Endpoint::Revoke, fault.clone().for_ever());
        assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending, "{fault:?}");
        world.control().clear_faults(Endpoint::Revoke);
        session.restore().await.unwrap();
        store_is_emptied(&world).await;
    }
}

/// Once more it is tried.
#[tokio::test]
async fn after_thirty_days_it_is_forgotten() {
    let world = World::new().await;
    drop(signed_out_offline(&world).await);
    world.control().go_offline().await.unwrap();
    let session = world.session();
    session.restore().await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(world.stored().is_some());
    world.clock.advance(30 * 24 * 3600 + 1);
    session.restore().await.unwrap();
    store_is_emptied(&world).await;
    world.control().go_online().await.unwrap();
    session.restore().await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Revoke), 0);
}

#[tokio::test]
async fn a_sign_out_by_a_clock_that_is_years_behind_reaches_the_issuer() {
    let world = World::new().await;
    world.clock.set_wall(-2 * 365 * 24 * 3600);
    drop(signed_out_offline(&world).await);
    world.clock.set_wall(60);
    world.session().restore().await.unwrap();
    store_is_emptied(&world).await;
    assert_eq!(world.control().counters().families_revoked, 1);
}

#[tokio::test]
async fn a_token_that_could_not_be_read_at_the_sign_out_is_revoked_once_it_is_read() {
    let (shared, _folder) = shared_world().await;
    for world in [World::new().await, shared] {
        drop(world.signed_in().await);
        let session = world.session();
        world.store.fail_reads(Some(StoreError::Locked));
        world.store.fail_writes(Some(StoreError::Locked));
        assert_eq!(session.sign_out().await, SignOutOutcome::NothingToRevoke);
        world.store.fail_reads(None);
        world.store.fail_writes(None);
        assert_eq!(session.restore().await, Ok(SessionState::SignedOut));
        store_is_emptied(&world).await;
        assert_eq!(world.control().counters().families_revoked, 1);
    }
}

#[tokio::test]
async fn signing_out_twice_tells_the_issuer_once() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).for_ever());
    session.sign_out().await;
    assert_eq!(session.sign_out().await, SignOutOutcome::NothingToRevoke);
    world.control().clear_faults(Endpoint::Revoke);
    session.restore().await.unwrap();
    store_is_emptied(&world).await;
    assert_eq!(world.control().counters().families_revoked, 1);
}

/// Some issuers end nothing for a spent token.
#[tokio::test]
async fn the_newest_refresh_token_is_revoked_whichever_process_has_it() {
    let (world, _folder) = shared_world().await;
    let extension = world.signed_in().await;
    let network = watching_revocations();
    let app = world.session_over(world.configuration(), network.clone());
    app.restore().await.unwrap();
    assert_renews(&extension).await;
    let newest = world.stored_refresh_token();
    assert_eq!(app.sign_out().await, SignOutOutcome::Revoked);
    assert_eq!(network.seen(), [Some(newest)]);
}
