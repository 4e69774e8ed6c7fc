//! The endpoints of an issuer, as errors and log lines name them.

use std::fmt;

use url::Url;

/// An endpoint, by its name in errors and log lines. The name is defined in the file of each endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint(&'static str);

/// The endpoints that rules distinguish, or that several files use.
impl Endpoint {
    /// `/.well-known/openid-configuration`
    pub const DISCOVERY: Self = Self::named("discovery document");
    /// The authorization endpoint, which answers by the callback URL.
    pub const AUTHORIZATION: Self = Self::named("authorization endpoint");
    /// The token endpoint.
    pub const TOKEN: Self = Self::named("token endpoint");

    /// Auth0's `/oauth/ro`.
    pub const RESOURCE_OWNER: Self = Self::named("resource owner endpoint");

    /// The endpoint with this name.
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }
}

/// The server that was asked: an endpoint, and its host. As large as a pointer, because it is part of most errors, and
/// every result of a call is as large as the largest error.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server(Box<(Endpoint, String)>);

impl Server {
    /// The endpoint at this host: its name, with the port if it is not the default; empty if nothing was sent.
    pub fn new(endpoint: Endpoint, host: String) -> Self {
        Self(Box::new((endpoint, host)))
    }

    /// The endpoint at this URL.
    pub fn at(endpoint: Endpoint, url: &Url) -> Self {
        Self::new(endpoint, host_of(url))
    }

    /// The endpoint.
    pub fn endpoint(&self) -> Endpoint {
        self.0.0
    }
}

/// The host of a URL, as errors name it. No other part of a URL may be in an error.
pub fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

impl From<Endpoint> for Server {
    fn from(endpoint: Endpoint) -> Self {
        Self::new(endpoint, String::new())
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (endpoint, host) = &*self.0;
        write!(f, "{endpoint}")?;
        if host.is_empty() {
            Ok(())
        } else {
            write!(f, " of {host}")
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
