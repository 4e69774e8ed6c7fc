//! The hosts that get the headers of the configuration: the headers can be keys, and a discovery document can name any
//! host.

use std::collections::HashMap;
use std::sync::Arc;

use pilotlight_core::model::configuration::SessionConfiguration;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::json;

use crate::watched::Watched;
use crate::world::{ADA, World, forced};

const KEY: &str = "of-a-gateway";

type Network = Watched<(String, bool)>;

fn watched() -> Arc<Network> {
    Watched::by(|request| {
        let mut values = request.headers.iter().map(|(_, value)| value.expose());
        let key = values.any(|value| value == KEY.as_bytes());
        (request.url.origin().ascii_serialization(), key)
    })
}

/// The origins of the requests, and whether each got the key, without duplicates.
fn seen(network: &Network) -> HashMap<String, Vec<bool>> {
    let mut seen: HashMap<String, Vec<bool>> = HashMap::new();
    for (origin, key) in network.seen() {
        let answers = seen.entry(origin).or_default();
        if !answers.contains(&key) {
            answers.push(key);
        }
    }
    seen
}

fn origin(world: &World) -> String {
    world.server.issuer().trim_end_matches('/').to_owned()
}

fn with_key(configuration: SessionConfiguration, header_origins: Vec<String>) -> SessionConfiguration {
    SessionConfiguration {
        headers: HashMap::from([("X-Gateway-Key".to_owned(), KEY.to_owned())]),
        header_origins,
        ..configuration
    }
}

/// The life of a session whose revocation goes to another host, which the discovery document names.
async fn life(world: &World, elsewhere: &World, header_origins: Vec<String>) -> HashMap<String, Vec<bool>> {
    let moved = json!({ "revocation_endpoint": format!("{}/oauth/revoke", origin(elsewhere)) });
    world
        .control()
        .fault(Endpoint::Discovery, Fault::answer(moved).for_ever());
    let network = watched();
    let configuration = with_key(world.oidc_configuration(), header_origins);
    let session = world.session_over(configuration, network.clone());
    world.sign_in(&session, ADA).await;
    session.profile(true).await.unwrap();
    session.access_token(forced()).await.unwrap();
    session.sign_out().await;
    seen(&network)
}

#[tokio::test]
async fn headers_go_to_the_issuers_own_origin() {
    let (world, elsewhere) = (World::new().await, World::new().await);
    let seen = life(&world, &elsewhere, Vec::new()).await;
    let expected = HashMap::from([(origin(&world), vec![true]), (origin(&elsewhere), vec![false])]);
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn and_to_those_that_the_app_names() {
    let (world, elsewhere) = (World::new().await, World::new().await);
    let seen = life(&world, &elsewhere, vec![origin(&elsewhere)]).await;
    let expected = HashMap::from([(origin(&world), vec![true]), (origin(&elsewhere), vec![true])]);
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn at_auth0_the_management_api_is_the_issuers_own() {
    let world = World::new().await;
    let network = watched();
    let session = world.session_over(with_key(world.configuration(), Vec::new()), network.clone());
    world.sign_in(&session, ADA).await;
    session.fetch_metadata(&[]).await.unwrap();
    session.sign_out().await;
    assert_eq!(seen(&network), HashMap::from([(origin(&world), vec![true])]));
}
