//! What every transport keeps to: how long, how much, and what it calls itself.

use std::time::Duration;

/// The `user-agent` of every request.
pub(super) const USER_AGENT: &str = concat!("Pilotlight/", env!("CARGO_PKG_VERSION"));

/// Headers of one answer. hyper's own limit is 100.
pub(super) const MOST_HEADERS: usize = 512;

/// How long and how much a transport waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// For resolving the name, connecting and the TLS handshake together.
    pub connect: Duration,
    /// For the whole exchange, from the first look at the name to the last byte of the body.
    pub total: Duration,
    /// How long a connection without a request is kept for the next one.
    pub idle: Duration,
    /// The largest body that is read, in bytes.
    pub body: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            // A phone that changes from Wi-Fi to mobile data needs some seconds; after ten there is no usable network.
            connect: Duration::from_secs(10),
            // What iOS gives an app that goes to the background to finish its work (`beginBackgroundTask`) is about 30
            // s.
            total: Duration::from_secs(30),
            // Less than the 5 s after which the most impatient servers in common use (Node.js) close an idle
            // connection: a request on a connection that is being closed fails in a way that leaves open whether it was
            // acted upon. Long enough for discovery, token, keys and profile to share one connection at a sign-in.
            idle: Duration::from_secs(4),
            // The largest honest answer, metadata and keys of a big tenant, is some tens of kilobytes.
            body: 1024 * 1024,
        }
    }
}
