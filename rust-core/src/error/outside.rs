//! What can go wrong outside: in a store, on the wire, with the system's random numbers. The ports' own errors, here
//! because the internal error holds them and knows no ports.

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct TransportError {
    /// What went wrong.
    pub kind: TransportErrorKind,
    /// Whether the request may have reached the server and been acted upon. Only `false` is certain.
    pub may_have_been_processed: bool,
}

/// What went wrong on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportErrorKind {
    /// No connection: no network, a name that does not resolve, a refused port.
    #[error("the server could not be reached")]
    Unreachable,
    /// The TLS handshake failed: a certificate that the system does not trust, or a proxy in between.
    #[error("no trusted TLS connection could be made")]
    Tls,
    /// The time for connecting or for the whole exchange ran out.
    #[error("the server did not answer in time")]
    Timeout,
    /// The connection broke before the whole answer was there.
    #[error("the connection broke before the answer was complete")]
    Interrupted,
    /// The answer is larger than Pilotlight reads (1 MiB).
    #[error("the answer was larger than 1 MiB")]
    TooLarge,
    /// What came back is not HTTP.
    #[error("the answer was not HTTP")]
    NotHttp,
}

/// The system gave no random numbers; nothing that needs them may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random numbers")]
pub struct RandomnessUnavailable;
