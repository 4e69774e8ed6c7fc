internal import PilotlightCore

/// Where the proxy for a session's connections to the issuer is configured.
///
/// TLS is always end to end: a proxy sees the issuer's host name and no more, unless the device trusts the proxy's
/// certificates, as with Proxyman and Charles. A proxy that requires a name and a password gets them only from the
/// setting. SOCKS proxies work with version 5 (RFC 1928) and without a password, and resolve the issuer's name
/// themselves. If several proxies are named, they are tried in order. If none connects, calls throw
/// ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)`` with ``RetryReason/network``.
public enum ProxySource: Hashable, Sendable {
    /// The system, asked before each connection: the Wi-Fi network's settings, those of the device's management (MDM), and
    /// automatic configurations (PAC). On Linux no proxy.
    case system
    /// The environment: `HTTPS_PROXY`, else `ALL_PROXY`, but not for hosts in `NO_PROXY`. Read at the first request. An
    /// iOS app has no such variables: there it is the same as `direct`.
    case environment
    /// Nobody: every connection goes to the issuer directly.
    case direct

    var core: PilotlightCore.ProxySource {
        switch self {
        case .system: .system
        case .environment: .environment
        case .direct: .direct
        }
    }
}
