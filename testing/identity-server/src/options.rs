//! The options with which a server starts.

use crate::accounts::Account;
use crate::secret::Secret;
use crate::settings::Settings;

/// How to start a server. `Options::default()` is ready for use.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 (the default) takes a free one.
    pub port: u16,
    /// The URL under which the issuer and the endpoints are announced, if not the server's own, for tests with a proxy
    /// in front. With or without a trailing slash.
    pub public_url: Option<String>,
    /// Default: [`Client::native`] `native-app`.
    pub clients: Vec<Client>,
    /// Default: [`Account::ada`] and [`Account::grace`].
    pub accounts: Vec<Account>,
    /// The APIs that tokens can be requested for, besides the Management API. Default: `https://api.example.com/`.
    pub apis: Vec<Api>,
    /// Default: `org_pilotlight`, named `pilotlight`.
    pub organizations: Vec<Organization>,
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            public_url: None,
            clients: vec![Client::native("native-app"), Client::native("sibling-app")],
            accounts: vec![Account::ada(), Account::grace()],
            apis: vec![Api {
                identifier: "https://api.example.com/".into(),
                scopes: vec!["read:messages".into(), "write:messages".into()],
            }],
            organizations: vec![Organization {
                id: "org_pilotlight".into(),
                name: "pilotlight".into(),
            }],
            settings: Settings::default(),
        }
    }
}

impl Options {
    /// Changes settings in place: `Options::default().with(|s| s.leeway = 10)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Adds a client; one with the same id is replaced.
    #[must_use]
    pub fn client(mut self, client: Client) -> Self {
        self.clients.retain(|known| known.id != client.id);
        self.clients.push(client);
        self
    }

    /// Adds an account; one with the same email address is replaced.
    #[must_use]
    pub fn account(mut self, account: Account) -> Self {
        self.accounts.retain(|known| known.email != account.email);
        self.accounts.push(account);
        self
    }
}

/// A registered application.
#[derive(Debug, Clone)]
pub struct Client {
    pub id: String,
    /// `None` for a public client, which must use PKCE.
    pub secret: Option<Secret>,
    /// Compared exactly; on loopback addresses any port matches (RFC 8252 section 7.3).
    pub redirect_uris: Vec<String>,
    /// Where `/v2/logout` may redirect.
    pub logout_uris: Vec<String>,
    /// Whether the `refresh_token` grant is allowed, and thus `offline_access`. Default true.
    pub refresh_tokens: bool,
    /// Whether the grants of `/delegation` and `/oauth/ro` are allowed. Default true; [`Settings::legacy`] is needed too.
    pub legacy: bool,
}

impl Client {
    /// A public native client with the redirect URIs that examples and tests use.
    #[must_use]
    pub fn native(id: &str) -> Self {
        let redirect_uris = [
            "com.example.pilotlight://callback",
            "com.example.app.auth0://127.0.0.1/ios/com.example.app/callback",
            "http://127.0.0.1/callback",
            "https://app.example.com/callback",
        ];
        let logout_uris = redirect_uris
            .iter()
            .chain(&["com.example.pilotlight://logout", "https://app.example.com/"]);
        Self {
            id: id.into(),
            secret: None,
            redirect_uris: redirect_uris.map(str::to_owned).to_vec(),
            logout_uris: logout_uris.map(|uri| (*uri).to_owned()).collect(),
            refresh_tokens: true,
            legacy: true,
        }
    }

    /// The same with a secret: it authenticates with `client_secret_post` or `client_secret_basic` and may omit PKCE.
    #[must_use]
    pub fn confidential(id: &str, secret: &str) -> Self {
        Self {
            secret: Some(Secret::new(secret)),
            ..Self::native(id)
        }
    }
}

/// An API that access tokens are issued for.
#[derive(Debug, Clone)]
pub struct Api {
    /// The audience.
    pub identifier: String,
    /// The scopes that may be granted besides the OpenID Connect scopes.
    pub scopes: Vec<String>,
}

/// An organization that `organization` can name.
#[derive(Debug, Clone)]
pub struct Organization {
    pub id: String,
    pub name: String,
}
