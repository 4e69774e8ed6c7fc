//! An app in which the user is signed in can sign the user in to the vendor's other apps (OpenID Connect Native SSO for
//! Mobile Apps 1.0; Okta: "Configure SSO for native apps").

mod sign_outs;

use std::collections::HashMap;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::model::audience::Audience;
use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::protocol::actor::Actor;
use pilotlight_core::session::{DeviceSso, ExternalToken, SessionManager, Sharing, TokenOptions};
use pilotlight_identity_server::{Endpoint, Fault, MULTI_FACTOR, Options, Settings};
use serde_json::json;

use crate::sharing::shared_world;
use crate::step_up::{step_up, to};
use crate::world::{ADA, World, assert_renews, forced, is_signed_in, public};

const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const DEVICE_SECRET: &str = "urn:x-oath:params:oauth:token-type:device-secret";
const OTHER_API: &str = "https://api.example.com/";

/// The app that the user signs in to.
pub(crate) fn first(world: &World) -> SessionConfiguration {
    let mut configuration = world.configuration();
    configuration.scopes.push("device_sso".to_owned());
    configuration
}

/// Another app of the vendor.
fn sibling(world: &World) -> SessionConfiguration {
    SessionConfiguration {
        client_id: "sibling-app".to_owned(),
        ..world.configuration()
    }
}

pub(crate) fn external(sso: DeviceSso) -> ExternalToken {
    ExternalToken {
        token: sso.id_token,
        kind: ID_TOKEN.to_owned(),
        actor: Some(Actor {
            token: sso.device_secret,
            kind: DEVICE_SECRET.to_owned(),
        }),
        user_profile: None,
        parameters: HashMap::new(),
    }
}

/// Ada's device secret and ID token from another app. Nothing of that app's session stays in the world's store.
pub(crate) async fn of_another_app(world: &World) -> ExternalToken {
    let configuration = SessionConfiguration {
        client_id: "sibling-app".to_owned(),
        ..first(world)
    };
    let items = world.store.items();
    let other = world.session_named(configuration, "other");
    world.sign_in(&other, ADA).await;
    let sso = other.device_sso().await.unwrap();
    for name in world.store.items().keys().filter(|name| !items.contains_key(*name)) {
        world.store.remove(name);
    }
    external(sso)
}

async fn world_with(change: impl FnOnce(&mut Settings)) -> (World, SessionManager) {
    let world = World::with(Options::default().with(change)).await;
    let session = world.session_with(first(&world));
    world.sign_in(&session, ADA).await;
    (world, session)
}

async fn world() -> (World, SessionManager) {
    world_with(|_| {}).await
}

fn stored_secret(world: &World) -> Option<String> {
    world.stored()?["device_secret"].as_str().map(str::to_owned)
}

/// The other app, signed in, and its stored session.
async fn signed_in_by(world: &World, sso: DeviceSso) -> SessionManager {
    let second = world.session_with(sibling(world));
    second.sign_in_by_exchange(external(sso)).await.unwrap();
    second
}

fn field_of(error: SessionError) -> (String, String) {
    match error {
        SessionError::FixConfiguration { field, message } => (field, message.to_string()),
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn another_app_signs_in_without_its_user() {
    let (world, session) = world().await;
    let asked = world.control().seen(Endpoint::Token);
    let sso = session.device_sso().await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Token), asked, "from memory");
    let second = signed_in_by(&world, sso).await;
    let Some(SessionState::SignedIn { subject, .. }) = second.state() else {
        panic!("{:?}", second.state());
    };
    assert_eq!(subject, "auth0|ada");
    assert_eq!(world.control().counters().device_secrets_exchanged, 1);
    // It is an ordinary session of its client.
    assert_renews(&second).await;
    let restarted = world.session_with(sibling(&world));
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
    assert!(
        restarted.fetch_metadata(&[]).await.is_ok(),
        "the audience was asked for"
    );
    assert_renews(&session).await;
}

#[tokio::test]
async fn the_secret_stands_in_the_first_apps_item_and_nowhere_else() {
    let (world, session) = world().await;
    let sso = session.device_sso().await.unwrap();
    let (secret, id_token) = (sso.device_secret.expose().to_owned(), sso.id_token.expose().to_owned());
    assert_eq!(stored_secret(&world).as_ref(), Some(&secret));
    let token = external(sso.clone());
    let printed = format!("{sso:?} {token:?} {session:?}");
    let second = signed_in_by(&world, sso).await;
    let said = format!("{printed} {second:?} {}", world.log.text());
    assert!(!said.contains(&secret) && !said.contains(&id_token));
    for (name, item) in world.store.items() {
        let holds = String::from_utf8(item).unwrap().contains(&secret);
        assert_eq!(holds, name.contains("native-app"), "{name}");
    }
    let without = public(second.device_sso().await);
    assert_eq!(field_of(without).0, "scopes");
}

