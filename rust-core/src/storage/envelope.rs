//! The stored form of a session: one versioned JSON document, one item in the store. After a sign-out the item is gone,
//! or contains the revocations that have not reached the issuer yet.
//!
//! When an older release writes the item again, it keeps the fields that a newer one added. So switching between
//! releases loses nothing.

mod fitting;
mod item;
mod reading;

use self::reading::Members;
use crate::model::secret::SecretBytes;

pub use self::fitting::ProfileJson;
pub use self::item::{
    Brought, CURRENT_VERSION, EnvelopeError, KeptDiscovery, PendingRevocation, RenewedImport, STORED_AUDIENCES,
    SignedOut, StoredItem, StoredSession,
};

/// The maximum size that is read: more than the largest accepted tokens, with room for everything else.
const LARGEST_BYTES: usize = 4 * 1024 * 1024;

impl StoredItem {
    /// Reads a stored item.
    ///
    /// # Errors
    /// [`EnvelopeError`]; the caller keeps the item.
    pub fn decode(bytes: &SecretBytes) -> Result<Self, EnvelopeError> {
        if bytes.expose().len() > LARGEST_BYTES {
            return Err(EnvelopeError::Undecodable);
        }
        Self::read(bytes).unwrap_or(Err(EnvelopeError::Undecodable))
    }

    fn read(bytes: &SecretBytes) -> Option<Result<Self, EnvelopeError>> {
        let mut members = Members::parse(bytes)?;
        let version = members.required("version")?;
        if version > CURRENT_VERSION {
            return Some(Err(EnvelopeError::NewerVersion(version)));
        }
        let item = match (version, members.optional("signed_out")?) {
            (0, _) => return None,
            (_, true) => Self::SignedOut(SignedOut::read(version, members)?),
            (_, false) => Self::Session(Box::new(StoredSession::read(version, members)?)),
        };
        Some(Ok(item))
    }

    /// The bytes to store. Data that is not needed to stay signed in is left out if it would make the item unreadable
    /// or too large: see `fitting`.
    ///
    /// # Errors
    /// [`EnvelopeError::Undecodable`] if the result would be too large to be read again. That never happens with tokens
    /// from answers of the usual size (1 MiB).
    pub fn encode(&self) -> Result<SecretBytes, EnvelopeError> {
        self.encode_again(&mut ProfileJson::default())
    }

    /// [`StoredItem::encode`] for repeated use: an unchanged profile is not encoded again.
    ///
    /// # Errors
    /// As [`StoredItem::encode`].
    pub fn encode_again(&self, profile: &mut ProfileJson) -> Result<SecretBytes, EnvelopeError> {
        let bytes = match self {
            Self::Session(session) => fitting::encode(session, profile),
            Self::SignedOut(signed_out) => SecretBytes::from_json(signed_out),
        };
        match bytes {
            Ok(bytes) if bytes.expose().len() <= LARGEST_BYTES => Ok(bytes),
            _ => Err(EnvelopeError::Undecodable),
        }
    }
}
