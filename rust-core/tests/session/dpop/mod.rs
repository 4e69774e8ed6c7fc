//! Sessions that are bound to a key of the device (DPoP, RFC 9449). The server checks each proof as the standard says,
//! and accepts it only once.

mod further;
pub(crate) mod keys;
mod nonces;
mod refusals;
mod step_up;
mod upgrade;

use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Dpop, Endpoint, Options};
use serde_json::Value;
use url::Url;

use crate::sharing::assert_no_token_was_spent_twice;
use crate::world::{ADA, World, assert_renews, is_signed_in};

/// A world whose issuer binds tokens if a request has a proof.
pub(crate) async fn world() -> World {
    world_with(|_| {}).await
}

pub(crate) async fn world_with(change: impl FnOnce(&mut pilotlight_identity_server::Settings)) -> World {
    let options = Options::default().with(|settings| settings.dpop = Dpop::Offered);
    World::with(options.with(change)).await
}

pub(crate) fn binding(world: &World, dpop: TokenBinding) -> SessionConfiguration {
    SessionConfiguration {
        dpop,
        ..world.configuration()
    }
}

pub(crate) fn required(world: &World) -> SessionConfiguration {
    binding(world, TokenBinding::Required)
}

/// Ada, signed in with a key.
pub(crate) async fn bound(world: &World) -> SessionManager {
    let session = world.session_with(required(world));
    world.sign_in(&session, ADA).await;
    assert!(session.bound_key().is_some());
    session
}

pub(crate) fn stored_credentials(world: &World) -> Value {
    world.stored().unwrap()["credentials"].clone()
}

/// Makes every request to the issuer that uses a bound token.
pub(crate) async fn assert_all_is_well(world: &World, session: &SessionManager) {
    assert_renews(session).await;
    session.profile(true).await.unwrap();
    session.fetch_metadata(&[]).await.unwrap();
    assert!(is_signed_in(session));
    assert_no_token_was_spent_twice(world);
}

#[tokio::test]
async fn tokens_are_bound_from_the_sign_in_on_and_stay_so() {
    for by_discovery in [false, true] {
        let world = world_with(|settings| settings.dpop = Dpop::Required).await;
        let configuration = SessionConfiguration {
            provider: match by_discovery {
                true => world.oidc_configuration().provider,
                false => world.configuration().provider,
            },
            ..required(&world)
        };
        let session = world.session_with(configuration.clone());
        world.sign_in(&session, ADA).await;
        let (thumbprint, in_hardware) = session.bound_key().unwrap();
        assert!(!in_hardware, "there is no hardware for it here");
        if !by_discovery {
            assert_all_is_well(&world, &session).await;
        }
        drop(session);
        let restarted = world.session_with(configuration);
        restarted.restore().await.unwrap();
        assert_renews(&restarted).await;
        restarted.profile(true).await.unwrap();
        assert_eq!(restarted.bound_key().unwrap().0, thumbprint, "one key for one session");
        assert_no_token_was_spent_twice(&world);
    }
}

/// The code is bound to the key too, pushed or not (RFC 9449 10).
#[tokio::test]
async fn the_authorization_request_names_the_key() {
    let world = world().await;
    let session = world.session_with(required(&world));
    let request = session.begin_sign_in(Default::default()).await.unwrap();
    let url = Url::parse(&request.url).unwrap();
    let named = url.query_pairs().find(|(name, _)| name == "dpop_jkt").unwrap().1;
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    session.complete_sign_in(&callback).await.unwrap();
    assert_eq!(session.bound_key().unwrap().0, named);
    let pushing = SessionConfiguration {
        pushes_authorization_requests: true,
        ..required(&world)
    };
    let pushed = world.session_named(pushing, "pushed");
    world.sign_in(&pushed, ADA).await;
    assert!(pushed.bound_key().is_some());
}

#[tokio::test]
async fn each_sign_in_has_its_own_key_which_goes_with_the_session() {
    let world = world().await;
    let session = bound(&world).await;
    let first = session.bound_key();
    world.sign_in(&session, ADA).await;
    assert_ne!(session.bound_key(), first);
    session.sign_out().await;
    assert_eq!((session.bound_key(), world.stored()), (None, None));
}

#[tokio::test]
async fn nothing_is_shown_where_it_is_off() {
    let world = world().await;
    let session = world.signed_in().await;
    assert_eq!(session.bound_key(), None);
    assert_renews(&session).await;
    assert!(stored_credentials(&world).get("proof_key").is_none());
}

#[tokio::test]
async fn a_bound_session_stays_usable_where_it_was_switched_off() {
    let world = world().await;
    let key = bound(&world).await.bound_key();
    let session = world.session();
    session.restore().await.unwrap();
    assert_all_is_well(&world, &session).await;
    assert_eq!(session.bound_key(), key);
}

#[tokio::test]
async fn where_it_is_wanted_only_an_issuer_without_it_gives_bearer_tokens() {
    let world = World::new().await;
    let session = world.session_with(binding(&world, TokenBinding::WhenOffered));
    world.sign_in(&session, ADA).await;
    assert_eq!(session.bound_key(), None);
    assert_all_is_well(&world, &session).await;
    let discovered = SessionConfiguration {
        dpop: TokenBinding::WhenOffered,
        ..world.oidc_configuration()
    };
    let session = world.session_named(discovered, "discovered");
    let request = session.begin_sign_in(Default::default()).await.unwrap();
    assert!(!request.url.contains("dpop_jkt"), "the issuer does not offer it");
}

