//! Promise 4: a late answer never touches a newer session.

use futures_util::FutureExt as _;
use pilotlight_core::ffi::{SessionError, SignInReason};
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{SessionManager, SignOutOutcome};
use pilotlight_identity_server::{Endpoint, Fault};

use crate::revocation::watching_revocations;
use crate::world::{ADA, GRACE, World, assert_renews, cached, forced, is_signed_in, public, until};

/// A renewal whose answer the server holds back after it has rotated the token.
pub(crate) async fn renewal_under_way(
    world: &World,
    session: &SessionManager,
) -> tokio::task::JoinHandle<Result<pilotlight_core::model::secret::Secret, pilotlight_core::machine::error::Error>> {
    world.control().fault(Endpoint::Token, Fault::hold().after_processing());
    let renewing = tokio::spawn({
        let session = session.clone();
        async move { session.access_token(forced()).await }
    });
    world.control().wait_for_held(Endpoint::Token, 1).await;
    renewing
}

#[tokio::test]
async fn after_a_sign_out_nothing_is_written_and_the_new_tokens_are_revoked() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let renewing = renewal_under_way(&world, &session).await;
    // The old refresh token is revoked; the server has rotated it, and revokes its whole family.
    assert_eq!(session.sign_out().await, SignOutOutcome::Revoked);
    let writes = world.store.counts().1;
    world.control().release(Endpoint::Token);
    assert!(matches!(
        public(renewing.await.unwrap()),
        SessionError::SignIn {
            reason: SignInReason::SignedOut,
            ..
        }
    ));
    assert_eq!(session.state(), Some(SessionState::SignedOut));
    assert!(world.stored().is_none());
    assert_eq!(world.store.counts().1, writes);
    assert_eq!(world.control().seen(Endpoint::Revoke), 2);
}

/// Some issuers end nothing for a token that is spent.
#[tokio::test]
async fn the_new_tokens_are_revoked_later_if_that_fails_now() {
    let world = World::new().await;
    let network = watching_revocations();
    let session = world.session_over(world.configuration(), network.clone());
    world.sign_in(&session, ADA).await;
    let renewing = renewal_under_way(&world, &session).await;
    world.control().fault(Endpoint::Revoke, Fault::status(503).times(2));
    assert_eq!(session.sign_out().await, SignOutOutcome::RevocationPending);
    world.control().release(Endpoint::Token);
    renewing.await.unwrap().unwrap_err();
    let waiting = world.stored().unwrap()["revocations"].clone();
    let waiting: Vec<_> = waiting
        .as_array()
        .unwrap()
        .iter()
        .map(|waits| waits["refresh_token"].clone())
        .collect();
    assert_eq!(waiting.len(), 2);
    // The next start of the app.
    drop(session);
    world.cooldown();
    let session = world.session_over(world.configuration(), network.clone());
    session.restore().await.unwrap();
    until("nothing waits", || world.store.items().is_empty()).await;
    let sent = network.seen().into_iter().flatten();
    assert!(
        sent.skip(2)
            .eq(waiting.iter().map(|token| token.as_str().unwrap().to_owned()))
    );
}

#[tokio::test]
async fn a_new_sign_in_is_not_touched_by_the_old_sessions_renewal() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let renewing = renewal_under_way(&world, &session).await;
    world.sign_in(&session, GRACE).await;
    until("the replaced one is revoked", || {
        world.stored().unwrap().get("revocations").is_none()
    })
    .await;
    let (stored, token) = (world.stored(), cached(&session));
    world.control().release(Endpoint::Token);
    assert_eq!(
        Some(renewing.await.unwrap().unwrap().expose()),
        token.as_deref(),
        "the caller gets the newer session's token"
    );
    assert_eq!(world.stored(), stored);
    assert_eq!(cached(&session), token);
    assert_eq!(
        world.control().counters().families_revoked,
        1,
        "what the old renewal brought is revoked"
    );
    assert_renews(&session).await;
}

#[tokio::test]
async fn a_late_refusal_does_not_end_a_newer_session() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().revoke_user(ADA);
    let renewing = renewal_under_way(&world, &session).await;
    world.sign_in(&session, ADA).await;
    world.control().release(Endpoint::Token);
    assert!(renewing.await.unwrap().is_ok());
    assert!(is_signed_in(&session));
    assert_renews(&session).await;
}

#[tokio::test]
async fn a_late_profile_is_not_the_new_users() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world
        .control()
        .fault(Endpoint::Userinfo, Fault::hold().after_processing());
    let fetching = tokio::spawn({
        let session = session.clone();
        async move { session.profile(true).await }
    });
    world.control().wait_for_held(Endpoint::Userinfo, 1).await;
    world.sign_in(&session, GRACE).await;
    world.control().release(Endpoint::Userinfo);
    assert!(fetching.await.unwrap().is_err());
    assert_eq!(session.cached_profile(), None);
    assert_eq!(session.profile(false).await.unwrap().email.as_deref(), Some(GRACE));
}

/// A caller that asks after the sign-in waits for the old request, but does not get its answer.
#[tokio::test]
async fn a_new_users_profile_is_not_the_answer_to_the_old_ones_request() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Userinfo, Fault::hold());
    let fetch = || {
        let session = session.clone();
        async move { session.profile(true).await }
    };
    let of_ada = tokio::spawn(fetch());
    world.control().wait_for_held(Endpoint::Userinfo, 1).await;
    world.sign_in(&session, GRACE).await;
    let mut of_grace = Box::pin(fetch());
    assert!((&mut of_grace).now_or_never().is_none());
    world.control().release(Endpoint::Userinfo);
    assert!(of_ada.await.unwrap().is_err());
    assert_eq!(of_grace.await.unwrap().email.as_deref(), Some(GRACE));
}
