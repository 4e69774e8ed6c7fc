//! What callers say to the session, and what it says back.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use crate::machine::error::Error;
use crate::model::configuration::parse_parameters;
use crate::model::profile::Claims;
use crate::model::scopes::parse_scopes;
use crate::protocol::challenge::AuthenticationRequirement;

/// Which access token is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenOptions {
    /// It must be good for at least this long.
    pub min_ttl: Duration,
    /// Renew it even when it is.
    pub force_refresh: bool,
    /// When it cannot be renewed for the moment, the expired one will do: for work offline, or with a server that
    /// decides for itself.
    pub allow_expired: bool,
}

/// What to send along with a renewal.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RefreshOptions {
    /// A subset of the granted scopes; empty asks for all of them again (RFC 6749 6).
    pub scopes: Vec<String>,
    /// Extra token parameters.
    pub parameters: Vec<(String, String)>,
}

impl RefreshOptions {
    /// Checks what the caller wrote.
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

/// How the user is asked to sign in.
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct SignInOptions {
    /// `login_hint`: the address or name to prefill.
    #[uniffi(default = None)]
    pub login_hint: Option<String>,
    /// `max_age` in seconds: the user must have authenticated no longer ago; checked in the ID token (`auth_time`).
    #[uniffi(default = None)]
    pub max_age_seconds: Option<u32>,
    /// Parameters for this sign-in only, over those of the configuration.
    #[uniffi(default)]
    pub parameters: HashMap<String, String>,
}

/// A sign-in on another device that has begun (RFC 8628): what to show to the user.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct DeviceSignInRequest {
    /// What the user types there.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it, for a QR code; not every issuer has one.
    pub verification_uri_complete: Option<String>,
    /// How long the code is good, in seconds.
    pub lifetime_seconds: u32,
    /// Names this attempt, for waiting for it and for cancelling it.
    pub attempt: u64,
}

/// How the user of a session authenticates once more, because an API wants it (RFC 9470 4).
#[derive(Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct StepUpOptions {
    /// What the API asks for.
    pub requirement: AuthenticationRequirement,
    /// Parameters for this sign-in only, over those of the configuration.
    #[uniffi(default)]
    pub parameters: HashMap<String, String>,
}

/// A sign-in that has begun.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct SignInRequest {
    /// Open this in a browser. It holds no secrets: the code verifier stays here.
    pub url: String,
    /// The scheme of the redirect URI, as `ASWebAuthenticationSession` wants it.
    pub callback_scheme: String,
    /// Names this attempt, for cancelling it and no other.
    pub attempt: u64,
}

/// What became of a sign-out at the issuer. Here it succeeded, unless the session is read-only. A device secret is revoked with the refresh
/// token, and counts like it: what became of both is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SignOutOutcome {
    /// The refresh token was revoked.
    Revoked,
    /// There was nothing to revoke: no refresh token and no device secret.
    NothingToRevoke,
    /// The issuer offers no revocation, so the refresh token lives there until it expires.
    RevocationNotOffered,
    /// The issuer cannot be reached; the refresh token is kept for this alone and sent again at the next launch or
    /// sign-in.
    RevocationPending,
    /// Nothing was done: this session is read-only, and only the app itself signs out.
    ReadOnly,
    /// The issuer refused to revoke it; the refresh token may live there until it expires.
    RevocationRefused,
}

/// What became of a change of the metadata that may wait.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum UpdateOutcome {
    /// It was made.
    Done {
        /// The metadata afterwards. JSON text of an object.
        metadata: Claims,
    },
    /// It waits for the network.
    Queued {
        /// Its number.
        id: u64,
    },
}

/// What became of the changes of the metadata that waited.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FlushReport {
    /// Those that were made, in order.
    pub applied: Vec<u64>,
    /// Those that the server refused for good since the last report; they are gone.
    pub dropped: Vec<DroppedUpdate>,
    /// How many still wait.
    pub waiting: u32,
}

/// A change that the server refused.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DroppedUpdate {
    /// Its number.
    pub id: u64,
    /// Why, for a developer.
    pub message: String,
}

/// Shows the names of the parameters.
impl fmt::Debug for RefreshOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("RefreshOptions")
            .field("scopes", &self.scopes)
            .field("parameters", &names)
            .finish()
    }
}

/// Shows nothing of the user, and the names of the parameters.
impl fmt::Debug for SignInOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInOptions")
            .field("login_hint", &self.login_hint.as_ref().map(|_| "[redacted]"))
            .field("max_age_seconds", &self.max_age_seconds)
            .field("parameters", &self.parameters.keys())
            .finish()
    }
}

/// Not the codes: who has one can sign in with it.
impl fmt::Debug for DeviceSignInRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSignInRequest")
            .field("lifetime_seconds", &self.lifetime_seconds)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// Shows the names of the parameters.
impl fmt::Debug for StepUpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepUpOptions")
            .field("requirement", &self.requirement)
            .field("parameters", &self.parameters.keys())
            .finish()
    }
}

/// Not the URL, which names the user where a `login_hint` was given.
impl fmt::Debug for SignInRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInRequest")
            .field("callback_scheme", &self.callback_scheme)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
