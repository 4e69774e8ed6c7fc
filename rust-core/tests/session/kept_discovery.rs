//! The discovery document is kept with the session: the first renewal of a launch needs no second request, and an
//! outage of discovery stops nothing.

use pilotlight_core::session::SignInOptions;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::world::{ADA, World, assert_renews, forced, public};

async fn signed_in() -> World {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    world
}

/// How often a launch that renews fetches the document.
async fn fetched_by_a_launch(world: &World) -> u64 {
    let before = world.control().seen(Endpoint::Discovery);
    let session = world.session_with(world.oidc_configuration());
    assert_renews(&session).await;
    world.control().seen(Endpoint::Discovery) - before
}

#[tokio::test]
async fn a_launch_asks_for_the_document_once_a_day() {
    let world = signed_in().await;
    assert_eq!(fetched_by_a_launch(&world).await, 0);
    world.clock.advance(23 * 3600);
    assert_eq!(fetched_by_a_launch(&world).await, 0);
    world.clock.advance(2 * 3600);
    assert_eq!(fetched_by_a_launch(&world).await, 1);
    assert_eq!(fetched_by_a_launch(&world).await, 0, "it is kept with the next writing");
}

#[tokio::test]
async fn an_outage_of_discovery_stops_nothing() {
    let world = signed_in().await;
    for hours in [0, 48] {
        world.clock.advance(hours * 3600);
        for fault in [
            Fault::reset(),
            Fault::status(503),
            Fault::html(403),
            Fault::html(200),
            Fault::json(200, &json!({"issuer": "https://another.example"})),
        ] {
            world.control().fault(Endpoint::Discovery, fault.for_ever());
            let session = world.session_with(world.oidc_configuration());
            assert_renews(&session).await;
            session.profile(true).await.unwrap();
            world.control().clear_faults(Endpoint::Discovery);
        }
    }
}

#[tokio::test]
async fn what_is_kept_is_checked_as_if_it_had_just_come() {
    let alter: [fn(&mut Value); 6] = [
        |kept| kept["document"] = json!("no JSON"),
        |kept| kept["document"] = json!({}),
        |kept| *kept = json!("another form"),
        |kept| kept["fetched_at"] = json!(i64::MAX),
        |kept| with(kept, "issuer", "https://another.example"),
        |kept| with(kept, "token_endpoint", "http://another.example/token"),
    ];
    for change in alter {
        let world = signed_in().await;
        world.change_stored(|item| change(&mut item["discovery"]));
        let kept = world.stored().unwrap()["discovery"].to_string();
        assert_eq!(fetched_by_a_launch(&world).await, 1, "{kept}");
        assert_eq!(fetched_by_a_launch(&world).await, 0);
    }
}

fn with(kept: &mut Value, name: &str, value: &str) {
    let mut document: Value = serde_json::from_str(kept["document"].as_str().unwrap()).unwrap();
    document[name] = json!(value);
    kept["document"] = json!(document.to_string());
}

/// The issuer has moved the endpoint since.
#[tokio::test]
async fn an_endpoint_that_is_gone_is_looked_for_again() {
    let world = signed_in().await;
    let session = world.session_with(world.oidc_configuration());
    world.control().fault(Endpoint::Token, Fault::status(404));
    let before = world.control().seen(Endpoint::Discovery);
    public(session.access_token(forced()).await);
    world.clock.advance(3600);
    assert_renews(&session).await;
    assert_eq!(world.control().seen(Endpoint::Discovery) - before, 1);
}

#[tokio::test]
async fn a_sign_in_after_a_launch_keeps_it_too() {
    let world = signed_in().await;
    let session = world.session_with(world.oidc_configuration());
    assert_renews(&session).await;
    session.sign_out().await;
    let request = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    session.complete_sign_in(&callback).await.unwrap();
    assert_eq!(fetched_by_a_launch(&world).await, 0);
}
