//! What every transport has in common: its limits, and its `user-agent`.

use std::time::Duration;

/// The `user-agent` of every request.
pub(super) const USER_AGENT: &str = concat!("Pilotlight/", env!("CARGO_PKG_VERSION"));

/// How long a transport waits, and how much it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// For name resolution, connecting and the TLS handshake together.
    pub connect: Duration,
    /// For the whole exchange, from the start of name resolution to the last byte of the body.
    pub total: Duration,
    /// How long an idle connection is kept for the next request.
    pub idle: Duration,
    /// The largest body that is read, in bytes.
    pub body: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            // A phone that changes from Wi-Fi to mobile data needs some seconds; after ten there is no usable network.
            connect: Duration::from_secs(10),
            // iOS gives an app that enters the background about 30 s to finish its work (`beginBackgroundTask`).
            total: Duration::from_secs(30),
            // Less than the 5 s after which the most impatient servers in common use (Node.js) close an idle
            // connection. A request on a connection that is being closed fails without showing whether it was
            // processed. Long enough for discovery, token, keys and profile to share one connection at a sign-in.
            idle: Duration::from_secs(4),
            // The largest legitimate answers, metadata and keys of a big tenant, are some tens of kilobytes.
            body: 1024 * 1024,
        }
    }
}
