//! Why a request got no answer.

/// Why a request got no answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{kind}")]
pub struct TransportError {
    /// What went wrong.
    pub kind: TransportErrorKind,
    /// Whether the server may have received the request and acted on it. Only `false` is certain.
    pub may_have_been_processed: bool,
}

/// What went wrong with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error, uniffi::Enum)]
pub enum TransportErrorKind {
    /// No connection: no network, a name that does not resolve, a refused port.
    #[error("the server could not be reached")]
    Unreachable,
    /// The TLS handshake failed: a certificate that the system does not trust, or a proxy in between.
    #[error("no trusted TLS connection could be made (its certificate may be self-signed)")]
    Tls,
    /// The time for connecting or for the whole exchange ran out.
    #[error("the server did not answer in time")]
    Timeout,
    /// The connection broke before the answer was complete.
    #[error("the connection broke before the answer was complete")]
    Interrupted,
    /// The answer is larger than Pilotlight reads (1 MiB).
    #[error("the answer was larger than 1 MiB")]
    TooLarge,
    /// The answer is not HTTP.
    #[error("the answer was not HTTP")]
    NotHttp,
}
