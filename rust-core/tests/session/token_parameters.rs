//! What an app configures for every token request: each kind has it, once, and what the request itself says wins.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::ports::{BoxFuture, Transport, TransportError};
use pilotlight_core::protocol::exchanged_token::TokenExchange;
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};
use pilotlight_core::session::{RefreshOptions, SessionManager};
use url::form_urlencoded;

use crate::audiences::{API, api, token};
use crate::exchange::{asked, exchange};
use crate::exchange_sign_in::code;
use crate::world::{ADA, World, forced};

/// The network, and the form of the last request.
#[derive(Debug, Default)]
struct Watched {
    network: HttpTransport,
    last: Mutex<Vec<(String, String)>>,
}

impl Transport for Watched {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        if let Some(body) = &request.body {
            *self.last.lock().unwrap() = form_urlencoded::parse(body.expose()).into_owned().collect();
        }
        self.network.send(request)
    }
}

impl Watched {
    /// The values of that name in the last request.
    fn sent(&self, name: &str) -> Vec<String> {
        let last = self.last.lock().unwrap();
        let named = last.iter().filter(|(own, _)| own == name);
        named.map(|(_, value)| value.clone()).collect()
    }
}

fn map(pairs: &[(&str, &str)]) -> HashMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

async fn signed_in(parameters: &[(&str, &str)]) -> (World, SessionManager, Arc<Watched>) {
    let world = crate::exchange::world().await;
    let network = Arc::new(Watched::default());
    let mut configuration = world.configuration();
    configuration.token_parameters = map(parameters);
    let session = world.session_over(configuration, network.clone());
    world.sign_in(&session, ADA).await;
    (world, session, network)
}

#[tokio::test]
async fn each_token_request_has_it_once() {
    let (_world, session, network) = signed_in(&[("purpose", "configured")]).await;
    let check = |what: &str| assert_eq!(network.sent("purpose"), ["configured"], "{what}");
    check("the code");
    session.access_token(forced()).await.unwrap();
    check("a renewal");
    token(&session, &api()).await;
    check("a further audience");
    assert_eq!(network.sent("audience"), [API]);
    asked(&session, &exchange()).await.unwrap();
    check("an exchange");
    assert_eq!(network.sent("audience"), [API]);
    session.sign_in_by_exchange(code(0)).await.unwrap();
    check("a sign-in by exchange");
}

#[tokio::test]
async fn what_the_request_itself_says_wins() {
    let (_world, session, network) = signed_in(&[("purpose", "configured"), ("place", "here")]).await;
    let own = map(&[("purpose", "own")]);
    let options = RefreshOptions {
        parameters: own.clone().into_iter().collect(),
        ..RefreshOptions::default()
    };
    session.refresh(options).await.unwrap();
    assert_eq!(
        (network.sent("purpose"), network.sent("place")),
        (vec!["own".to_owned()], vec!["here".to_owned()])
    );
    let exchange = TokenExchange {
        parameters: own,
        ..exchange()
    };
    asked(&session, &exchange).await.unwrap();
    assert_eq!(
        (network.sent("purpose"), network.sent("place")),
        (vec!["own".to_owned()], vec!["here".to_owned()])
    );
}
