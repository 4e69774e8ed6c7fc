//! The app's configuration: the issuer, the client, and how the issuer calls the app back. Validated before anything is
//! sent.

mod item_names;
mod parameters;
mod written;

use std::time::Duration;

use url::{Host, ParseError, Url};

use crate::model::audience::{RESOURCE_PROBLEM, is_resource_indicator};
use crate::model::invalid::{InvalidConfiguration, InvalidValue, quoted};
use crate::model::lifetime::LifetimeLimits;
use crate::model::proof_key::TokenBinding;
use crate::model::scopes::parse_scopes;
use item_names::ItemNames;
use parameters::parse_headers;

pub use item_names::{UNREADABLE_SUFFIX, is_item_name, unreadable_name};
pub use parameters::{parse_authorize_parameters, parse_parameters};
pub use written::{Provider, SessionConfiguration, SessionLifetime};

/// A valid configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The kind of provider, and its base URL (with a trailing slash for Auth0).
    pub issuer: IssuerUrl,
    /// The client identifier.
    pub client_id: String,
    /// The redirect URI as text, because the issuer compares it byte by byte.
    pub redirect_uri: String,
    /// The redirect URI, parsed.
    pub redirect_url: Url,
    /// The scopes, without duplicates, in the order given.
    pub scopes: Vec<String>,
    /// The audience.
    pub audience: Option<String>,
    /// The resource indicators of the authorization request.
    pub resources: Vec<String>,
    /// Additional parameters of the authorization request, sorted by name.
    pub authorize_parameters: Vec<(String, String)>,
    /// Additional parameters of token requests, sorted by name.
    pub token_parameters: Vec<(String, String)>,
    /// Additional headers, names in lower case, sorted by name.
    pub headers: Vec<(String, String)>,
    /// The origins, besides the issuer's own, that get these headers.
    pub header_origins: Vec<Url>,
    /// Leeway for checking ID tokens, in seconds.
    pub leeway_seconds: i64,
    /// Whether the ID token is sent to the Management API.
    pub metadata_by_id_token: bool,
    /// Whether authorization requests are pushed.
    pub pushes_authorization_requests: bool,
    /// Whether tokens are bound to a key of this device.
    pub dpop: TokenBinding,
    /// How long a session may last.
    pub lifetime: LifetimeLimits,
    /// Whether Auth0's endpoints from before June 2017 may be used.
    pub legacy: bool,
}

/// The issuer as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerUrl {
    /// `https://{domain}/`
    Auth0(Url),
    /// As the app wrote it.
    OpenIdConnect(Url),
}

const MAX_LEEWAY_SECONDS: u32 = 300;

impl Configuration {
    /// Validates the app's configuration.
    ///
    /// # Errors
    /// [`InvalidConfiguration`] naming the field.
    pub fn parse(written: SessionConfiguration) -> Result<Self, InvalidConfiguration> {
        Self::check(written).map_err(InvalidConfiguration)
    }

    fn check(written: SessionConfiguration) -> Result<Self, InvalidValue> {
        let redirect_url = parse_redirect_uri(&written.redirect_uri)?;
        if written.client_id.trim().is_empty() {
            return Err(InvalidValue::new("client_id", "is empty"));
        }
        if written.leeway_seconds > MAX_LEEWAY_SECONDS {
            let problem = format!("is {} seconds, and may be at most 300", written.leeway_seconds);
            return Err(InvalidValue::new("leeway_seconds", problem));
        }
        if written
            .audience
            .as_deref()
            .is_some_and(|audience| audience.trim().is_empty())
        {
            return Err(InvalidValue::new("audience", "is empty; leave it out instead"));
        }
        let issuer = parse_provider(&written.provider)?;
        if written.legacy && !matches!(issuer, IssuerUrl::Auth0(_)) {
            return Err(InvalidValue::new("legacy", "is for the provider Auth0 only"));
        }
        check_resources(&written.resources, &issuer)?;
        Ok(Self {
            issuer,
            client_id: written.client_id,
            redirect_uri: written.redirect_uri,
            redirect_url,
            scopes: parse_scopes("scopes", written.scopes, true)?,
            audience: written.audience,
            resources: written.resources,
            authorize_parameters: parse_authorize_parameters("authorize_parameters", written.authorize_parameters)?,
            token_parameters: parse_parameters("token_parameters", written.token_parameters)?,
            headers: parse_headers(written.headers)?,
            header_origins: parse_origins(&written.header_origins)?,
            leeway_seconds: i64::from(written.leeway_seconds),
            metadata_by_id_token: written.metadata_by_id_token,
            pushes_authorization_requests: written.pushes_authorization_requests,
            dpop: written.dpop,
            lifetime: parse_lifetime(written.lifetime)?,
            legacy: written.legacy,
        })
    }

