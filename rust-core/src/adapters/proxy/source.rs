//! Who is asked about proxies.

/// Who says which proxy a connection to the issuer goes through. TLS always reaches to the issuer: a proxy sees its host
/// name and no more. Plain HTTP, which only loopback may have, never goes through one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum ProxySource {
    /// The system, asked before each connection: its settings, those of the device's management and of the network (a
    /// proxy, or an automatic configuration, which is downloaded and run). Nobody where the system has no such settings,
    /// as on Linux.
    #[default]
    System,
    /// The environment: `HTTPS_PROXY`, else `ALL_PROXY`, but not for what `NO_PROXY` names; the same in lower case. Read
    /// when the first request is sent. Where an app has no such variables, as on iOS, the same as `Direct`.
    Environment,
    /// Nobody: every connection goes to the issuer directly.
    Direct,
}
