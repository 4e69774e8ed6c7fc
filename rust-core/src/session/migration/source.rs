//! Where another library's session is, and the result of its import.

use std::fmt;

use crate::model::state::SessionState;
use crate::ports::KeychainItemReference;
use crate::storage::migration::{ImportProblem, lock};

/// Where another library keeps, or kept, the session.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ImportSource {
    /// One Keychain item that holds an archive: Auth0.swift's `A0Credentials` or AppAuth's `OIDAuthState`.
    KeychainArchive {
        /// The item.
        item: KeychainItemReference,
    },
    /// Keychain items that hold strings. The tutorials of Lock for iOS, version 1, had apps write them with
    /// SimpleKeychain: the accounts `id_token`, `refresh_token`, `access_token`, and the archived `profile`.
    KeychainStrings {
        /// `kSecAttrService` of all of them.
        service: String,
        /// `kSecAttrAccessGroup`
        access_group: Option<String>,
    },
    /// An archive of either kind that the app has read itself, from wherever it kept it.
    ArchivedBytes {
        /// The output of `NSKeyedArchiver`.
        bytes: Vec<u8>,
    },
    /// Tokens that the app has read itself.
    TokenValues {
        /// The access token; it counts as expired, because its expiry is unknown.
        access_token: Option<String>,
        /// The refresh token.
        refresh_token: Option<String>,
        /// The ID token.
        id_token: Option<String>,
        /// An archived `A0UserProfile`.
        profile_archive: Option<Vec<u8>>,
    },
}

/// The result of an import. In every case, the old item is still there.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ImportOutcome {
    /// The session is imported and stored.
    Imported {
        /// The state.
        state: SessionState,
    },
    /// There is no such item, or no token in it.
    NothingFound,
    /// A user is already signed in, or has to sign in again: that session is never replaced.
    SessionExists,
    /// The session was imported before, or a user has signed in or out since an import was tried: what is left of the
    /// old session must not come back.
    Closed,
    /// There is a session, but it cannot be imported.
    Unreadable {
        /// The reason.
        problem: ImportProblem,
    },
}

impl ImportSource {
    /// The Keychain items of this source, in the order in which they are removed.
    pub(super) fn items(&self) -> Vec<KeychainItemReference> {
        match self {
            Self::KeychainArchive { item } => vec![item.clone()],
            Self::KeychainStrings { service, access_group } => {
                let item = |account: &str| KeychainItemReference {
                    service: service.clone(),
                    account: account.to_owned(),
                    access_group: access_group.clone(),
                };
                lock::ACCOUNTS.into_iter().map(item).collect()
            }
            Self::ArchivedBytes { .. } | Self::TokenValues { .. } => Vec::new(),
        }
    }
}

/// Omits the tokens.
impl fmt::Debug for ImportSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeychainArchive { item } => f.debug_tuple("KeychainArchive").field(item).finish(),
            Self::KeychainStrings { service, .. } => f.debug_tuple("KeychainStrings").field(service).finish(),
            Self::ArchivedBytes { .. } => f.write_str("ArchivedBytes"),
            Self::TokenValues { .. } => f.write_str("TokenValues"),
        }
    }
}
