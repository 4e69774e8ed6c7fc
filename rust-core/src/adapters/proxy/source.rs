//! The source of the proxy settings.

/// The source of the proxy settings for connections to the issuer. TLS always extends to the issuer: a proxy sees the
/// issuer's host name and nothing more. Plain HTTP, which is allowed only for loopback, never uses a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ProxySource {
    /// The system, which is asked before each connection: its own settings, and those of device management and of the
    /// network (a proxy, or an automatic configuration, which is downloaded and run). No proxy if the system has no
    /// such settings, as on Linux.
    #[default]
    System,
    /// The environment: `HTTPS_PROXY`, otherwise `ALL_PROXY`, but not for what `NO_PROXY` names; the same names in
    /// lower case. Read when the first request is sent. The same as `Direct` if an app has no such variables, as on
    /// iOS.
    Environment,
    /// No proxy: every connection goes directly to the issuer.
    Direct,
}
