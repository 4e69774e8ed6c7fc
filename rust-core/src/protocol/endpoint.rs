//! The endpoints of an issuer, as they are named in errors and log lines.

use std::fmt;

use url::Url;

/// Whom a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/.well-known/openid-configuration`
    Discovery,
    /// The authorization endpoint, which answers by the callback URL.
    Authorization,
    /// The JSON Web Key Set.
    Keys,
    /// The token endpoint.
    Token,
    /// The UserInfo endpoint.
    UserInfo,
    /// The revocation endpoint.
    Revocation,
    /// Auth0's Management API, `/api/v2/users/{id}`.
    Users,
    /// Auth0's `/delegation`.
    Delegation,
    /// Auth0's `/tokeninfo`.
    TokenInfo,
    /// Auth0's `/oauth/ro`.
    ResourceOwner,
}

/// Who was asked: an endpoint, and the host that it is on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The host name, with the port where it is not the usual one. Empty where nothing was sent.
    pub host: String,
}

impl Server {
    /// The endpoint at this URL.
    pub fn at(endpoint: Endpoint, url: &Url) -> Self {
        Self {
            endpoint,
            host: host_of(url),
        }
    }
}

/// The host of a URL as errors name it. Nothing else of a URL may be in an error.
pub fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    }
}

impl From<Endpoint> for Server {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            host: String::new(),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.endpoint)?;
        if self.host.is_empty() {
            Ok(())
        } else {
            write!(f, " of {}", self.host)
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discovery => "discovery document",
            Self::Authorization => "authorization endpoint",
            Self::Keys => "key set",
            Self::Token => "token endpoint",
            Self::UserInfo => "userinfo endpoint",
            Self::Revocation => "revocation endpoint",
            Self::Users => "users endpoint",
            Self::Delegation => "delegation endpoint",
            Self::TokenInfo => "tokeninfo endpoint",
            Self::ResourceOwner => "resource owner endpoint",
        })
    }
}