    /// The additional headers of a request to `url`.
    pub fn headers_for(&self, url: &Url) -> &[(String, String)] {
        let mut known = std::iter::once(self.issuer.as_url()).chain(&self.header_origins);
        match !self.headers.is_empty() && known.any(|known| known.origin() == url.origin()) {
            true => &self.headers,
            false => &[],
        }
    }

    /// The API that the session's own access token is for, if the configuration names it.
    pub fn own_audience(&self) -> Option<&String> {
        let among_parameters = || self.authorize_parameters.iter().find(|(name, _)| name == "audience");
        self.audience
            .as_ref()
            .or_else(|| among_parameters().map(|(_, audience)| audience))
    }

    /// The name of the session's stored item.
    pub fn item_name(&self, session_name: &str) -> String {
        self.item_names().of(session_name)
    }

    /// The name of that item in earlier releases, if it was another. It may be another client's item.
    pub fn old_item_name(&self, session_name: &str) -> Option<String> {
        self.item_names().old(session_name)
    }

    /// The session that an item with this name belongs to, if it is one of this client at this issuer.
    pub fn session_name(&self, item_name: &str) -> Option<String> {
        self.item_names().session_name(item_name)
    }

    fn item_names(&self) -> ItemNames<'_> {
        ItemNames {
            client_id: &self.client_id,
            issuer: self.issuer.as_url().as_str(),
        }
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

/// Whether plain `http` is acceptable: only if the traffic cannot leave the machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Validates a URL that requests are sent to: `https`, or `http` on a loopback host; no user info, no fragment.
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

fn check_resources(resources: &[String], issuer: &IssuerUrl) -> Result<(), InvalidValue> {
    const FIELD: &str = "resources";
    if !resources.is_empty() && matches!(issuer, IssuerUrl::Auth0(_)) {
        return Err(InvalidValue::new(
            FIELD,
            "are for other providers; at Auth0 the application's Multi-Resource Refresh Token settings name the APIs",
        ));
    }
    match resources.iter().all(|resource| is_resource_indicator(resource)) {
        true => Ok(()),
        false => Err(InvalidValue::new(FIELD, RESOURCE_PROBLEM)),
    }
}

fn parse_lifetime(written: SessionLifetime) -> Result<LifetimeLimits, InvalidValue> {
    const FIELD: &str = "lifetime";
    let limits = LifetimeLimits {
        absolute: written.absolute_seconds.map(Duration::from_secs),
        idle: written.idle_seconds.map(Duration::from_secs),
        warning: Duration::from_secs(written.warning_seconds),
    };
    if [limits.absolute, limits.idle].contains(&Some(Duration::ZERO)) {
        return Err(InvalidValue::new(
            FIELD,
            "is zero; leave it out for a session without a limit",
        ));
    }
    match limits {
        LifetimeLimits {
            absolute: Some(absolute),
            idle: Some(idle),
            ..
        } if idle > absolute => Err(InvalidValue::new(
            FIELD,
            format!(
                "has an idle time of {} s, which is longer than the {} s that a session may go on at all",
                idle.as_secs(),
                absolute.as_secs()
            ),
        )),
        _ => Ok(limits),
    }
}

fn parse_provider(provider: &Provider) -> Result<IssuerUrl, InvalidValue> {
    match provider {
        Provider::Auth0 { domain } => {
            if domain.contains(char::is_whitespace) {
                let problem = format!("is {}, which contains a space", quoted(domain));
                return Err(InvalidValue::new("domain", problem));
            }
            let text = if domain.contains("://") {
                domain.clone()
            } else {
                format!("https://{domain}")
            };
            let url = parse_issuer("domain", &text)?;
            if url.path() != "/" {
                let problem = format!("is {}, and must be a host name without a path", quoted(domain));
                return Err(InvalidValue::new("domain", problem));
            }
            Ok(IssuerUrl::Auth0(url))
        }
        Provider::OpenIdConnect { issuer } => {
            if issuer.contains("/.well-known/") {
                let problem = format!(
                    "is {}, the discovery document's URL; leave out \"/.well-known/…\"",
                    quoted(issuer)
                );
                return Err(InvalidValue::new("issuer", problem));
            }
            parse_issuer("issuer", issuer).map(IssuerUrl::OpenIdConnect)
        }
    }
}

fn parse_issuer(field: &'static str, text: &str) -> Result<Url, InvalidValue> {
    let url = parse_url(field, text)?;
    // A URL with a user name or a password is not quoted.
    let wrong = |problem: &str| match url.username().is_empty() && url.password().is_none() {
        true => InvalidValue::new(field, format!("is {}, and {problem}", quoted(text))),
        false => InvalidValue::new(field, problem),
    };
    check_endpoint(&url).map_err(wrong)?;
    if url.query().is_some() {
        return Err(wrong("must not have a query"));
    }
    Ok(url)
}

fn parse_origins(written: &[String]) -> Result<Vec<Url>, InvalidValue> {
    const FIELD: &str = "header_origins";
    let parse = |text: &String| {
        let url = parse_issuer(FIELD, text)?;
        if url.path() != "/" {
            let problem = format!(
                "has {}, and must name origins: a scheme, a host and a port",
                quoted(text)
            );
            return Err(InvalidValue::new(FIELD, problem));
        }
        Ok(url)
    };
    written.iter().map(parse).collect()
}

fn parse_redirect_uri(text: &str) -> Result<Url, InvalidValue> {
    const FIELD: &str = "redirect_uri";
    let url = parse_url(FIELD, text)?;
    let wrong = |problem: &str| InvalidValue::new(FIELD, format!("is {}, and {problem}", quoted(text)));
    if url.fragment().is_some() {
        return Err(wrong("must not have a fragment (RFC 6749 3.1.2)"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(wrong("may use http only on a loopback host")),
        "javascript" | "data" | "file" | "about" | "blob" => Err(wrong("uses a scheme that cannot call an app back")),
        _ => Ok(url),
    }
}

fn parse_url(field: &'static str, text: &str) -> Result<Url, InvalidValue> {
    let wrong = |problem: &str| {
        // Text that may contain a password is not quoted.
        let shown = match text.contains('@') {
            true => "[redacted]".to_owned(),
            false => quoted(text),
        };
        InvalidValue::new(field, format!("is {shown}, {problem}"))
    };
    if text.is_empty() {
        return Err(InvalidValue::new(field, "is empty"));
    }
    // The parser drops some of these characters and reads others as part of a host name.
    if text.contains(char::is_whitespace) {
        return Err(wrong("which contains a space"));
    }
    Url::parse(text).map_err(|error| match error {
        // The tables for the conversion are left out to save space: docs/adr/0007.
        ParseError::IdnaError => wrong(
            "which has a host name that is not ASCII, or wrong punycode; write the name in its punycode form (xn--…)",
        ),
        ParseError::RelativeUrlWithoutBase => wrong("which is not a URL: it has no scheme, such as https://"),
        error => wrong(&format!("which is not a URL: {error}")),
    })
}
