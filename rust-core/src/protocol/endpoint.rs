//! The endpoints of an issuer, as they are named in errors and log lines.

use std::fmt;

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
