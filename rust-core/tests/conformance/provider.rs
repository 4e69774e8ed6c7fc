//! The identity server as the suite's provider, and a relying party right after its process has started.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use pilotlight_core::adapters::foreign_keychain::ForeignKeychain;
use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::adapters::keychain;
use pilotlight_core::adapters::memory_store::MemoryStore;
use pilotlight_core::adapters::off_thread::OffThread;
use pilotlight_core::adapters::proof_keys::SoftwareKeys;
use pilotlight_core::adapters::system::{SystemClock, SystemRandomness, TokioSpawner};
use pilotlight_core::machine::error::Error;
use pilotlight_core::model::configuration::{Configuration, Provider as Issuer, SessionConfiguration};
use pilotlight_core::model::proof_key::TokenBinding;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::ports::{Log, LogLevel, Transport as _};
use pilotlight_core::protocol::logout::LogoutOptions;
use pilotlight_core::protocol::message::HttpRequest;
use pilotlight_core::session::{Dependencies, SessionManager, Sharing, SignInOptions, TokenOptions};
use pilotlight_identity_server::{Control, Dpop, Endpoint, Fault, IdTokenFault, IdentityServer, Options};
use pilotlight_test_browser::plain_http_client;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use url::Url;

const USER: &str = "ada@example.com";

pub(crate) struct Provider {
    pub(crate) server: IdentityServer,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let server = IdentityServer::start(options).await.unwrap();
        Self { server }
    }

    pub(crate) fn control(&self) -> &Control {
        self.server.control()
    }

    /// Alters the next ID token.
    pub(crate) fn sends_id_token(&self, fault: IdTokenFault) {
        self.control().fault(Endpoint::Token, Fault::id_token(fault));
    }

    /// The keys that are published now.
    pub(crate) async fn keys(&self) -> Vec<Value> {
        let url = Url::parse(&format!("{}.well-known/jwks.json", self.server.issuer())).unwrap();
        let request = HttpRequest::get(url, "application/json");
        let answer = HttpTransport::new().send(request).await.unwrap();
        let document: Value = serde_json::from_slice(answer.body.expose()).unwrap();
        document["keys"].as_array().unwrap().clone()
    }

    /// A provider that binds tokens, and requires a nonce in each proof if `wants_nonces` is set.
    pub(crate) async fn fapi2(wants_nonces: bool) -> Self {
        let settings = Options::default().with(|settings| {
            settings.dpop = Dpop::Required;
            settings.dpop_nonce_lifetime = wants_nonces.then_some(300);
        });
        Self::with(settings).await
    }

    /// The statuses of its answers to each request to `endpoint`.
    pub(crate) fn statuses(&self, endpoint: Endpoint) -> Vec<u16> {
        let requests = self.control().requests();
        let there = requests.iter().filter(|request| request.endpoint == endpoint);
        there.filter_map(|request| request.status).collect()
    }

    /// Replaces the key set from now on.
    pub(crate) fn publishes(&self, keys: &[Value]) {
        let fault = Fault::answer(json!({ "keys": keys }));
        self.control().fault(Endpoint::Jwks, fault.for_ever());
    }

    /// A relying party whose process has just started.
    pub(crate) fn relying_party(&self) -> RelyingParty<'_> {
        self.relying_party_with(|_| {})
    }

    /// As the FAPI 2.0 security profile requires: a pushed request, and tokens that are bound to a key (5.3.2 and
    /// 5.3.4).
    pub(crate) fn fapi2_relying_party(&self) -> RelyingParty<'_> {
        self.relying_party_with(|configuration| {
            configuration.pushes_authorization_requests = true;
            configuration.dpop = TokenBinding::Required;
        })
    }

    fn relying_party_with(&self, change: impl FnOnce(&mut SessionConfiguration)) -> RelyingParty<'_> {
        let scopes = ["openid", "profile", "email", "address", "phone", "offline_access"];
        let mut configuration = SessionConfiguration::new(
            Issuer::OpenIdConnect {
                issuer: self.server.issuer().to_owned(),
            },
            "native-app",
            "com.example.pilotlight://callback",
            &scopes,
        );
        change(&mut configuration);
        let runtime = Handle::current();
        let dependencies = Dependencies {
            store: Arc::new(OffThread::new(Arc::new(MemoryStore::default()), runtime.clone())),
            foreign_items: Arc::new(ForeignKeychain::new(Box::new(keychain::open), runtime.clone())),
            proof_keys: Arc::new(SoftwareKeys),
            sharing: Sharing::Alone,
            transport: Arc::new(HttpTransport::new()),
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            spawner: Arc::new(TokioSpawner::new(runtime)),
            log: Arc::new(Silent),
        };
        let configuration = Configuration::parse(configuration).unwrap();
        RelyingParty {
            provider: self,
            session: SessionManager::new(configuration, "default", dependencies).unwrap(),
        }
    }
}

