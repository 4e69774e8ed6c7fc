//! The tokens that can be revoked at the issuer.

use crate::model::secret::Secret;

/// A token that must no longer be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revocable {
    /// The token.
    pub token: Secret,
    /// The kind of the token.
    pub kind: RevocableKind,
}

/// The kind of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RevocableKind {
    /// A refresh token; the tokens that were issued with it are revoked too.
    #[default]
    RefreshToken,
    /// The secret with which other apps of the vendor sign in (OpenID Connect Native SSO for Mobile Apps 1.0).
    DeviceSecret,
}

impl Revocable {
    /// A refresh token.
    pub fn refresh_token(token: Secret) -> Self {
        Self {
            token,
            kind: RevocableKind::RefreshToken,
        }
    }

    /// A device secret.
    pub fn device_secret(token: Secret) -> Self {
        Self {
            token,
            kind: RevocableKind::DeviceSecret,
        }
    }
}

impl RevocableKind {
    /// `token_type_hint` (RFC 7009 2.1; Okta: "Revoke a token").
    pub fn hint(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh_token",
            Self::DeviceSecret => DEVICE_SECRET,
        }
    }

    /// The kind for a hint; a refresh token if the hint is absent or unknown.
    pub fn of_hint(hint: Option<&str>) -> Self {
        match hint {
            Some(DEVICE_SECRET) => Self::DeviceSecret,
            _ => Self::RefreshToken,
        }
    }

    /// Whether it is a refresh token, which is the default and is not written to the store.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// The name of the kind, for the log.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh token",
            Self::DeviceSecret => "device secret",
        }
    }
}

const DEVICE_SECRET: &str = "device_secret";
