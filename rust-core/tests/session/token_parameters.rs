//! Parameters that an app configures for every token request: each kind of request has them, once, and the request's
//! own values take precedence.

use std::collections::HashMap;
use std::sync::Arc;

use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::protocol::exchanged_token::TokenExchange;
use pilotlight_core::session::{ExternalToken, RefreshOptions, SessionManager};
use url::form_urlencoded;

use crate::audiences::{API, OTHER, api, token};
use crate::exchange::{asked, exchange};
use crate::exchange_sign_in::code;
use crate::watched::Watched;
use crate::world::{ADA, World, forced};

/// Watches the form of each request.
type Network = Watched<Vec<(String, String)>>;

/// The values with that name in the last form.
fn sent(network: &Network, name: &str) -> Vec<String> {
    let last = network.seen().into_iter().rfind(|form| !form.is_empty()).unwrap();
    let named = last.into_iter().filter(|(own, _)| own == name);
    named.map(|(_, value)| value).collect()
}

fn map(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

async fn signed_in(parameters: &[(&str, &str)]) -> (World, SessionManager, Arc<Network>) {
    let world = crate::exchange::world().await;
    let network = Watched::by(|request| {
        let body = request.body.as_ref().map(SecretBytes::expose).unwrap_or_default();
        form_urlencoded::parse(body).into_owned().collect()
    });
    let mut configuration = world.configuration();
    configuration.token_parameters = map(parameters);
    let session = world.session_over(configuration, network.clone());
    world.sign_in(&session, ADA).await;
    (world, session, network)
}

#[tokio::test]
async fn each_token_request_has_it_once() {
    let (_world, session, network) = signed_in(&[("purpose", "configured")]).await;
    let check = |what: &str| assert_eq!(sent(&network, "purpose"), ["configured"], "{what}");
    check("the code");
    session.access_token(forced()).await.unwrap();
    check("a renewal");
    token(&session, &api()).await;
    check("a further audience");
    assert_eq!(sent(&network, "audience"), [API]);
    asked(&session, &exchange()).await.unwrap();
    check("an exchange");
    assert_eq!(sent(&network, "audience"), [API]);
    session.sign_in_by_exchange(code(0)).await.unwrap();
    check("a sign-in by exchange");
}

/// In a sign-in on another device, configured parameters are sent unless the call sets them.
#[tokio::test]
async fn a_device_authorization_has_the_configured_audience_unless_the_call_names_one() {
    let (world, _, network) = signed_in(&[]).await;
    let mut configuration = world.configuration();
    configuration.audience = Some(API.to_owned());
    let session = world.session_over(configuration, network.clone());
    for (parameters, audience) in [
        (&[][..], API),
        (&[("prompt", "login")], API),
        (&[("audience", OTHER)], OTHER),
        (&[("audience", OTHER), ("prompt", "login")], OTHER),
    ] {
        // The server does not know all of them; only the request matters.
        drop(session.begin_device_sign_in(map(parameters)).await);
        assert_eq!(sent(&network, "audience"), [audience], "{parameters:?}");
        let prompts = parameters.iter().filter(|(name, _)| *name == "prompt").count();
        assert_eq!(sent(&network, "prompt").len(), prompts, "{parameters:?}");
    }
}

/// The call's value takes precedence over the one for every token request, which takes precedence over the
/// configuration's.
#[tokio::test]
async fn a_sign_in_by_exchange_has_one_audience() {
    let (world, _, network) = signed_in(&[]).await;
    let (own, other) = (&[("audience", API)][..], &[("audience", OTHER)][..]);
    for (parameters, of_every_request, audience) in [
        (&[][..], &[][..], "configured"),
        (own, &[], API),
        (&[], other, OTHER),
        (own, other, API),
    ] {
        let mut configuration = world.configuration();
        configuration.audience = Some("configured".to_owned());
        configuration.token_parameters = map(of_every_request);
        let external = ExternalToken {
            parameters: map(parameters),
            ..code(0)
        };
        let session = world.session_over(configuration, network.clone());
        // The server does not know all of them; only the request matters.
        drop(session.sign_in_by_exchange(external).await);
        assert_eq!(sent(&network, "audience"), [audience]);
    }
}

/// Auth0 issues nothing else; another issuer may choose if no type is requested (RFC 8693 2.1).
#[tokio::test]
async fn an_exchange_asks_for_an_access_token_by_name_unless_the_issuer_is_auth0() {
    let (world, session, network) = signed_in(&[]).await;
    asked(&session, &exchange()).await.unwrap();
    assert!(sent(&network, "requested_token_type").is_empty());
    let session = world.session_over(world.oidc_configuration(), network.clone());
    world.sign_in(&session, ADA).await;
    asked(&session, &exchange()).await.unwrap();
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    assert_eq!(sent(&network, "requested_token_type"), [kind]);
}

#[tokio::test]
async fn what_the_request_itself_says_wins() {
    let (_world, session, network) = signed_in(&[("purpose", "configured"), ("place", "here")]).await;
    let own = map(&[("purpose", "own")]);
    let options = RefreshOptions {
        parameters: own.clone().into_iter().collect(),
        ..RefreshOptions::default()
    };
    let check = |what: &str| {
        assert_eq!(sent(&network, "purpose"), ["own"], "{what}");
        assert_eq!(sent(&network, "place"), ["here"], "{what}");
    };
    session.refresh(options).await.unwrap();
    check("a renewal");
    let exchange = TokenExchange {
        parameters: own,
        ..exchange()
    };
    asked(&session, &exchange).await.unwrap();
    check("an exchange");
}
