//! Non-standard answers that nevertheless contain the needed data, from every endpoint.

use std::sync::Arc;

use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::ports::{BoxFuture, Transport, TransportError};
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault};
use serde_json::{Map, json};

use crate::transport::is_the_apps;
use crate::watched::Watched;
use crate::world::{ADA, World, assert_renews, forced, public};

/// What servers, and proxies in front of them, put around JSON.
fn odd() -> Vec<Fault> {
    vec![
        Fault::bytes(b"\xef\xbb\xbf", b"", b""),
        Fault::bytes(b"\0\r\n", b"", b"\0\n<!-- cached -->"),
        Fault::bytes(b"", b"\"operator\":\"J\xfcrgen\",", b""),
        Fault::bytes(b"", b"\"operator\":NaN,\"note\":\"\\ud83d\",", b""),
        Fault::coded("gzip"),
        Fault::coded("deflate"),
    ]
}

#[tokio::test]
async fn a_sign_in_succeeds_whatever_stands_around_the_answers() {
    for fault in odd() {
        let world = World::new().await;
        let session = world.session_with(world.oidc_configuration());
        for endpoint in [Endpoint::Discovery, Endpoint::Jwks, Endpoint::Token, Endpoint::Userinfo] {
            world.control().fault(endpoint, fault.clone().for_ever());
        }
        world.sign_in(&session, ADA).await;
        let profile = session.profile(true).await.unwrap();
        assert_eq!(profile.email.as_deref(), Some(ADA), "{fault:?}");
        assert_renews(&session).await;
        assert_renews(&session).await;
        assert_eq!(
            world.control().counters().spent_refresh_tokens_presented,
            0,
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn every_request_asks_for_an_answer_that_is_not_coded() {
    let world = World::new().await;
    let network = Watched::by(|request| {
        let headers = request.headers.iter().filter(|(name, _)| name == "accept-encoding");
        headers.map(|(_, value)| value.expose().to_vec()).collect::<Vec<_>>()
    });
    for configuration in [world.oidc_configuration(), world.configuration()] {
        let session = world.session_over(configuration, network.clone());
        world.sign_in(&session, ADA).await;
        session.profile(true).await.unwrap();
        session.access_token(forced()).await.unwrap();
        session.sign_out().await;
    }
    let session = world.session_over(world.configuration(), network.clone());
    world.sign_in(&session, ADA).await;
    session.fetch_metadata(&[]).await.unwrap();
    session.update_metadata(Map::new()).await.unwrap();
    let codings = network.seen();
    assert!(codings.len() >= 12);
    assert!(codings.iter().all(|asked| *asked == [b"identity"]), "{codings:?}");
}

#[tokio::test]
async fn an_answer_in_a_coding_that_is_not_known_is_named_as_what_it_is() {
    // URLSession decodes the codings that it knows by itself, and this body is not in the coding that it names.
    if is_the_apps() {
        return;
    }
    let world = World::new().await;
    let session = world.signed_in().await;
    for endpoint in [Endpoint::Token, Endpoint::Userinfo] {
        world.control().fault(endpoint, Fault::coded("br"));
    }
    let userinfo = public(session.profile(true).await).to_string();
    world.control().fault(Endpoint::Userinfo, Fault::coded("br"));
    let token = public(session.access_token(forced()).await).to_string();
    for words in [userinfo, token] {
        assert!(words.contains("it has the content coding br"), "{words}");
    }
}

#[tokio::test]
async fn null_is_absent_in_every_answer() {
    let world = World::new().await;
    let session = world.session();
    let nulls = IdTokenFault::new()
        .claim("azp", json!(null))
        .claim("nbf", json!(null))
        .claim("auth_time", json!(null))
        .claim("at_hash", json!(null));
    world
        .control()
        .fault(Endpoint::Token, Fault::id_token(nulls).for_ever());
    let answer = json!({"token_type": null, "scope": null, "expires_in": null});
    world.control().fault(Endpoint::Token, Fault::answer(answer).for_ever());
    world.sign_in(&session, ADA).await;
    assert_renews(&session).await;
    world.control().fault(
        Endpoint::Userinfo,
        Fault::answer(json!({"name": null, "picture": null, "updated_at": null, "address": null})),
    );
    let profile = session.profile(true).await.unwrap();
    assert_eq!(
        (profile.name, profile.picture, profile.updated_at, profile.address),
        (None, None, None, None)
    );
}

#[tokio::test]
async fn a_claim_that_nobody_asked_for_is_not_checked() {
    for value in [
        json!("2020-03-14T18:52:01.180Z"),
        json!("last week"),
        json!({}),
        json!(-1e300),
    ] {
        let world = World::new().await;
        let fault = IdTokenFault::new().claim("auth_time", value);
        world.control().fault(Endpoint::Token, Fault::id_token(fault));
        world.signed_in().await;
    }
}

/// Metadata answers and refusals are read as tolerantly as successful answers.
#[tokio::test]
async fn what_stands_around_metadata_and_refusals_makes_no_difference() {
    for (place, fault) in odd().into_iter().enumerate() {
        let world = World::new().await;
        let session = world.signed_in().await;
        // An object that was read in part would be written back in part, so only that is refused.
        let is_whole = place != 3;
        world.control().fault(Endpoint::Users, fault.clone().for_ever());
        let metadata = session.fetch_metadata(&[]).await;
        assert!(metadata.is_ok() || !is_whole, "{fault:?}: {metadata:?}");
    }
    let refusal = r#"{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#;
    let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(refusal.encode_utf16());
        units.flat_map(order).collect()
    };
    for body in [
        [b"\xef\xbb\xbf", refusal.as_bytes()].concat(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        [b"\r\n ", refusal.as_bytes(), b"\r\n<!-- 7 -->"].concat(),
    ] {
        let world = World::new().await;
        let session = world.signed_in().await;
        let network = Arc::new(Answering(body));
        let restarted = world.session_over(world.configuration(), network);
        restarted.restore().await.unwrap();
        restarted.access_token(forced()).await.unwrap_err();
        let state = restarted.state();
        assert!(
            matches!(state, Some(SessionState::ReauthenticationRequired { .. })),
            "{state:?}"
        );
        drop(session);
    }
}

/// A network in which every request is refused with these bytes.
#[derive(Debug)]
struct Answering(Vec<u8>);

impl Transport for Answering {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        let answer = HttpAnswer {
            host: request.url.host_str().unwrap_or_default().to_owned(),
            status: 403,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: SecretBytes::new(self.0.clone()),
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}