#[tokio::test]
async fn a_session_without_a_secret_says_what_to_do() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let (field, message) = field_of(public(session.device_sso().await));
    assert_eq!(field, "scopes");
    assert!(
        message.contains("device_sso") && message.contains("offline_access"),
        "{message}"
    );
    assert!(stored_secret(&world).is_none());

    // The session began before the app asked for the scope, or the issuer gives no secret.
    let session = world.session_with(first(&world));
    session.restore().await.unwrap();
    let (field, message) = field_of(public(session.device_sso().await));
    assert_eq!(field, "scopes");
    assert!(
        message.contains("sign in again") && message.contains("Access Policies"),
        "{message}"
    );
    let (_world, session) = world_with(|settings| settings.device_sso = false).await;
    assert_eq!(field_of(public(session.device_sso().await)).0, "scopes");
}

#[tokio::test]
async fn nobody_is_signed_in() {
    let world = World::new().await;
    let session = world.session_with(first(&world));
    let error = public(session.device_sso().await);
    assert!(matches!(error, SessionError::SignIn { .. }), "{error:?}");
}

/// An ID token with a lifetime of a moment by the issuer's clock.
async fn with_an_old_id_token() -> (World, SessionManager, DeviceSso) {
    let (world, session) = world_with(|settings| settings.id_token_lifetime = 20).await;
    let before = session.device_sso().await.unwrap();
    world.clock.advance(30);
    (world, session, before)
}

#[tokio::test]
async fn an_id_token_that_has_expired_is_renewed() {
    let (world, session, before) = with_an_old_id_token().await;
    let sso = session.device_sso().await.unwrap();
    assert_eq!(world.refresh_grants(), 1);
    assert_ne!(sso.id_token, before.id_token);
    assert_eq!(sso.device_secret, before.device_secret, "it stays");
    assert!(is_signed_in(&signed_in_by(&world, sso).await));
}

#[tokio::test]
async fn where_none_can_be_had_the_last_one_is_given() {
    let (mut world, session, before) = with_an_old_id_token().await;
    world.control().fault(Endpoint::Token, Fault::status(503).for_ever());
    assert_eq!(session.device_sso().await.as_ref(), Ok(&before));
    world.control().clear_faults(Endpoint::Token);
    world.cooldown();
    // A read-only process does not renew.
    world.sharing = Sharing::ReadOnly;
    let looking = world.session_with(first(&world));
    looking.restore().await.unwrap();
    let asked = world.refresh_grants();
    assert_eq!(looking.device_sso().await.as_ref(), Ok(&before));
    assert_eq!(world.refresh_grants(), asked);
    // Okta accepts an ID token that has expired, as long as it knows the device secret.
    world.sharing = Sharing::Alone;
    assert!(is_signed_in(&signed_in_by(&world, before.clone()).await));
    // Issuers may send no ID token with a renewal.
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["id_token"]).for_ever());
    assert_eq!(session.device_sso().await, Ok(before));
}

#[tokio::test]
async fn renewals_carry_it_over_and_what_they_bring_takes_its_place() {
    let (world, session) = world().await;
    let secret = stored_secret(&world).unwrap();
    assert_renews(&session).await;
    assert_eq!(stored_secret(&world).as_ref(), Some(&secret));

    world.control().change(|settings| {
        settings.device_secret_rotation = true;
        settings.multi_resource_refresh = true;
    });
    assert_renews(&session).await;
    let second = stored_secret(&world).unwrap();
    assert_ne!(second, secret);
    // A renewal for another API's token brings one too.
    let api = Audience::parse(OTHER_API.to_owned(), vec!["read:messages".to_owned()]).unwrap();
    world.control().fault(
        Endpoint::Token,
        Fault::answer(json!({"device_secret": "of the renewal for an API"})),
    );
    session.access_token_for(&api, TokenOptions::default()).await.unwrap();
    assert_eq!(stored_secret(&world).as_deref(), Some("of the renewal for an API"));
    let restarted = world.session_with(first(&world));
    restarted.restore().await.unwrap();
    let sso = restarted.device_sso().await.unwrap();
    assert_eq!(sso.device_secret.expose(), "of the renewal for an API");
    world
        .control()
        .fault(Endpoint::Token, Fault::answer(json!({"device_secret": 7})));
    assert_renews(&restarted).await;
    assert_eq!(stored_secret(&world).as_deref(), Some("of the renewal for an API"));
}

