//! The stored form of a session: one versioned JSON document, one item in the store. After a sign-out the item is gone,
//! or holds what the issuer has yet to be told.
//!
//! Fields that a newer release added are kept when an older one writes the item again, so that going back and forth
//! between releases loses nothing.

mod item;
mod reading;

use self::reading::Members;
use crate::model::secret::SecretBytes;

pub use self::item::{CURRENT_VERSION, EnvelopeError, PendingRevocation, SignedOut, StoredItem, StoredSession};

/// Keychain items are small things; a session that does not fit is a mistake somewhere else.
const LARGEST_BYTES: usize = 1024 * 1024;

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

    /// The bytes to store.
    ///
    /// # Errors
    /// [`EnvelopeError::Undecodable`] where the result would be too large to be read again.
    pub fn encode(&self) -> Result<SecretBytes, EnvelopeError> {
        let bytes = match self {
            Self::Session(session) => SecretBytes::from_json(session),
            Self::SignedOut(signed_out) => SecretBytes::from_json(signed_out),
        };
        let bytes = bytes.map_err(|_| EnvelopeError::Undecodable)?;
        if bytes.expose().len() > LARGEST_BYTES {
            return Err(EnvelopeError::Undecodable);
        }
        Ok(bytes)
    }
}
