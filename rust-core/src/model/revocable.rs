//! What the issuer can be asked to revoke.

use crate::model::secret::Secret;

/// A token that nobody is to use any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revocable {
    /// The token.
    pub token: Secret,
    /// What it is.
    pub kind: RevocableKind,
}

/// What it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RevocableKind {
    /// A refresh token; the others that were issued with it go too.
    #[default]
    RefreshToken,
    /// The secret by which other apps of the vendor sign in (OpenID Connect Native SSO for Mobile Apps 1.0).
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

    /// That of a hint; a refresh token where it says none that is known.
    pub fn of_hint(hint: Option<&str>) -> Self {
        match hint {
            Some(DEVICE_SECRET) => Self::DeviceSecret,
            _ => Self::RefreshToken,
        }
    }

    /// Whether it is a refresh token, which is not said where it is stored.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// In words, for the log.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh token",
            Self::DeviceSecret => "device secret",
        }
    }
}

const DEVICE_SECRET: &str = "device_secret";
