//! The errors of a store.

/// Why an operation of a store failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum StoreError {
    /// The device is locked, or has not been unlocked since it was started: the item cannot be read *now*. Or reading
    /// it requires the user, who cannot be asked because the app is in the background.
    #[error("the device is locked and its protected data cannot be read")]
    Locked,
    /// The user declined to authenticate (Face ID, Touch ID, passcode) for an item that requires it. The item is
    /// unchanged.
    #[error("the user cancelled the authentication that the store asked for")]
    AuthenticationCancelled,
    /// The user could not be authenticated for an item that requires it.
    #[error("the store could not authenticate the user: {explanation}")]
    AuthenticationFailed {
        /// The usual causes, for a developer.
        explanation: String,
        /// The system's error code (an `OSStatus`).
        status: Option<i32>,
    },
    /// The app lacks something that the store requires; waiting will not help.
    #[error("the store refuses this app: {explanation}")]
    NotPermitted {
        /// The usual causes, for a developer.
        explanation: String,
        /// The system's error code (an `OSStatus` or an `errno`).
        status: Option<i32>,
    },
    /// Any other failure.
    #[error("the store failed: {explanation}")]
    Failed {
        /// What failed, for a developer; never a stored value.
        explanation: String,
        /// The system's error code (an `OSStatus` or an `errno`).
        status: Option<i32>,
    },
}
