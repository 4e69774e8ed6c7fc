import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The HTTP client that sends a session's requests to the issuer.
///
/// The default, ``standard``, is the HTTP client in the core: refresh tokens stay in Rust. Use ``urlSession(_:delegate:)`` if
/// requests must go through the system's network stack: for per-app and on-demand VPN, client certificates, pinned certificates,
/// App Transport Security, instrumentation, HTTP/3. The guide <doc:NetworkAndTransport> compares the two.
///
/// The browser sheet and ``Session/data(for:audience:minTTL:using:)`` do not use the transport.
public struct SessionTransport: Sendable {
    private enum Client: Sendable {
        case standard
        case urlSession(URLSessionConfiguration, (any URLSessionDelegate)?)
    }

    private let client: Client

    /// The default of the package: the HTTP client in the core. A package built with
    /// `scripts/build-xcframework.sh --transport url-session` has no such client and uses
    /// `urlSession(.ephemeral)`.
    public static let standard = SessionTransport(client: .standard)

    /// Every request goes through a separate `URLSession`. The refresh token then passes through Foundation, which keeps copies
    /// in memory that are not wiped.
    ///
    /// The configuration is copied, so later changes have no effect. The copy uses no cookies and no cache, does not wait for
    /// connectivity, and has Pilotlight's time limits: 30 seconds for a request, of which 10 for connecting. You control the
    /// rest: `protocolClasses`, `connectionProxyDictionary`, `urlCredentialStorage`, `httpAdditionalHeaders`, TLS versions,
    /// expensive and constrained networks. Redirects are not followed, and answers larger than 1 MiB are refused.
    ///
    /// - Parameters:
    ///   - configuration: The configuration. For a background configuration,
    ///     ``Session/init(_:storage:name:readOnly:log:metrics:userAuthentication:transport:)`` throws
    ///     ``SessionError/configurationInvalid(field:message:)`` naming `transport`.
    ///   - delegate: Its `urlSession(_:didReceive:completionHandler:)` is called for certificate challenges: to pin the server's
    ///     certificate, or to provide the client's (Apple: "Handling an authentication challenge"). No other method of it is
    ///     called. It is retained as long as the session lives. It is not called on Linux, whose Foundation has no such
    ///     challenges.
    public static func urlSession(
        _ configuration: URLSessionConfiguration = .ephemeral, delegate: (any URLSessionDelegate)? = nil
    ) -> SessionTransport {
        SessionTransport(client: .urlSession(configuration.hardened(), delegate))
    }

    /// The core's description of this transport.
    ///
    /// - Parameter proxies: The proxies for the client in the core, or for the `URLSession` that replaces it.
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
    /// The kind of transport only: headers of the configuration may be secrets.
    public var description: String {
        switch client {
        case .standard: "SessionTransport.standard"
        case .urlSession: "SessionTransport.urlSession"
        }
    }
}

extension URLSessionConfiguration {
    /// A copy that stores nothing and follows the core's rules.
    fileprivate func hardened() -> URLSessionConfiguration {
        guard let own = copy() as? URLSessionConfiguration else { return .ephemeral }
        own.httpCookieStorage = nil
        own.httpShouldSetCookies = false
        own.httpCookieAcceptPolicy = .never
        own.urlCache = nil
        own.requestCachePolicy = .reloadIgnoringLocalCacheData
        own.httpShouldUsePipelining = false
        // Longer than the limits of each exchange, which take into account what was sent.
        own.timeoutIntervalForRequest = 60
        own.timeoutIntervalForResource = 60
        #if canImport(FoundationNetworking)
        // On Linux it holds only names and passwords, and removing it is the only way to keep them from being sent.
        own.urlCredentialStorage = nil
        #else
        own.waitsForConnectivity = false
        #endif
        return own
    }

    /// Applies the proxies, for a core without its own HTTP client. `URLSession` uses the system's proxies by default; an iOS
    /// app has no environment variables for them.
    fileprivate func through(_ proxies: ProxySource) -> URLSessionConfiguration {
        if proxies != .system { connectionProxyDictionary = [:] }
        return self
    }
}
