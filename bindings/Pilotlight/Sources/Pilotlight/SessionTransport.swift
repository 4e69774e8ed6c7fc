import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What sends a session's requests to the issuer.
///
/// The default, ``standard``, is the HTTP client in the core: refresh tokens stay in Rust. Use ``urlSession(_:delegate:)`` where
/// requests must go through the system's network stack: per-app and on-demand VPN, client certificates, pinned certificates, App
/// Transport Security, instrumentation, HTTP/3. The guide <doc:NetworkAndTransport> has a table.
///
/// The browser sheet and ``Session/data(for:audience:minTTL:using:)`` do not go through it.
public struct SessionTransport: Sendable {
    private enum Client: Sendable {
        case standard
        case urlSession(URLSessionConfiguration, (any URLSessionDelegate)?)
    }

    private let client: Client

    /// The one that the package was built with: the HTTP client in the core. A package that
    /// `scripts/build-xcframework.sh --transport url-session` made has none, and takes
    /// `urlSession(.ephemeral)`.
    public static let standard = SessionTransport(client: .standard)

    /// Every request goes through a separate `URLSession`. The refresh token then passes through Foundation, which keeps copies
    /// in memory that are not wiped.
    ///
    /// The configuration is copied; later changes do nothing. In the copy there are no cookies, no cache and no waiting for
    /// connectivity, and the time limits are Pilotlight's: 30 seconds for a request, 10 of them for connecting. You set the
    /// rest: `protocolClasses`, `connectionProxyDictionary`, `urlCredentialStorage`, `httpAdditionalHeaders`, TLS versions,
    /// expensive and constrained networks. Redirects are not followed, and no answer is larger than 1 MiB.
    ///
    /// - Parameters:
    ///   - configuration: Not a background one:
    ///     ``Session/init(_:storage:name:readOnly:log:metrics:userAuthentication:transport:)`` throws
    ///     ``SessionError/configurationInvalid(field:message:)`` naming `transport`.
    ///   - delegate: Its `urlSession(_:didReceive:completionHandler:)` is asked about certificates, the server's and the
    ///     client's: to pin one, or to give one (Apple: "Handling an authentication challenge"). Nothing else of it is
    ///     called. It lives as long as the session. Not asked on Linux, whose Foundation has no such challenges.
    public static func urlSession(
        _ configuration: URLSessionConfiguration = .ephemeral, delegate: (any URLSessionDelegate)? = nil
    ) -> SessionTransport {
        SessionTransport(client: .urlSession(configuration.hardened(), delegate))
    }

    /// For the core.
    ///
    /// - Parameter proxies: For the client in the core, or for what takes its place.
    func network(proxies: ProxySource) throws -> SessionNetwork {
        switch client {
        case .standard where coreHasHttpClient(): .core(proxies: proxies.core)
        case .standard:
            .app(transport: URLSessionTransport(URLSessionConfiguration.ephemeral.hardened().through(proxies)))
        case .urlSession(let configuration, let delegate):
            if configuration.identifier != nil {
                throw SessionError.configurationInvalid(
                    field: "transport",
                    message: "transport has a background configuration, which sends no requests with answers in memory")
            } else {
                .app(transport: URLSessionTransport(configuration, delegate: delegate))
            }
        }
    }
}

extension SessionTransport: Redacted {
    /// Which one it is; nothing of the configuration, whose headers may be secrets.
    public var description: String {
        switch client {
        case .standard: "SessionTransport.standard"
        case .urlSession: "SessionTransport.urlSession"
        }
    }
}

extension URLSessionConfiguration {
    /// A copy that keeps nothing and follows the core's rules.
    fileprivate func hardened() -> URLSessionConfiguration {
        guard let own = copy() as? URLSessionConfiguration else { return .ephemeral }
        own.httpCookieStorage = nil
        own.httpShouldSetCookies = false
        own.httpCookieAcceptPolicy = .never
        own.urlCache = nil
        own.requestCachePolicy = .reloadIgnoringLocalCacheData
        own.httpShouldUsePipelining = false
        // Longer than each exchange's own limits, which know what was sent.
        own.timeoutIntervalForRequest = 60
        own.timeoutIntervalForResource = 60
        #if canImport(FoundationNetworking)
        // What is in it are names and passwords alone, and nothing else keeps them from being sent.
        own.urlCredentialStorage = nil
        #else
        own.waitsForConnectivity = false
        #endif
        return own
    }

    /// For a core without its own HTTP client. The system's proxies are `URLSession`'s default; an iOS app has no
    /// environment.
    fileprivate func through(_ proxies: ProxySource) -> URLSessionConfiguration {
        if proxies != .system { connectionProxyDictionary = [:] }
        return self
    }
}
