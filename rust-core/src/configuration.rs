//! What an app says once: which issuer, which client, and how it wants to be called back. Checked before anything is
//! sent.

use std::collections::HashMap;

use url::{Host, Url};

use crate::error::Error;

/// What an app configures. Every field is checked by [`Configuration::parse`]; nothing here is secret, because a native
/// app is a public client (RFC 8252 8.5).
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
    /// More parameters for the authorization request, for example `prompt`, `connection`, `resource`.
    #[uniffi(default)]
    pub authorize_parameters: HashMap<String, String>,
    /// More parameters for every token request.
    #[uniffi(default)]
    pub token_parameters: HashMap<String, String>,
    /// More headers for every request to the issuer.
    #[uniffi(default)]
    pub headers: HashMap<String, String>,
    /// How far the issuer's clock and ours may be apart when an ID token is judged, in seconds. 60 is a good value;
    /// at most 300.
    #[uniffi(default = 60)]
    pub leeway_seconds: u32,
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

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Which kind of provider, and its base URL (with a trailing slash for Auth0).
    pub issuer: IssuerUrl,
    /// The client identifier.
    pub client_id: String,
    /// The redirect URI as text, because it is compared byte by byte at the issuer.
    pub redirect_uri: String,
    /// The redirect URI, parsed.
    pub redirect_url: Url,
    /// The scopes, without duplicates, in the order given.
    pub scopes: Vec<String>,
    /// The audience.
    pub audience: Option<String>,
    /// Extra parameters for the authorization request, sorted by name.
    pub authorize_parameters: Vec<(String, String)>,
    /// Extra parameters for token requests, sorted by name.
    pub token_parameters: Vec<(String, String)>,
    /// Extra headers, names in lower case, sorted by name.
    pub headers: Vec<(String, String)>,
    /// Leeway for judging ID tokens, in seconds.
    pub leeway_seconds: i64,
}

/// The issuer as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerUrl {
    /// `https://{domain}/`
    Auth0(Url),
    /// As the app wrote it.
    OpenIdConnect(Url),
}

/// Parameters that Pilotlight sets itself; letting an app set them would undo PKCE, `state` or `nonce`.
const RESERVED_PARAMETERS: [&str; 14] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "code",
    "code_verifier",
    "grant_type",
    "refresh_token",
    "audience",
];
/// Headers that belong to the protocol.
const RESERVED_HEADERS: [&str; 6] = [
    "authorization",
    "content-type",
    "content-length",
    "accept",
    "host",
    "cookie",
];
const MAX_LEEWAY_SECONDS: u32 = 300;

impl Configuration {
    /// Checks what the app wrote.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming the field.
    pub fn parse(written: SessionConfiguration) -> Result<Self, Error> {
        let redirect_url = parse_redirect_uri(&written.redirect_uri)?;
        if written.client_id.trim().is_empty() {
            return Err(wrong("client_id", "is empty"));
        }
        if written.leeway_seconds > MAX_LEEWAY_SECONDS {
            return Err(wrong("leeway_seconds", "is more than 300 seconds"));
        }
        if written
            .audience
            .as_deref()
            .is_some_and(|audience| audience.trim().is_empty())
        {
            return Err(wrong("audience", "is empty; leave it out instead"));
        }
        Ok(Self {
            issuer: parse_provider(&written.provider)?,
            client_id: written.client_id,
            redirect_uri: written.redirect_uri,
            redirect_url,
            scopes: parse_scopes("scopes", written.scopes, true)?,
            audience: written.audience,
            authorize_parameters: parse_parameters("authorize_parameters", written.authorize_parameters)?,
            token_parameters: parse_parameters("token_parameters", written.token_parameters)?,
            headers: parse_headers(written.headers)?,
            leeway_seconds: i64::from(written.leeway_seconds),
        })
    }

    /// The name of the stored item: a session belongs to one client at one issuer, so that an app that changes its
    /// tenant never presents one issuer's refresh token to another.
    pub fn item_name(&self, session_name: &str) -> String {
        format!("{session_name}|{}|{}", self.client_id, self.issuer.as_url())
    }
}

impl IssuerUrl {
    /// The URL.
    pub fn as_url(&self) -> &Url {
        match self {
            Self::Auth0(url) | Self::OpenIdConnect(url) => url,
        }
    }
}

