//! An open session that is opened again with other settings: these apply from now on, to every handle.

use std::sync::Arc;

use pilotlight_core::model::configuration::{Configuration, SessionConfiguration};
use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_core::session::{SessionManager, SignInOptions};
use pilotlight_identity_server::Endpoint;

use crate::dpop::{self, assert_all_is_well, binding};
use crate::lifetimes::limited;
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
