//! What a user granted to a client, and the credentials other than refresh tokens that stand for it.

use std::collections::HashMap;

/// The outcome of one sign-in. Everything issued from it repeats parts of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) user_id: String,
    pub(crate) scope: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) nonce: Option<String>,
    /// Seconds since the epoch.
    pub(crate) auth_time: i64,
    /// Whether `max_age` was requested, which makes `auth_time` a required claim.
    pub(crate) wants_auth_time: bool,
    /// `acr`: the authentication context class that was reached, out of the requested ones.
    pub(crate) acr: Option<String>,
    /// `act`: who acts for the user (RFC 8693 4.1).
    pub(crate) actor: Option<String>,
    /// `org_id`.
    pub(crate) organization: Option<String>,
    /// `sid`.
    pub(crate) session: String,
    /// Set for a sign-in at `/oauth/ro`: the refresh token belongs to this device, is never rotated and does not
    /// expire.
    pub(crate) device: Option<String>,
    /// The thumbprint of the key that the tokens are bound to (RFC 9449).
    pub(crate) key: Option<String>,
}

impl Grant {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scope.iter().any(|granted| granted == scope)
    }
}

/// An authorization code, spent or not.
pub(crate) struct Code {
    pub(crate) grant: Grant,
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: Option<String>,
    pub(crate) expires_at_ms: i64,
    /// Set when the code is exchanged: the tokens that its reuse revokes (RFC 6749 section 4.1.2).
    pub(crate) issued: Option<Issued>,
}

/// The tokens that a code was exchanged for.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) family: Option<u64>,
}

/// An access token, by the token itself (opaque) or its `jti` (JWT).
#[derive(Debug, Clone)]
pub(crate) struct AccessToken {
    pub(crate) user_id: String,
    pub(crate) client_id: String,
    pub(crate) scope: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) family: Option<u64>,
    /// `acr`, and `auth_time` in seconds since the epoch (RFC 9470 section 6).
    pub(crate) authentication: (Option<String>, i64),
    /// Seconds since the epoch.
    pub(crate) expires_at: i64,
    pub(crate) revoked: bool,
    /// The thumbprint of the key that it is bound to.
    pub(crate) key: Option<String>,
}

/// Access tokens by key.
#[derive(Default)]
pub(crate) struct AccessTokenStore(HashMap<String, AccessToken>);

impl AccessTokenStore {
    pub(crate) fn insert(&mut self, key: String, token: AccessToken) {
        self.0.insert(key, token);
    }

    pub(crate) fn get(&self, key: &str) -> Option<&AccessToken> {
        self.0.get(key)
    }

    pub(crate) fn revoke(&mut self, key: &str) {
        if let Some(token) = self.0.get_mut(key) {
            token.revoked = true;
        }
    }

    pub(crate) fn revoke_family(&mut self, family: u64) {
        for token in self.0.values_mut().filter(|token| token.family == Some(family)) {
            token.revoked = true;
        }
    }
}
