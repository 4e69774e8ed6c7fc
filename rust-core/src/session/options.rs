//! The options that callers pass to the session, and its results.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::machine::error::Error;
use crate::model::configuration::parse_parameters;
use crate::model::profile::Claims;
use crate::model::scopes::parse_scopes;
use crate::protocol::challenge::AuthenticationRequirement;

/// Which access token the caller needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenOptions {
    /// It must be good for at least this long.
    pub min_ttl: Duration,
    /// Renew the token even if it is.
    pub force_refresh: bool,
    /// If the token temporarily cannot be renewed, return the expired one: for work offline, or for a server that
    /// decides for itself.
    pub allow_expired: bool,
}

/// Options of a renewal.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RefreshOptions {
    /// A subset of the granted scopes; empty asks for all of them again (RFC 6749 6).
    pub scopes: Vec<String>,
    /// Additional parameters of the token request.
    pub parameters: Vec<(String, String)>,
}

impl RefreshOptions {
    /// Validates the caller's values.
    ///
    /// # Errors
    /// [`Error::Argument`] naming the argument.
    pub fn parse(scopes: Vec<String>, parameters: HashMap<String, String>) -> Result<Self, Error> {
        Ok(Self {
            scopes: parse_scopes("scopes", scopes, false)?,
            parameters: parse_parameters("parameters", parameters)?,
        })
    }
}

/// Options of a sign-in.
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct SignInOptions {
    /// `login_hint`: the address or name that the sign-in page prefills.
    #[uniffi(default = None)]
    pub login_hint: Option<String>,
    /// `max_age` in seconds: the maximum age of the user's authentication; checked in the ID token (`auth_time`).
    #[uniffi(default = None)]
    pub max_age_seconds: Option<u32>,
    /// Parameters for this sign-in only, which override those of the configuration.
    #[uniffi(default)]
    pub parameters: HashMap<String, String>,
}

/// A sign-in on another device that has begun (RFC 8628): what to show to the user.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct DeviceSignInRequest {
    /// The code that the user types there.
    pub user_code: String,
    /// The address that the user opens there.
    pub verification_uri: String,
    /// The address with the code in it, for a QR code; not every issuer has one.
    pub verification_uri_complete: Option<String>,
    /// How long the code is valid, in seconds.
    pub lifetime_seconds: u32,
    /// Identifies this attempt, for completing or cancelling it.
    pub attempt: u64,
}

/// Options of a step-up: another authentication of the session's user, because an API requires it (RFC 9470 4).
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct StepUpOptions {
    /// What the API requires.
    pub requirement: AuthenticationRequirement,
    /// Parameters for this sign-in only, which override those of the configuration.
    #[uniffi(default)]
    pub parameters: HashMap<String, String>,
}

/// A sign-in that has begun.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SignInRequest {
    /// The URL to open in a browser. It contains no secrets: the code verifier stays in the core.
    pub url: String,
    /// The scheme of the redirect URI, for `ASWebAuthenticationSession`.
    pub callback_scheme: String,
    /// Identifies this attempt, for cancelling it and no other.
    pub attempt: u64,
}

/// The result of a sign-out at the issuer. The local sign-out succeeded, unless the session is read-only. A device
/// secret is revoked with the refresh token; the result covers both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SignOutOutcome {
    /// The refresh token was revoked.
    Revoked,
    /// There was nothing to revoke: no refresh token and no device secret.
    NothingToRevoke,
    /// The issuer has no revocation endpoint, so the refresh token remains valid there until it expires.
    RevocationNotOffered,
    /// The issuer cannot be reached. The refresh token is kept for the revocation alone, which is sent again at the
    /// next launch or sign-in.
    RevocationPending,
    /// Nothing was done: this session is read-only, and only the app itself signs out.
    ReadOnly,
    /// The issuer refused the revocation; the refresh token may remain valid there until it expires.
    RevocationRefused,
}

/// The result of a metadata change that may be queued.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum UpdateOutcome {
    /// The change was made.
    Done {
        /// The resulting metadata. JSON text of an object.
        metadata: Claims,
    },
    /// The change is queued until the network is available.
    Queued {
        /// The number of the change.
        id: u64,
    },
}

/// The results of the queued metadata changes.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FlushReport {
    /// The changes that were made, in order.
    pub applied: Vec<u64>,
    /// The changes that the server refused for good since the last report; they are no longer queued.
    pub dropped: Vec<DroppedUpdate>,
    /// How many changes are still queued.
    pub waiting: u32,
}

/// A change that the server refused.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DroppedUpdate {
    /// The number of the change.
    pub id: u64,
    /// The reason, for a developer.
    pub message: String,
}

/// Shows only the names of the parameters.
impl fmt::Debug for RefreshOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("RefreshOptions")
            .field("scopes", &self.scopes)
            .field("parameters", &names)
            .finish()
    }
}

/// Shows nothing about the user, and only the names of the parameters.
impl fmt::Debug for SignInOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInOptions")
            .field("login_hint", &self.login_hint.as_ref().map(|_| "[redacted]"))
            .field("max_age_seconds", &self.max_age_seconds)
            .field("parameters", &self.parameters.keys())
            .finish()
    }
}

/// Omits the codes: anyone who has one can sign in with it.
impl fmt::Debug for DeviceSignInRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSignInRequest")
            .field("lifetime_seconds", &self.lifetime_seconds)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// Shows only the names of the parameters.
impl fmt::Debug for StepUpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepUpOptions")
            .field("requirement", &self.requirement)
            .field("parameters", &self.parameters.keys())
            .finish()
    }
}

/// Omits the URL, which names the user if there is a `login_hint`.
impl fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInRequest")
            .field("callback_scheme", &self.callback_scheme)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
