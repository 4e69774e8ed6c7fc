//! Events: each is announced once, in order, after it is true and stored.

mod elsewhere;
mod stored;

use pilotlight_core::machine::event::SessionEvent;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::time::Timestamp;
use pilotlight_core::ports::{Clock as _, StoreError};
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault};
use serde_json::{Map, Value, json};

use crate::audiences::{API, api, world as world_with_apis};
use crate::import::{SUBJECT, assert_imported, credentials_manager, world_with_credentials_manager};
use crate::legacy::{older_tenant, opted_in, session_of_lock, signed_in_with_password};
use crate::reports::{Events, events};
use crate::world::{ADA, GRACE, World, at_least, forced};

/// Signs Ada in. Returns the events from then on.
async fn listening() -> (World, SessionManager, Events) {
    let world = World::new().await;
    let session = world.signed_in().await;
    let events = events(&session);
    (world, session, events)
}

fn patch(value: i64) -> Map<String, Value> {
    json!({"a": value}).as_object().cloned().unwrap()
}

#[tokio::test]
async fn a_whole_life_is_reported_once_each_and_in_order() {
    let world = world_with_apis().await;
    let session = world.session();
    let (mut one, mut other) = (events(&session), events(&session));
    session.restore().await.unwrap();
    world.sign_in(&session, ADA).await;
    session.access_token(at_least(60)).await.unwrap();
    session.access_token(forced()).await.unwrap();
    session.access_token_for(&api(), at_least(60)).await.unwrap();
    session.profile(true).await.unwrap();
    session.profile(true).await.unwrap();
    world
        .control()
        .change_account(ADA, |ada| drop(ada.claims.insert("name".to_owned(), json!("Ada King"))));
    session.profile(true).await.unwrap();
    session.update_metadata_or_queue(patch(1)).await.unwrap();
    world.sign_in(&session, GRACE).await;
    world.control().revoke_user(GRACE);
    session.access_token(forced()).await.unwrap_err();
    session.access_token(forced()).await.unwrap_err();
    session.sign_out().await;
    session.sign_out().await;
    let mut announced = one.announced();
    assert_eq!(announced, other.announced());
    // Before it, a token for the Management API...
    assert!(announced.remove(5).starts_with("sent "));
    assert_eq!(
        announced,
        [
            "auth0|ada by Browser",
            "renewed own",
            &format!("renewed {API}"),
            "profile",
            "profile",
            "auth0|grace by Browser",
            "ended: RefreshTokenRejected",
            "signed out",
        ]
    );
}

#[tokio::test]
async fn who_listens_later_hears_nothing_of_before() {
    let (_world, session, _) = listening().await;
    session.access_token(forced()).await.unwrap();
    assert!(events(&session).announced().is_empty());
}

#[tokio::test]
async fn a_renewal_says_when_its_token_expires() {
    let (world, session, mut events) = listening().await;
    session.access_token(forced()).await.unwrap();
    let credentials = world.stored().unwrap()["credentials"].clone();
    let number = |name: &str| credentials[name].as_i64().unwrap();
    assert_eq!(
        events.take(),
        [SessionEvent::Renewed {
            audience: None,
            expires_at: Timestamp(number("received_at") + number("lifetime_seconds")),
            elsewhere: false,
        }]
    );
}

#[tokio::test]
async fn a_launch_restores_and_so_does_an_unlock_but_only_what_has_not_ended() {
    let (world, session, _) = listening().await;
    world.store.fail_reads(Some(StoreError::Locked));
    let restarted = world.session();
    let mut events = events(&restarted);
    restarted.restore().await.unwrap();
    assert!(events.announced().is_empty());
    world.store.fail_reads(None);
    restarted.restore().await.unwrap();
    restarted.restore().await.unwrap();
    assert_eq!(events.announced(), ["auth0|ada restored"]);

    world.control().revoke_user(ADA);
    session.access_token(forced()).await.unwrap_err();
    let restarted = world.session();
    let mut events = crate::reports::events(&restarted);
    restarted.restore().await.unwrap();
    assert!(
        events.announced().is_empty(),
        "that it has ended was announced when it did"
    );
}