pub(crate) struct RelyingParty<'a> {
    provider: &'a Provider,
    pub(crate) session: SessionManager,
}

impl RelyingParty<'_> {
    /// The callback URL after the user has signed in at the provider.
    pub(crate) async fn callback(&self) -> Result<String, Error> {
        let request = self.session.begin_sign_in(SignInOptions::default()).await?;
        Ok(self.provider.server.authorize(&request.url, USER).await.unwrap())
    }

    pub(crate) async fn sign_in(&self) -> Result<SessionState, Error> {
        let callback = self.callback().await?;
        self.session.complete_sign_in(&callback).await
    }

    /// Sends a bound token to a resource, which is the userinfo endpoint.
    pub(crate) async fn gets_the_resource(&self) {
        assert!(self.session.bound_key().is_some());
        self.session.profile(true).await.unwrap();
    }

    pub(crate) async fn is_signed_in(&self) {
        let state = self.sign_in().await.unwrap();
        assert!(matches!(state, SessionState::SignedIn { .. }), "{state:?}");
    }

    /// Checks that nobody is signed in and that the reason names `what`.
    pub(crate) async fn refuses_to_sign_in(&self, what: &str) {
        let error = self.sign_in().await.unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        self.has_no_session();
    }

    /// A renewal whose ID token has another value in `claim` fails with an error that names it. The rotated refresh
    /// token is kept; the other tokens of the answer are not used.
    pub(crate) async fn refuses_a_renewal_with(&self, claim: &str) {
        self.is_signed_in().await;
        self.provider
            .sends_id_token(IdTokenFault::new().claim(claim, json!("https://other.example/")));
        let error = self.renew().await.unwrap_err();
        assert!(error.to_string().contains(claim), "{error}");
        self.renews_after_the_cooldown().await;
    }

    /// Signs in and out again, on the device and in the browser. Returns the URL to which the provider then sends the
    /// browser.
    pub(crate) async fn signs_out_with_the_browser(&self) -> Url {
        const RETURN_TO: &str = "com.example.pilotlight://logout";
        self.is_signed_in().await;
        self.session.sign_out().await;
        let options = LogoutOptions {
            return_to: Some(RETURN_TO.to_owned()),
            sends_id_token_hint: true,
            ..LogoutOptions::default()
        };
        let url = Url::parse(&self.session.logout_url(&options).await.unwrap()).unwrap();
        assert!(url.as_str().starts_with(self.provider.server.issuer()));
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(query["client_id"], "native-app");
        assert_eq!(query["post_logout_redirect_uri"], RETURN_TO);
        assert!(query.contains_key("id_token_hint"));
        let browser = plain_http_client().redirect(Policy::none()).build().unwrap();
        let answer = browser.get(url.as_str()).send().await.unwrap();
        Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap()
    }

    pub(crate) fn has_no_session(&self) {
        let token = self.session.with_cached_access_token(Duration::ZERO, str::to_owned);
        assert_eq!(token, None);
        let state = self.session.state();
        assert!(!matches!(state, Some(SessionState::SignedIn { .. })), "{state:?}");
    }

    /// A renewal that failed is not repeated at once.
    pub(crate) async fn renews_after_the_cooldown(&self) {
        let renewing = async {
            while self.renew().await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), renewing).await.unwrap();
    }

    pub(crate) async fn renew(&self) -> Result<String, Error> {
        let forced = TokenOptions {
            force_refresh: true,
            ..TokenOptions::default()
        };
        Ok(self.session.access_token(forced).await?.expose().to_owned())
    }
}

/// The callback with a parameter changed or removed.
pub(crate) fn with_parameter(callback: &str, changed: &str, change: impl Fn(&str) -> Option<String>) -> Url {
    let mut other = Url::parse(callback).unwrap();
    let pairs: Vec<_> = other.query_pairs().into_owned().collect();
    assert!(pairs.iter().any(|(name, _)| name == changed), "{callback}");
    other
        .query_pairs_mut()
        .clear()
        .extend_pairs(pairs.into_iter().filter_map(|(name, value)| {
            let value = if name == changed { change(&value)? } else { value };
            Some((name, value))
        }));
    other
}

#[derive(Debug)]
struct Silent;

impl Log for Silent {
    fn log(&self, _: LogLevel, _: &str) {}
}
