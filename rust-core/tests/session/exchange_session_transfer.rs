//! The session in a browser or web view (Auth0: "Native to Web SSO").

use pilotlight_core::ffi::SessionError;
use pilotlight_core::machine::event::{Report, SessionEvent};
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::{Sharing, SignInOptions};
use pilotlight_identity_server::{Dpop, Endpoint, Fault, IdTokenFault, Options};
use serde_json::json;

use crate::dpop::bound;
use crate::sharing::assert_no_token_was_spent_twice;
use crate::world::{World, assert_renews, cached, disk_full, forced, is_signed_in, public};

/// The user that a browser with this token is signed in as; `None` if it is asked to sign in.
async fn signed_in_by(world: &World, token: &str) -> Option<String> {
    let browser = world.session_named(world.configuration(), "browser");
    let request = browser.begin_sign_in(SignInOptions::default()).await.unwrap();
    let url = format!("{}&session_transfer_token={token}", request.url);
    let callback = world.server.authorize(&url, "").await.ok()?;
    match browser.complete_sign_in(&callback).await.ok()? {
        SessionState::SignedIn { subject, .. } => Some(subject),
        _ => None,
    }
}

fn field_of(error: SessionError) -> String {
    match error {
        SessionError::FixConfiguration { field, .. } => field,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_browser_is_signed_in_with_it_once() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let transfer = session.session_transfer().await.unwrap();
    assert_eq!((transfer.lifetime_seconds, transfer.host.as_str()), (60, "127.0.0.1"));
    let token = transfer.token.expose();
    assert_eq!(signed_in_by(&world, token).await.as_deref(), Some("auth0|ada"));
    assert_eq!(signed_in_by(&world, token).await, None, "it is good once");
}

#[tokio::test]
async fn the_rotated_refresh_token_is_stored_and_the_transfer_token_is_not() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let (own, refresh_token) = (cached(&session), world.stored_refresh_token());
    let mut reports = session.subscribe();
    let transfer = session.session_transfer().await.unwrap();
    assert_ne!(world.stored_refresh_token(), refresh_token);
    assert_eq!(cached(&session), own, "the session's own token stays");
    let stored = world.stored().unwrap().to_string();
    let said = format!("{transfer:?} {session:?} {stored} {}", world.log.text());
    assert!(!said.contains(transfer.token.expose()));
    let events = std::iter::from_fn(|| reports.try_recv().ok());
    let is_renewal = |report: Report| matches!(report, Report::Event(SessionEvent::Renewed { .. }));
    assert!(!events.into_iter().any(is_renewal), "it is no access token");
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
    assert_no_token_was_spent_twice(&world);
}

#[tokio::test]
async fn each_caller_gets_one_of_its_own_beside_a_renewal() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let (one, other, renewed) = tokio::join!(
        session.session_transfer(),
        session.session_transfer(),
        session.access_token(forced()),
    );
    let (one, other) = (one.unwrap().token, other.unwrap().token);
    assert_ne!(one, other);
    renewed.unwrap();
    assert_eq!(world.refresh_grants(), 3);
    assert_no_token_was_spent_twice(&world);
    assert!(signed_in_by(&world, one.expose()).await.is_some() && signed_in_by(&world, other.expose()).await.is_some());
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_within_the_overlap() {
    let world = World::with(Options::default().with(|settings| settings.leeway = 30)).await;
    let session = world.signed_in().await;
    world
        .control()
        .fault(Endpoint::Token, Fault::reset().after_processing());
    let transfer = session.session_transfer().await.unwrap();
    assert!(signed_in_by(&world, transfer.token.expose()).await.is_some());
    assert_renews(&session).await;
}

#[tokio::test]
async fn none_is_given_where_the_rotated_refresh_token_cannot_be_stored() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let transfer = world.while_the_store_begins_to_fail(disk_full(), session.session_transfer());
    let unsaved = public(transfer.await);
    assert!(matches!(unsaved, SessionError::CheckStorage { .. }), "{unsaved:?}");
    world.store.fail_writes(None);
    assert_renews(&session).await;
    let restarted = world.session();
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
    assert_no_token_was_spent_twice(&world);
}

#[tokio::test]
async fn what_has_to_be_set_at_the_issuer_is_named() {
    let world = World::with(Options::default().with(|settings| settings.session_transfer = false)).await;
    let session = world.signed_in().await;
    match public(session.session_transfer().await) {
        SessionError::FixConfiguration { field, message } => {
            assert_eq!(field, "client_id");
            assert!(message.contains("can_create_session_transfer_token"), "{message}");
        }
        error => panic!("{error:?}"),
    }
    assert_renews(&session).await;
    let elsewhere = world.session_with(SessionConfiguration {
        audience: None,
        ..world.oidc_configuration()
    });
    elsewhere.restore().await.unwrap();
    let asked = world.refresh_grants();
    assert_eq!(field_of(public(elsewhere.session_transfer().await)), "issuer");
    assert_eq!(world.refresh_grants(), asked);
}

#[tokio::test]
async fn who_is_not_signed_in_and_who_only_looks_gets_none() {
    let mut world = World::new().await;
    let nobody = public(world.session().session_transfer().await);
    assert!(matches!(nobody, SessionError::SignIn { .. }), "{nobody:?}");
    drop(world.signed_in().await);
    world.sharing = Sharing::ReadOnly;
    let looking = public(world.session().session_transfer().await);
    assert!(matches!(looking, SessionError::OpenApp { .. }), "{looking:?}");
}

#[tokio::test]
async fn an_id_token_of_another_user_means_that_the_token_is_not_given() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let fault = Fault::id_token(IdTokenFault::new().claim("sub", json!("auth0|grace")));
    world.control().fault(Endpoint::Token, fault.for_ever());
    let refused = public(session.session_transfer().await);
    crate::world::assert_unexpected(&refused);
    world.control().clear_faults(Endpoint::Token);
    world.cooldown();
    assert_renews(&session).await;
}

#[tokio::test]
async fn an_answer_that_comes_after_the_sign_out_is_dropped_and_revoked() {
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Token, Fault::hold());
    let sign_out = async {
        world.control().wait_for_held(Endpoint::Token, 1).await;
        session.sign_out().await;
        world.control().release(Endpoint::Token);
    };
    let (outcome, ()) = tokio::join!(session.session_transfer(), sign_out);
    public(outcome);
    assert!(!is_signed_in(&session));
    assert_eq!(world.stored(), None);
}

#[tokio::test]
async fn a_bound_session_shows_its_key_for_it() {
    let world = World::with(Options::default().with(|settings| {
        settings.dpop = Dpop::Required;
        settings.dpop_nonce_lifetime = Some(60);
    }))
    .await;
    let session = bound(&world).await;
    let transfer = session.session_transfer().await.unwrap();
    assert!(!transfer.token.expose().is_empty());
    crate::dpop::assert_all_is_well(&world, &session).await;
}