#[tokio::test]
async fn a_renewal_that_fails_for_now_says_why_and_from_when_on_to_ask_again() {
    let (world, session, mut events) = listening().await;
    world.control().fault(
        Endpoint::Token,
        Fault::status(429).header("Retry-After", "120").for_ever(),
    );
    let asked = world.clock.now().wall;
    let (one, other) = tokio::join!(session.access_token(forced()), session.access_token(forced()));
    assert!(one.is_err() && other.is_err());
    session.access_token(forced()).await.unwrap_err();
    let announced = events.take();
    let [
        SessionEvent::RenewalFailed {
            audience: None,
            retry_at: Some(retry_at),
            ..
        },
    ] = announced.as_slice()
    else {
        panic!("once for both, and not for a call that never reached the issuer: {announced:?}");
    };
    assert!(
        (120..=180).contains(&retry_at.seconds_since(asked)),
        "{retry_at:?} {asked:?}"
    );
}

#[tokio::test]
async fn every_failure_is_named_as_the_error_that_the_caller_gets() {
    let (world, session, mut events) = listening().await;
    for (fault, announced) in [
        (Fault::status(503), "ServerFault"),
        (Fault::reset(), "Network"),
        (Fault::html(200), "UnexpectedAnswer"),
        (Fault::oauth_error(403, "mfa_required", "now"), "InteractionRequired"),
        (
            Fault::json(403, &json!({"error": "mfa_required", "mfa_token": "Fe26.2*x"})),
            "second factor",
        ),
        (Fault::oauth_error(400, "unauthorized_client", "no"), "fix client_id"),
        (
            Fault::id_token(IdTokenFault::new().claim("iss", json!("https://evil.example/"))),
            "UnexpectedAnswer",
        ),
    ] {
        world.renewal_that_meets(fault, &session).await;
        assert_eq!(events.announced(), [format!("not renewed own: {announced}")]);
    }
    world.control().fault(Endpoint::Token, Fault::status(500).for_ever());
    session.access_token_for(&api(), at_least(60)).await.unwrap_err();
    assert_eq!(events.announced(), [format!("not renewed {API}: ServerFault")]);
}

#[tokio::test]
async fn a_session_without_a_refresh_token_ends_when_its_token_does() {
    let world = World::new().await;
    let session = world.session_with(SessionConfiguration {
        scopes: vec!["openid".to_owned()],
        ..world.configuration()
    });
    world.sign_in(&session, ADA).await;
    let mut events = events(&session);
    world.clock.advance(86_400);
    for _ in 0..2 {
        session.access_token(at_least(0)).await.unwrap_err();
    }
    assert_eq!(events.announced(), ["ended: NoRefreshToken"]);
}

#[tokio::test]
async fn who_is_imported_or_has_a_password_signs_in_too() {
    let (world, _) = world_with_credentials_manager().await;
    let session = world.session();
    let mut announced = events(&session);
    assert_imported(&session.import_session(credentials_manager()).await.unwrap());
    assert_eq!(announced.announced(), [format!("{SUBJECT} by Migration")]);

    let world = older_tenant(|_| {}).await;
    let session = world.session_with(opted_in(&world));
    let mut announced = events(&session);
    session.sign_in_with_password(crate::legacy::ada()).await.unwrap();
    assert_eq!(announced.announced(), [format!("{SUBJECT} by Password")]);
    drop(signed_in_with_password(&world).await);
    let session = session_of_lock(&world).await;
    let mut announced = events(&session);
    world.clock.advance(86_400);
    session.id_token(std::time::Duration::ZERO).await.unwrap();
    assert_eq!(announced.announced(), ["renewed own"]);
}

#[tokio::test]
async fn changes_that_waited_are_announced_when_they_are_sent_or_refused() {
    let (world, session, mut events) = listening().await;
    world.control().fault(Endpoint::Users, Fault::status(503).times(2));
    let mut ids = Vec::new();
    for value in [1, 2] {
        session.update_metadata_or_queue(patch(value)).await.unwrap();
        ids = session
            .pending_metadata_updates()
            .iter()
            .map(|update| update.id)
            .collect();
    }
    assert!(events.announced().is_empty());
    world.control().fault(
        Endpoint::Users,
        Fault::json(400, &json!({"statusCode": 400, "message": "no"})).skip(1),
    );
    session.flush_metadata_updates().await.unwrap();
    assert_eq!(
        events.announced(),
        [format!("sent {}", ids[0]), format!("refused {}", ids[1])]
    );
    world.control().fault(Endpoint::Users, Fault::status(503));
    session.update_metadata_or_queue(patch(3)).await.unwrap();
    let id = session.pending_metadata_updates()[0].id;
    assert!(session.cancel_metadata_update(id).await.unwrap());
    assert!(events.announced().is_empty(), "the caller that takes it back knows");
}