/// What an app needs to send its requests itself.
#[tokio::test]
async fn an_app_gets_proofs_for_bound_tokens_only() {
    let world = world().await;
    let session = bound(&world).await;
    let token = session.access_token(Default::default()).await.unwrap();
    let url = Url::parse("https://api.example.com/orders?page=1").unwrap();
    assert!(session.is_bound(&token));
    session.keep_proof_nonce(&url, "n-1");
    let proof = session.proof("GET", &url, &token).await.unwrap().unwrap();
    let payload = pilotlight_core::jose::decode_object(proof.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(payload["htu"], "https://api.example.com/orders");
    assert_eq!((&payload["htm"], &payload["nonce"]), (&"GET".into(), &"n-1".into()));
    let other = Url::parse("https://other.example.com/").unwrap();
    let elsewhere = session.proof("GET", &other, &token).await.unwrap().unwrap();
    let payload = pilotlight_core::jose::decode_object(elsewhere.split('.').nth(1).unwrap()).unwrap();
    assert!(payload.get("nonce").is_none(), "a nonce is of one origin");
    let unknown = pilotlight_core::model::secret::Secret::new("unknown");
    assert_eq!(session.proof("GET", &url, &unknown).await.unwrap(), None);
    assert!(!session.is_bound(&unknown));
}

/// A renewal comes between the caller's two steps: the caller's token is still sent with a proof, never alone.
#[tokio::test]
async fn a_bound_token_that_was_replaced_is_sent_with_a_proof() {
    let world = world().await;
    let session = bound(&world).await;
    let given = session.access_token(Default::default()).await.unwrap();
    let url = Url::parse("https://api.example.com/").unwrap();
    let hash = hash_shown(&session, &url, &given).await;
    for _ in 0..8 {
        assert_renews(&session).await;
        assert!(session.is_bound(&given));
        assert_eq!(hash_shown(&session, &url, &given).await, hash);
    }
    assert_renews(&session).await;
    assert!(!session.is_bound(&given), "not kept for ever");
    let last = session.access_token(Default::default()).await.unwrap();
    assert_renews(&session).await;
    session.sign_out().await;
    assert!(!session.is_bound(&last), "nor when nobody is signed in");
}

/// The hash of the token in a proof for it.
async fn hash_shown(session: &SessionManager, url: &Url, token: &Secret) -> Value {
    let proof = session.proof("GET", url, token).await.unwrap();
    let proof = proof.expect("a bound token has a proof");
    let payload = pilotlight_core::jose::decode_object(proof.split('.').nth(1).unwrap());
    payload.unwrap().remove("ath").unwrap()
}

#[tokio::test]
async fn processes_share_the_key_and_the_nonces() {
    let (mut world, folder) = crate::sharing::shared_world().await;
    world.control().change(|settings| {
        settings.dpop = Dpop::Required;
        settings.dpop_nonce_lifetime = Some(300);
    });
    let app = bound(&world).await;
    assert_eq!(
        world.control().seen(Endpoint::Token),
        2,
        "the sign-in asks for the nonce"
    );
    let extension = world.session_with(required(&world));
    extension.restore().await.unwrap();
    assert_eq!(app.bound_key(), extension.bound_key());
    for _ in 0..2 {
        assert_renews(&extension).await;
        assert_renews(&app).await;
    }
    assert_eq!(world.control().seen(Endpoint::Token), 6, "and nobody else does");
    app.profile(true).await.unwrap();
    extension.profile(true).await.unwrap();
    assert_eq!(world.control().seen(Endpoint::Userinfo), 2);
    drop((app, extension));
    let restarted = world.session_with(required(&world));
    restarted.restore().await.unwrap();
    assert_renews(&restarted).await;
    assert_eq!(world.control().seen(Endpoint::Token), 7, "nor does the next launch");
    assert_no_token_was_spent_twice(&world);
    drop(folder);
    world.sharing = pilotlight_core::session::Sharing::Alone;
}

#[tokio::test]
async fn a_sign_in_on_another_device_binds_its_tokens_to_this_one() {
    let world = world_with(|settings| settings.dpop = Dpop::Required).await;
    let session = world.session_with(required(&world));
    let request = session.begin_device_sign_in(Default::default()).await.unwrap();
    assert!(world.control().decide_device(&request.user_code, Some(ADA)));
    session.complete_device_sign_in(request.attempt).await.unwrap();
    assert!(session.bound_key().is_some());
    assert_all_is_well(&world, &session).await;
}

/// Anyone who reads a log could use a proof for as long as the issuer accepts it.
#[tokio::test]
async fn neither_proofs_nor_keys_are_logged() {
    let world = world_with(|settings| settings.dpop_nonce_lifetime = Some(60)).await;
    let session = bound(&world).await;
    assert_all_is_well(&world, &session).await;
    let url = Url::parse("https://api.example.com/").unwrap();
    let token = session.access_token(Default::default()).await.unwrap();
    let proof = session.proof("GET", &url, &token).await.unwrap().unwrap();
    session.access_token(crate::world::forced()).await.unwrap();
    let stored = stored_credentials(&world);
    let log = world.log.text();
    let (header, _) = proof.split_once('.').unwrap();
    let nonce = world.stored().unwrap()["proof_nonces"][0]["nonce"].clone();
    for secret in [
        header,
        stored["proof_key"]["handle"].as_str().unwrap(),
        nonce.as_str().unwrap(),
    ] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(log.contains("made a key"), "{log}");
    let shown = format!("{session:?}");
    assert!(!shown.contains(header) && !shown.contains(nonce.as_str().unwrap()));
}
