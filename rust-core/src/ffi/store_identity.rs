//! Which store it is, of those that a process can open twice.

use super::storage::SessionStorage;

/// Two that are equal hold the same items.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StoreIdentity {
    /// Generic passwords of one service, in one access group or in the app's own.
    Keychain {
        service: String,
        access_group: Option<String>,
    },
    /// A file, by its path as it is written. By another path it is opened as another process would: the lock beside the
    /// file puts the two in order.
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
