//! Why a store did not do what it was asked.

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum StoreError {
    /// The device is locked, or has not been unlocked since it was started: the item cannot be read *now*. Or it asks
    /// the user, and nobody can be asked now: the app is in the background.
    #[error("the device is locked and its protected data cannot be read")]
    Locked,
    /// The user declined to authenticate (Face ID, Touch ID, passcode) for an item that asks for it. The item is as it
    /// was.
    #[error("the user cancelled the authentication that the store asked for")]
    AuthenticationCancelled,
    /// The user could not be authenticated for an item that asks for it.
    #[error("the store could not authenticate the user: {explanation}")]
    AuthenticationFailed {
        /// The usual causes, in words for a developer.
        explanation: String,
        /// The system's own number (an `OSStatus`).
        status: Option<i32>,
    },
    /// The app lacks what the store needs; waiting will not help.
    #[error("the store refuses this app: {explanation}")]
    NotPermitted {
        /// The usual causes, in words for a developer.
        explanation: String,
        /// The system's own number (an `OSStatus` or an `errno`).
        status: Option<i32>,
    },
    /// Anything else.
    #[error("the store failed: {explanation}")]
    Failed {
        /// What failed, in words for a developer; never a stored value.
        explanation: String,
        /// The system's own number (an `OSStatus` or an `errno`).
        status: Option<i32>,
    },
}
