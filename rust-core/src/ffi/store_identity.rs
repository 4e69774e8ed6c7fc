//! Which store a session uses, for stores that a process can open twice.

use super::storage::SessionStorage;

/// Two equal identities hold the same items.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StoreIdentity {
    /// Generic passwords of one service, in one access group or in the app's own.
    Keychain {
        service: String,
        access_group: Option<String>,
    },
    /// A file, by its path as written. Opened by another path, it counts as opened by another process: the lock beside
    /// the file orders the two.
    File(String),
}

impl SessionStorage {
    /// `None` for memory, which belongs to one session.
    pub(super) fn identity(&self) -> Option<StoreIdentity> {
        match self {
            Self::Memory => None,
            Self::File { path } => Some(StoreIdentity::File(path.clone())),
            Self::Keychain { options } => Some(StoreIdentity::Keychain {
                service: options.service.clone(),
                access_group: options.access_group.clone(),
            }),
        }
    }
}
