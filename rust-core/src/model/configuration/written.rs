//! What an app writes down: the records as Swift sees them.

use std::collections::HashMap;

use crate::model::proof_key::TokenBinding;

/// What an app configures. Every field is checked when a session is made from it; nothing here is secret, because a
/// native app is a public client (RFC 8252 8.5).
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SessionConfiguration {
    /// Who issues the tokens.
    pub provider: Provider,
    /// The client identifier that the issuer gave this app (RFC 6749 2.2).
    pub client_id: String,
    /// Where the issuer sends the user back to, exactly as registered there: a custom scheme
    /// (`com.example.app://callback`), a claimed `https` URL, or `http` on a loopback host (RFC 8252 7).
    pub redirect_uri: String,
    /// The scopes to ask for. `openid` is needed; `offline_access` brings a refresh token at most issuers.
    pub scopes: Vec<String>,
    /// The API the access token is for: sent as `audience` (Auth0) in the authorization request.
    #[uniffi(default = None)]
    pub audience: Option<String>,
    /// Providers other than Auth0: the APIs that access tokens can be asked for later, beside the session's own. Each
    /// is an absolute URI without a fragment, sent as its own `resource` in the authorization request (RFC 8707
    /// 2.1): a provider gives tokens only for what the user's grant names.
    #[uniffi(default)]
    pub resources: Vec<String>,
    /// More parameters for the authorization request, for example `prompt`, `connection`.
    #[uniffi(default)]
    pub authorize_parameters: HashMap<String, String>,
    /// More parameters for every token request.
    #[uniffi(default)]
    pub token_parameters: HashMap<String, String>,
    /// More headers for the requests to the issuer: to its own origin (scheme, host and port), and to `header_origins`.
    #[uniffi(default)]
    pub headers: HashMap<String, String>,
    /// Further origins that `headers` are for, as `https://login.example.com`: where the issuer's endpoints are on other
    /// hosts that need them. A discovery document can name any host, and headers can be keys.
    #[uniffi(default)]
    pub header_origins: Vec<String>,
    /// By how much the times in an ID token may differ from the issuer's clock, in seconds. 60 is a good value;
    /// at most 300.
    #[uniffi(default = 60)]
    pub leeway_seconds: u32,
    /// Send the ID token to Auth0's Management API, as its first mobile SDKs did: for tenants that are so old that they
    /// still take it. Others want an access token, which is found by itself.
    #[uniffi(default = false)]
    pub metadata_by_id_token: bool,
    /// Push the authorization request to the issuer by POST, so that the browser's URL only names it (RFC 9126). An issuer
    /// that requires it and says so in its discovery document is sent it in any case.
    #[uniffi(default = false)]
    pub pushes_authorization_requests: bool,
    /// Bind the tokens to a key of this device, in its Secure Enclave where there is one, so that a token that is stolen is
    /// of no use elsewhere (DPoP, RFC 9449; Auth0: "Demonstrating Proof-of-Possession (DPoP)").
    pub dpop: TokenBinding,
    /// When the session ends, whatever its tokens allow: then no token is given and none is renewed, and the user has to sign
    /// in again.
    pub lifetime: SessionLifetime,
    /// Auth0 only: allows the calls that use its endpoints of before June 2017 (`/delegation`, `/tokeninfo`,
    /// `/oauth/ro`), for tenants that still have them. Without it each of those calls is refused here and nothing is
    /// sent.
    #[uniffi(default = false)]
    pub legacy: bool,
}

impl SessionConfiguration {
    /// With nothing but what is needed; the rest is what Swift leaves it at.
    pub fn new(provider: Provider, client_id: &str, redirect_uri: &str, scopes: &[&str]) -> Self {
        Self {
            provider,
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            audience: None,
            resources: Vec::new(),
            authorize_parameters: HashMap::new(),
            token_parameters: HashMap::new(),
            headers: HashMap::new(),
            header_origins: Vec::new(),
            leeway_seconds: 60,
            metadata_by_id_token: false,
            pushes_authorization_requests: false,
            dpop: TokenBinding::Off,
            lifetime: SessionLifetime::default(),
            legacy: false,
        }
    }
}

/// How long a session may go on at most, whatever its tokens allow. Nothing here sets no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SessionLifetime {
    /// Seconds from the sign-in on.
    #[uniffi(default = None)]
    pub absolute_seconds: Option<u64>,
    /// Seconds from the last use on, which is the last token that the app got. At most as long as the absolute lifetime.
    #[uniffi(default = None)]
    pub idle_seconds: Option<u64>,
    /// So many seconds before the end it is announced; of a limit that is not twice as long, from its half on.
    #[uniffi(default = 300)]
    pub warning_seconds: u64,
}

impl Default for SessionLifetime {
    fn default() -> Self {
        Self {
            absolute_seconds: None,
            idle_seconds: None,
            warning_seconds: 300,
        }
    }
}

/// Who issues the tokens.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Provider {
    /// Auth0. `domain` is the tenant's or the custom domain (`tenant.eu.auth0.com`); a URL is accepted too, and `http`
    /// on a loopback host, for a development server. Endpoints are known, so no discovery request is made.
    Auth0 {
        /// The domain.
        domain: String,
    },
    /// Any OpenID Connect provider; its endpoints are found through OpenID Connect Discovery 1.0.
    OpenIdConnect {
        /// The issuer URL, without `/.well-known/openid-configuration`.
        issuer: String,
    },
}