/// Checks a list of scopes (RFC 6749 3.3) and removes duplicates.
///
/// # Errors
/// [`Error::Configuration`] naming `field`.
pub fn parse_scopes(field: &'static str, scopes: Vec<String>, openid_needed: bool) -> Result<Vec<String>, Error> {
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    let mut parsed: Vec<String> = Vec::with_capacity(scopes.len());
    for scope in scopes {
        if scope.is_empty() || !scope.bytes().all(allowed) {
            return Err(wrong(
                field,
                "has a scope that is empty or has a character that RFC 6749 3.3 does not allow",
            ));
        }
        if !parsed.contains(&scope) {
            parsed.push(scope);
        }
    }
    if openid_needed && !parsed.iter().any(|scope| scope == "openid") {
        return Err(wrong(field, "does not contain \"openid\""));
    }
    Ok(parsed)
}

/// Checks extra parameters; sorts them, so that the same configuration always makes the same request.
///
/// # Errors
/// [`Error::Configuration`] naming `field`.
pub fn parse_parameters(
    field: &'static str,
    parameters: HashMap<String, String>,
) -> Result<Vec<(String, String)>, Error> {
    let mut parsed: Vec<_> = parameters.into_iter().collect();
    parsed.sort();
    for (name, _) in &parsed {
        if name.is_empty() {
            return Err(wrong(field, "has a parameter without a name"));
        }
        if RESERVED_PARAMETERS.contains(&name.as_str()) {
            return Err(Error::Configuration {
                field,
                problem: format!("sets {name:?}, which Pilotlight sets itself"),
            });
        }
    }
    Ok(parsed)
}

/// Whether plain `http` is acceptable: only where the traffic cannot leave the machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Checks a URL that requests are sent to: `https`, or `http` on a loopback host; no user info, no fragment.
pub fn check_endpoint(url: &Url) -> Result<(), &'static str> {
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(url) => {}
        _ => return Err("must use https (http only on a loopback host)"),
    }
    if url.host().is_none() {
        return Err("has no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password");
    }
    if url.fragment().is_some() {
        return Err("must not have a fragment");
    }
    Ok(())
}

fn parse_provider(provider: &Provider) -> Result<IssuerUrl, Error> {
    match provider {
        Provider::Auth0 { domain } => {
            let text = if domain.contains("://") {
                domain.clone()
            } else {
                format!("https://{domain}")
            };
            let url = parse_issuer("domain", &text)?;
            if url.path() != "/" {
                return Err(wrong("domain", "must be a host name without a path"));
            }
            Ok(IssuerUrl::Auth0(url))
        }
        Provider::OpenIdConnect { issuer } => {
            if issuer.contains("/.well-known/") {
                return Err(wrong(
                    "issuer",
                    "is the discovery document's URL; leave out \"/.well-known/…\"",
                ));
            }
            parse_issuer("issuer", issuer).map(IssuerUrl::OpenIdConnect)
        }
    }
}

fn parse_issuer(field: &'static str, text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|error| Error::Configuration {
        field,
        problem: format!("is not a URL: {error}"),
    })?;
    check_endpoint(&url).map_err(|problem| wrong(field, problem))?;
    if url.query().is_some() {
        return Err(wrong(field, "must not have a query"));
    }
    Ok(url)
}

fn parse_redirect_uri(text: &str) -> Result<Url, Error> {
    const FIELD: &str = "redirect_uri";
    let url = Url::parse(text).map_err(|error| Error::Configuration {
        field: FIELD,
        problem: format!("is not a URL: {error}"),
    })?;
    if url.fragment().is_some() {
        return Err(wrong(FIELD, "must not have a fragment (RFC 6749 3.1.2)"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(wrong(FIELD, "may use http only on a loopback host")),
        "javascript" | "data" | "file" | "about" | "blob" => {
            Err(wrong(FIELD, "uses a scheme that cannot call an app back"))
        }
        _ => Ok(url),
    }
}

fn parse_headers(headers: HashMap<String, String>) -> Result<Vec<(String, String)>, Error> {
    const FIELD: &str = "headers";
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let mut parsed: Vec<_> = headers
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    parsed.sort();
    for (name, value) in &parsed {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(wrong(
                FIELD,
                "has a name with a character that RFC 9110 5.1 does not allow",
            ));
        }
        if RESERVED_HEADERS.contains(&name.as_str()) {
            return Err(Error::Configuration {
                field: FIELD,
                problem: format!("sets {name:?}, which Pilotlight sets itself"),
            });
        }
        if !value.bytes().all(|byte| byte == b'\t' || (0x20..0x7f).contains(&byte)) {
            return Err(wrong(FIELD, "has a value with a character that is not printable ASCII"));
        }
    }
    Ok(parsed)
}

fn wrong(field: &'static str, problem: &'static str) -> Error {
    Error::Configuration {
        field,
        problem: problem.to_owned(),
    }
}
