internal import PilotlightCore

/// Who says which proxy a session's connections to the issuer go through.
///
/// TLS always reaches to the issuer: a proxy sees its host name and no more, unless the device trusts the proxy's own
/// certificates, as with Proxyman and Charles. A proxy that asks for a name and a password gets them only from the
/// setting itself. A SOCKS proxy is spoken to on macOS and Linux alone, by version 5, and looks the issuer's name up
/// itself; elsewhere take ``SessionTransport/urlSession(_:delegate:)``. Of several that are named the first is taken, and
/// when it comes to no connection the next. Without a way through the proxy calls throw
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
