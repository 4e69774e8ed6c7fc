//! The stored form of a session: one versioned JSON document, one item in the store.
//!
//! Fields that a newer release added are kept when an older one writes the item again, so that going back and forth
//! between releases loses nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::credentials::Credentials;
use crate::profile::Profile;
use crate::secret::SecretBytes;
use crate::state::ReauthenticationReason;
use crate::time::Timestamp;

/// The version this release writes. A release that changes the meaning of a field raises it; adding a field does not.
pub const CURRENT_VERSION: u32 = 1;
/// Keychain items are small things; a session that does not fit is a mistake somewhere else.
const LARGEST_BYTES: usize = 1024 * 1024;

/// What is kept of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSession {
    /// [`CURRENT_VERSION`] when written by this release.
    pub version: u32,
    /// The issuer's identifier, as its ID tokens say it.
    pub issuer: String,
    /// The client the tokens were issued to.
    pub client_id: String,
    /// The user, by the claim `sub`.
    pub subject: String,
    /// The tokens; all of them absent once the session has ended.
    pub credentials: Credentials,
    /// The nonce of the sign-in: some issuers repeat it in the ID tokens of renewals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<crate::secret::Secret>,
    /// When the user last authenticated, by the ID token's `auth_time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated_at: Option<Timestamp>,
    /// The profile as last fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Set when the session has ended without a sign-out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<ReauthenticationReason>,
    /// What a newer release wrote.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// Why a stored item could not be read. Never quotes the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not JSON, or not this shape, or larger than 1 MiB.
    #[error("the stored session cannot be decoded; it is kept aside, and the user has to sign in again")]
    Undecodable,
    /// Written by a release that this one cannot follow.
    #[error(
        "the stored session was written by a newer release (format {0}); it is kept for that release, and the user has to sign in again"
    )]
    NewerVersion(u32),
}

impl StoredSession {
    /// Reads a stored item.
    ///
    /// # Errors
    /// [`EnvelopeError`]; the caller keeps the item.
    pub fn decode(bytes: &SecretBytes) -> Result<Self, EnvelopeError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        if bytes.expose().len() > LARGEST_BYTES {
            return Err(EnvelopeError::Undecodable);
        }
        let Version { version } = serde_json::from_slice(bytes.expose()).map_err(|_| EnvelopeError::Undecodable)?;
        match version {
            0 => Err(EnvelopeError::Undecodable),
            CURRENT_VERSION => serde_json::from_slice(bytes.expose()).map_err(|_| EnvelopeError::Undecodable),
            newer => Err(EnvelopeError::NewerVersion(newer)),
        }
    }

    /// The bytes to store.
    ///
    /// # Errors
    /// [`EnvelopeError::Undecodable`] where the result would be too large to be read again.
    pub fn encode(&self) -> Result<SecretBytes, EnvelopeError> {
        let bytes = SecretBytes::from_json(self).map_err(|_| EnvelopeError::Undecodable)?;
        if bytes.expose().len() > LARGEST_BYTES {
            return Err(EnvelopeError::Undecodable);
        }
        Ok(bytes)
    }
}
