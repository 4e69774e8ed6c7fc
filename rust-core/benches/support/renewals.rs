//! One renewal, by a session and by bare reqwest.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pilotlight_core::adapters::http::HttpLimits;
use pilotlight_core::adapters::memory_store::MemoryStore;
use pilotlight_core::adapters::off_thread::BlockingStore;
use pilotlight_core::adapters::tls;
use pilotlight_core::model::configuration::Configuration;
use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::session::{SessionManager, SignInOptions, TokenOptions};
use pilotlight_core::storage::envelope::StoredItem;
use pilotlight_identity_server::IdentityServer;
use reqwest::{Client, redirect, retry};
use serde_json::Value;
use tokio::runtime::Handle;
use url::form_urlencoded;

use super::{item, session};

const NEW: TokenOptions = TokenOptions {
    min_ttl: Duration::ZERO,
    force_refresh: true,
    allow_expired: false,
};
pub(crate) async fn renewals(session: SessionManager, times: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        session.access_token(NEW).await.unwrap();
    }
    start.elapsed()
}

/// A session, and the refresh token that it holds.
pub(crate) async fn sign_in(
    server: &IdentityServer,
    configuration: &Configuration,
    runtime: &Handle,
) -> (SessionManager, String) {
    let store = Arc::new(MemoryStore::new());
    let session = sign_in_to(server, configuration, runtime, &store).await;
    let stored: SecretBytes = store.read(&item(configuration)).unwrap().unwrap();
    let tokens = StoredItem::decode(&stored).unwrap().into_session().unwrap().credentials;
    (session, tokens.refresh_token.unwrap().expose().to_owned())
}

pub(crate) async fn sign_in_to(
    server: &IdentityServer,
    configuration: &Configuration,
    runtime: &Handle,
    store: &Arc<MemoryStore>,
) -> SessionManager {
    let session = session(configuration, store.clone(), runtime);
    let begun = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    let callback = server.authorize(&begun.url, "ada@example.com").await.unwrap();
    session.complete_sign_in(&callback).await.unwrap();
    session
}

/// The same request without a session around it.
#[derive(Clone)]
pub(crate) struct Bare {
    client: Client,
    endpoint: String,
    refresh_token: Arc<Mutex<String>>,
}

impl Bare {
    pub(crate) fn new(server: &IdentityServer, refresh_token: String) -> Self {
        let limits = HttpLimits::default();
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client_config().unwrap())
            .http1_only()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .user_agent("Pilotlight/0.1.0")
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .pool_idle_timeout(limits.idle);
        Self {
            client: client.build().unwrap(),
            endpoint: format!("{}oauth/token", server.issuer()),
            refresh_token: Arc::new(refresh_token.into()),
        }
    }

    /// The time from the form to the last byte of the answer. Finding the next refresh token in it does not count,
    /// because bare reqwest reads no JSON.
    pub(crate) async fn renewals(self, times: u64) -> Duration {
        let mut taken = Duration::ZERO;
        for _ in 0..times {
            let refresh_token = self.refresh_token.lock().unwrap().clone();
            let start = Instant::now();
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("grant_type", "refresh_token")
                .append_pair("client_id", "native-app")
                .append_pair("refresh_token", &refresh_token)
                .finish();
            let request = self
                .client
                .post(&self.endpoint)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("accept", "application/json")
                .body(form);
            let body = request
                .send()
                .await
                .unwrap()
                .error_for_status()
                .unwrap()
                .bytes()
                .await
                .unwrap();
            taken += start.elapsed();
            let answer: Value = serde_json::from_slice(&body).unwrap();
            *self.refresh_token.lock().unwrap() = answer["refresh_token"].as_str().unwrap().to_owned();
        }
        taken
    }
}
