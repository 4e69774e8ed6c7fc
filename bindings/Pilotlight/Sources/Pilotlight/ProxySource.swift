internal import PilotlightCore

/// Where the proxy for a session's connections to the issuer is configured.
///
/// TLS is always end to end: a proxy sees only the issuer's host name, unless the device trusts the proxy's
/// certificates, as with Proxyman and Charles. A proxy that requires a name and a password gets them only from the
/// setting. SOCKS proxies are supported in version 5 (RFC 1928), without a password; they resolve the issuer's name
/// themselves. If several proxies are named, they are tried in order. If none connects, calls throw
/// ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)`` with ``RetryReason/network``.
public enum ProxySource: Hashable, Sendable {
    /// The system's settings, read before each connection: those of the Wi-Fi network and of the device's management (MDM),
    /// and automatic configurations (PAC). On Linux no proxy.
    case system
    /// The environment variables `HTTPS_PROXY`, otherwise `ALL_PROXY`, except for hosts in `NO_PROXY`. They are read at the
    /// first request. An iOS app has no such variables, so this is the same as `direct` there.
    case environment
    /// No proxy: every connection goes to the issuer directly.
    case direct

    var core: PilotlightCore.ProxySource {
        switch self {
        case .system: .system
        case .environment: .environment
        case .direct: .direct
        }
    }
}
