//! Endpoints in a discovery document that cannot be used: only the calls that need them fail. This makes the table in
//! docs/reliability.md.

use std::fmt::Write as _;

use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::documented::{assert_documented, in_words};
use crate::world::{ADA, World, assert_renews, cached, public};

/// The values in place of an endpoint.
fn unusable() -> Vec<(&'static str, Value)> {
    vec![
        ("nothing", Value::Null),
        ("empty", json!("")),
        ("white space", json!("  ")),
        ("plain `http` elsewhere", json!("http://elsewhere.example/endpoint")),
        ("a path", json!("/endpoint")),
        ("a host without a scheme", json!("elsewhere.example/endpoint")),
        ("no host", json!("https:///")),
        ("another scheme", json!("ftp://elsewhere.example/endpoint")),
        ("a script", json!("javascript:alert(1)")),
        ("with a fragment", json!("https://elsewhere.example/endpoint#part")),
        ("with a password", json!("https://user:word@elsewhere.example/endpoint")),
        ("a port that is none", json!("https://elsewhere.example:99999/endpoint")),
        ("a number", json!(7)),
        ("`false`", json!(false)),
        ("a list", json!(["https://elsewhere.example/endpoint"])),
        ("an object", json!({"url": "https://elsewhere.example/endpoint"})),
    ]
}

/// Signed in with a document that has `value` for the endpoint, and renewed.
async fn signed_in(world: &World, endpoint: &str, value: Value) -> SessionManager {
    let document = Fault::answer(json!({ endpoint: value }));
    world.control().fault(Endpoint::Discovery, document.for_ever());
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    assert_renews(&session).await;
    // The same with the document that was kept with the session.
    let session = world.session_with(world.oidc_configuration());
    session.restore().await.unwrap();
    assert_renews(&session).await;
    session
}

#[tokio::test]
async fn an_optional_endpoint_that_cannot_be_used_is_the_fault_of_its_own_calls_alone() {
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut table = "| in the place of the endpoint's URL | userinfo | revocation | end of the browser's session |\n\
        | --- | --- | --- | --- |\n"
        .to_owned();
    for (what, value) in unusable() {
        let world = World::new().await;
        let session = signed_in(&world, "userinfo_endpoint", value.clone()).await;
        let token = cached(&session);
        let profile = in_words(public(session.profile(true).await));
        assert_eq!(cached(&session), token, "{what}");
        session.sign_out().await;

        let world = World::new().await;
        let session = signed_in(&world, "revocation_endpoint", value.clone()).await;
        session.profile(true).await.unwrap();
        let revocation = format!("`{:?}`", session.sign_out().await);

        let world = World::new().await;
        let session = signed_in(&world, "end_session_endpoint", value).await;
        let browser = in_words(public(session.logout_url(&Default::default()).await));
        session.profile(true).await.unwrap();
        session.sign_out().await;
        let outcome = format!("{profile} | {revocation} | {browser}");
        match rows.iter_mut().find(|(_, known)| *known == outcome) {
            Some((all, _)) => write!(all, "; {what}").unwrap(),
            None => rows.push((what.to_owned(), outcome)),
        }
    }
    for (what, outcome) in rows {
        writeln!(table, "| {what} | {outcome} |").unwrap();
    }
    assert_documented("optional-endpoints", &table);
}

/// An endpoint that every sign-in needs is not optional.
#[tokio::test]
async fn an_endpoint_that_everything_needs_is_named() {
    for endpoint in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        for (what, value) in unusable() {
            let world = World::new().await;
            let document = Fault::answer(json!({ endpoint: value }));
            world.control().fault(Endpoint::Discovery, document);
            let session = world.session_with(world.oidc_configuration());
            let error = public(session.begin_sign_in(Default::default()).await);
            assert_eq!(in_words(error.clone()), "fix the configuration (`issuer`)", "{what}");
            assert!(error.to_string().contains(endpoint), "{what}: {error}");
        }
    }
}
