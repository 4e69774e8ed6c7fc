//! An open session that is opened again with other settings: these apply from now on, to every handle.

use std::collections::HashMap;
use std::sync::Arc;

use pilotlight_core::model::configuration::{Configuration, SessionConfiguration};
use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_core::session::{SessionManager, SignInOptions};
use pilotlight_identity_server::{Endpoint, Fault};

use crate::dpop::{self, assert_all_is_well, binding};
use crate::exchange_sign_in::code;
use crate::lifetimes::limited;
use crate::watched::Watched;
use crate::world::{ADA, ScriptedStore, World, assert_renews, cached, forced, is_signed_in, public};

fn configure(world: &World, session: &SessionManager, configuration: SessionConfiguration) {
    session.configure(Configuration::parse(configuration).unwrap(), world.store.clone());
}

#[tokio::test]
async fn a_sign_in_in_progress_ends_with_what_it_was_begun_with() {
    let world = World::new().await;
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    let mut other = world.configuration();
    other.redirect_uri = "com.example.pilotlight.other://callback".to_owned();
    other
        .token_parameters
        .insert("audience".to_owned(), "https://api.example.com/".to_owned());
    configure(&world, &session, other);
    session.complete_sign_in(&callback).await.unwrap();
    assert!(is_signed_in(&session));
    assert_renews(&session).await;
    let next = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    assert_eq!(next.callback_scheme, "com.example.pilotlight.other");
    assert!(
        next.url.contains("redirect_uri=com.example.pilotlight.other"),
        "{}",
        next.url
    );
}

/// The network; of each request for tokens, what is sent.
fn watching_grants() -> Arc<Watched<Option<String>>> {
    Watched::by(|request| {
        let body = request.body.as_ref().filter(|_| request.url.path() == "/oauth/token");
        body.map(|body| String::from_utf8(body.expose().to_vec()).unwrap())
    })
}

fn with_another_audience(world: &World) -> SessionConfiguration {
    let mut other = world.configuration();
    other.audience = Some("https://api.example.com/".to_owned());
    other
        .token_parameters
        .insert("organization".to_owned(), "org_1".to_owned());
    other
}

#[tokio::test]
async fn so_does_one_on_another_device() {
    let world = World::new().await;
    let network = watching_grants();
    let session = world.session_over(world.configuration(), network.clone());
    let request = session.begin_device_sign_in(HashMap::new()).await.unwrap();
    assert!(world.control().decide_device(&request.user_code, Some(ADA)));
    configure(&world, &session, with_another_audience(&world));
    session.complete_device_sign_in(request.attempt).await.unwrap();
    let grants: Vec<_> = network.seen().into_iter().flatten().collect();
    assert!(!grants[0].contains("org_1"), "{grants:?}");
}

#[tokio::test]
async fn so_does_one_by_a_token_exchange() {
    let world = World::new().await;
    let network = watching_grants();
    let session = world.session_over(world.configuration(), network.clone());
    world.control().fault(Endpoint::Token, Fault::status(503));
    session.sign_in_by_exchange(code(1)).await.unwrap_err();
    configure(&world, &session, with_another_audience(&world));
    session.sign_in_by_exchange(code(1)).await.unwrap();
    let grants: Vec<_> = network.seen().into_iter().flatten().collect();
    assert_eq!(grants[0], grants[1]);
}

/// Also where the settings of now want bound tokens.
#[tokio::test]
async fn so_does_one_whose_tokens_are_not_bound() {
    let world = dpop::world().await;
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    configure(&world, &session, binding(&world, TokenBinding::Required));
    session.complete_sign_in(&callback).await.unwrap();
    assert!(is_signed_in(&session));
}

#[tokio::test]
async fn tokens_are_bound_with_the_next_renewal() {
    let world = dpop::world().await;
    let session = world.signed_in().await;
    let other_handle = session.clone();
    configure(&world, &session, binding(&world, TokenBinding::Required));
    assert_all_is_well(&world, &other_handle).await;
    assert!(session.bound_key().is_some());
}

#[tokio::test]
async fn another_lifetime_counts_for_the_session_at_hand() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let (epoch, _) = session.access_token_lease().unwrap();
    configure(&world, &session, limited(&world, Some(3600), None));
    let (later, _) = session.access_token_lease().unwrap();
    assert_ne!(later, epoch, "a caller that keeps the token has to ask again");
    assert!(cached(&session).is_some());
    world.clock.advance(3601);
    assert!(!is_signed_in(&session));
    assert_eq!(cached(&session), None);
    public(session.access_token(forced()).await);
    assert_eq!(world.refresh_grants(), 0);

    configure(&world, &session, world.configuration());
    assert!(is_signed_in(&session), "nothing was thrown away");
    assert_renews(&session).await;
}

/// Auth0's endpoints are derived from the domain; for the same issuer as another provider, they come from discovery.
#[tokio::test]
async fn the_issuers_endpoints_are_those_of_the_provider_as_it_is_named_now() {
    let world = World::new().await;
    let session = world.signed_in().await;
    assert_eq!(world.control().seen(Endpoint::Discovery), 0);
    configure(&world, &session, world.oidc_configuration());
    assert_renews(&session).await;
    assert_eq!(world.control().seen(Endpoint::Discovery), 1);
    configure(&world, &session, world.configuration());
    assert_renews(&session).await;
    assert_eq!(world.control().seen(Endpoint::Discovery), 1);
}

#[tokio::test]
async fn the_next_write_is_made_with_the_options_of_now() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let before = world.store.items();
    let other = Arc::new(ScriptedStore::default());
    for (name, bytes) in &before {
        other.put(name, bytes);
    }
    let configuration = Configuration::parse(world.configuration()).unwrap();
    session.configure(configuration, other.clone());
    assert_eq!(other.counts(), (0, 0));
    assert_renews(&session).await;
    assert_ne!(other.items(), before);
    assert_eq!(world.store.items(), before);
}
