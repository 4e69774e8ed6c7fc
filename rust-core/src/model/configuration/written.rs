//! The app's configuration as Swift sees it, before validation.

use std::collections::HashMap;

use crate::model::proof_key::TokenBinding;

/// The configuration of a session. Every field is validated when a session is created from it. Nothing here is secret,
/// because a native app is a public client (RFC 8252 8.5).
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SessionConfiguration {
    /// The provider that issues the tokens.
    pub provider: Provider,
    /// The client identifier that the issuer gave this app (RFC 6749 2.2).
    pub client_id: String,
    /// Where the issuer sends the user back to, exactly as registered there: a custom scheme
    /// (`com.example.app://callback`), a claimed `https` URL, or `http` on a loopback host (RFC 8252 7).
    pub redirect_uri: String,
    /// The scopes to request. `openid` is required; with `offline_access`, most issuers return a refresh token.
    pub scopes: Vec<String>,
    /// The API that the access token is for: sent as `audience` (Auth0) in the authorization request.
    #[uniffi(default = None)]
    pub audience: Option<String>,
    /// Providers other than Auth0: the APIs for which access tokens can be requested later, besides the session's own.
    /// Each is an absolute URI without a fragment, sent as a separate `resource` in the authorization request (RFC 8707
    /// 2.1): a provider issues tokens only for APIs that the user's grant names.
    #[uniffi(default)]
    pub resources: Vec<String>,
    /// Additional parameters of the authorization request, for example `prompt`, `connection`.
    #[uniffi(default)]
    pub authorize_parameters: HashMap<String, String>,
    /// Additional parameters of every token request.
    #[uniffi(default)]
    pub token_parameters: HashMap<String, String>,
    /// Additional headers of requests to the issuer's own origin (scheme, host and port), and to `header_origins`.
    #[uniffi(default)]
    pub headers: HashMap<String, String>,
    /// Further origins that get `headers`, such as `https://login.example.com`, if the issuer has endpoints on other
    /// hosts that need them. They have to be named because a discovery document can name any host, and headers can
    /// contain keys.
    #[uniffi(default)]
    pub header_origins: Vec<String>,
    /// The maximum difference between the times in an ID token and the issuer's clock, in seconds. 60 is a good value;
    /// at most 300.
    #[uniffi(default = 60)]
    pub leeway_seconds: u32,
    /// Send the ID token to Auth0's Management API, as its first mobile SDKs did, for tenants that are so old that they
    /// still accept it. Others require an access token, which is obtained automatically.
    #[uniffi(default = false)]
    pub metadata_by_id_token: bool,
    /// Push the authorization request to the issuer by POST, so that the browser's URL only refers to it (RFC 9126). If
    /// the issuer's discovery document requires pushed requests, they are used in any case.
    #[uniffi(default = false)]
    pub pushes_authorization_requests: bool,
    /// Bind the tokens to a key of this device, in its Secure Enclave if it has one, so that a stolen token is of no
    /// use elsewhere (DPoP, RFC 9449; Auth0: "Demonstrating Proof-of-Possession (DPoP)").
    pub dpop: TokenBinding,
    /// When the session ends, whatever its tokens allow: after that no token is returned or renewed, and the user has
    /// to sign in again.
    pub lifetime: SessionLifetime,
    /// Auth0 only: allows the calls that use its endpoints from before June 2017 (`/delegation`, `/tokeninfo`,
    /// `/oauth/ro`), for tenants that still have them. Otherwise each of those calls fails without a request.
    #[uniffi(default = false)]
    pub legacy: bool,
}

impl SessionConfiguration {
    /// A configuration with only the required values; the others have the defaults that Swift has.
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

/// How long a session may last, whatever its tokens allow. Without values there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SessionLifetime {
    /// Seconds since the sign-in.
    #[uniffi(default = None)]
    pub absolute_seconds: Option<u64>,
    /// Seconds since the last use, that is, the last token that the app got. At most as long as the absolute lifetime.
    #[uniffi(default = None)]
    pub idle_seconds: Option<u64>,
    /// The end is announced this many seconds before; if the limit is less than twice as long, when half of it has
    /// passed.
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

/// The provider that issues the tokens.
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