#[tokio::test]
async fn a_step_up_brings_another_and_one_without_keeps_the_one_there_is() {
    let (world, session) = world().await;
    let secret = stored_secret(&world).unwrap();
    world
        .control()
        .fault(Endpoint::Token, Fault::answer_without(&["device_secret"]));
    step_up(&world, &session, to(&[MULTI_FACTOR], None)).await;
    assert_eq!(stored_secret(&world).as_ref(), Some(&secret));
    step_up(&world, &session, to(&[MULTI_FACTOR], None)).await;
    assert_ne!(stored_secret(&world), Some(secret));
    let sso = session.device_sso().await.unwrap();
    assert!(is_signed_in(&signed_in_by(&world, sso).await));
}

#[tokio::test]
async fn it_goes_with_the_end_of_the_session() {
    let (world, session) = world().await;
    let refused = Fault::oauth_error(403, "invalid_grant", "Unknown or invalid refresh token.");
    world.control().fault(Endpoint::Token, refused);
    assert!(session.access_token(forced()).await.is_err());
    assert!(world.stored().unwrap()["ended"].is_string());
    assert!(stored_secret(&world).is_none());
    let error = public(session.device_sso().await);
    assert!(matches!(error, SessionError::SignIn { .. }), "{error:?}");
}

#[tokio::test]
async fn processes_share_it() {
    let (world, _folder) = shared_world().await;
    let (app, extension) = (world.session_with(first(&world)), world.session_with(first(&world)));
    world.sign_in(&app, ADA).await;
    extension.restore().await.unwrap();
    let before = extension.device_sso().await.unwrap();
    step_up(&world, &app, to(&[MULTI_FACTOR], None)).await;
    let after = extension.device_sso().await.unwrap();
    assert_ne!(after.device_secret, before.device_secret, "the store is looked at");
    assert_eq!(app.device_sso().await.unwrap().device_secret, after.device_secret);
    assert_renews(&extension).await;
    assert_eq!(stored_secret(&world).as_deref(), Some(after.device_secret.expose()));
    app.sign_out().await;
    assert!(extension.device_sso().await.is_err());
}

#[tokio::test]
async fn what_is_refused_or_cannot_be_sent_changes_nothing() {
    let (world, session) = world().await;
    let sso = session.device_sso().await.unwrap();
    let second = world.session_with(sibling(&world));
    let token = external(sso);
    let with = |actor: Actor| ExternalToken {
        actor: Some(actor),
        ..token.clone()
    };
    let secret = |text: &str| Actor {
        token: Secret::new(text),
        kind: DEVICE_SECRET.to_owned(),
    };
    let refused = public(second.sign_in_by_exchange(with(secret("another"))).await);
    assert!(
        matches!(&refused, SessionError::RestartSignIn { code, .. } if code == "invalid_grant"),
        "{refused:?}"
    );
    let asked = world.control().seen(Endpoint::Token);
    let no_kind = Actor {
        kind: " ".to_owned(),
        ..secret("x")
    };
    let as_parameter = ExternalToken {
        actor: None,
        parameters: HashMap::from([("actor_token".to_owned(), "x".to_owned())]),
        ..token.clone()
    };
    for (unsendable, named) in [
        (with(secret("")), "actor"),
        (with(no_kind), "actor"),
        (as_parameter, "parameters"),
    ] {
        match public(second.sign_in_by_exchange(unsendable).await) {
            SessionError::FixArgument { argument, .. } => assert_eq!(argument, named),
            error => panic!("{error:?}"),
        }
    }
    assert_eq!(world.control().seen(Endpoint::Token), asked);
    world
        .control()
        .fault(Endpoint::Token, Fault::oauth_error(403, "unauthorized_client", ""));
    let (field, message) = field_of(public(second.sign_in_by_exchange(token.clone()).await));
    assert_eq!(field, "client_id");
    assert!(
        message.contains("at Okta by Token Exchange among the Grant types"),
        "{message}"
    );
    second.sign_in_by_exchange(token).await.unwrap();
}

/// An item whose secret is not a string is not damaged.
#[tokio::test]
async fn a_stored_secret_of_another_form_is_none() {
    let (world, session) = world().await;
    drop(session);
    world.change_stored(|item| item["device_secret"] = json!({"of": "a later release"}));
    let restarted = world.session_with(first(&world));
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
    assert_eq!(field_of(public(restarted.device_sso().await)).0, "scopes");
}
