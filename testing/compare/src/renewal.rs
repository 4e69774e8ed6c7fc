//! One renewal against the identity server, with rotation, over loopback.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oauth2::basic::BasicClient;
use oauth2::{EndpointNotSet, EndpointSet, TokenResponse as _, TokenUrl};
use openidconnect::core::{CoreClient, CoreProviderMetadata};
use openidconnect::{ClientId, EndpointMaybeSet, IssuerUrl, Nonce, RefreshToken, TokenResponse as _};
use pilotlight_core::session::SessionManager;
use pilotlight_identity_server::{IdentityServer, Options};
use tokio::runtime::Handle;

use crate::bench_support::renewals::{Bare, renewals, sign_in};
use crate::bench_support::{Comparison, configuration, runtime};

pub(crate) const LIBRARIES: [&str; 3] = ["reqwest", "oauth2", "openidconnect"];

const ROUNDS: usize = 501;

pub(crate) fn compare(_: &str, library: &str) -> (Comparison, u32) {
    let (server_runtime, runtime) = (runtime(), runtime());
    let server = server_runtime
        .block_on(IdentityServer::start(Options::default()))
        .unwrap();
    let configuration = configuration(server.domain());
    let handle = runtime.handle();
    let (ours, _) = runtime.block_on(sign_in(&server, &configuration, handle));
    let (_, refresh_token) = runtime.block_on(sign_in(&server, &configuration, handle));
    let issuer = server.issuer();
    // Both run in a task of the core's runtime, where an app's calls run too.
    let comparison = match library {
        "reqwest" => {
            let bare = Bare::new(&server, refresh_token);
            in_turns(handle, ours, move || bare.clone().renewals(1))
        }
        "oauth2" => {
            let other = Arc::new(OAuth2::new(issuer, refresh_token));
            in_turns(handle, ours, move || other.clone().renew())
        }
        _ => {
            let other = Arc::new(runtime.block_on(OpenIdConnect::new(issuer, refresh_token)));
            in_turns(handle, ours, move || other.clone().renew())
        }
    };
    (comparison, 1)
}

fn in_turns<F>(runtime: &Handle, ours: SessionManager, other: impl Fn() -> F + Send + 'static) -> Comparison
where
    F: Future<Output = Duration> + Send + 'static,
{
    let work = async move {
        let mut comparison = Comparison::default();
        for _ in 0..ROUNDS {
            comparison.add(renewals(ours.clone(), 1).await, other().await);
        }
        comparison
    };
    runtime.block_on(runtime.spawn(work)).unwrap()
}

fn http_client() -> oauth2::reqwest::Client {
    oauth2::reqwest::Client::builder()
        .redirect(oauth2::reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

/// The ID token of the answer is ignored.
struct OAuth2 {
    client: BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>,
    http: oauth2::reqwest::Client,
    refresh_token: Mutex<RefreshToken>,
}

impl OAuth2 {
    fn new(issuer: &str, refresh_token: String) -> Self {
        let endpoint = TokenUrl::new(format!("{issuer}oauth/token")).unwrap();
        Self {
            client: BasicClient::new(ClientId::new("native-app".to_owned())).set_token_uri(endpoint),
            http: http_client(),
            refresh_token: Mutex::new(RefreshToken::new(refresh_token)),
        }
    }

    async fn renew(self: Arc<Self>) -> Duration {
        let refresh_token = self.refresh_token.lock().unwrap().clone();
        let start = Instant::now();
        let answer = self
            .client
            .exchange_refresh_token(&refresh_token)
            .request_async(&self.http)
            .await
            .unwrap();
        let taken = start.elapsed();
        *self.refresh_token.lock().unwrap() = answer.refresh_token().unwrap().clone();
        taken
    }
}

type DiscoveredClient =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// The ID token of the answer is verified.
struct OpenIdConnect {
    client: DiscoveredClient,
    http: oauth2::reqwest::Client,
    refresh_token: Mutex<RefreshToken>,
}

impl OpenIdConnect {
    async fn new(issuer: &str, refresh_token: String) -> Self {
        let http = http_client();
        let issuer = IssuerUrl::new(issuer.to_owned()).unwrap();
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new("native-app".to_owned()), None);
        Self {
            client,
            http,
            refresh_token: Mutex::new(RefreshToken::new(refresh_token)),
        }
    }

    async fn renew(self: Arc<Self>) -> Duration {
        let refresh_token = self.refresh_token.lock().unwrap().clone();
        let start = Instant::now();
        let request = self.client.exchange_refresh_token(&refresh_token).unwrap();
        let answer = request.request_async(&self.http).await.unwrap();
        let any_nonce = |_: Option<&Nonce>| Ok(());
        answer
            .id_token()
            .unwrap()
            .claims(&self.client.id_token_verifier(), any_nonce)
            .unwrap();
        let taken = start.elapsed();
        *self.refresh_token.lock().unwrap() = answer.refresh_token().unwrap().clone();
        taken
    }
}
