import Foundation

/// The origin of a URL: scheme, host and port (RFC 6454 4).
struct Origin: Equatable {
    private let scheme: String
    private let host: String
    private let port: Int?

    /// Nil if the URL names no host.
    init?(_ url: URL?) {
        guard let url, let scheme = url.scheme?.lowercased(), let host = url.host?.lowercased(), !host.isEmpty else {
            return nil
        }
        self.scheme = scheme
        self.host = host
        port = url.port ?? ["https": 443, "http": 80][scheme]
    }

    /// The origin as text, with the port.
    var text: String { "\(scheme)://\(host):\(port.map(String.init) ?? "")" }

    /// Whether a token may be sent there: `https`, or `http` on a loopback host (RFC 6750 5.3).
    var mayReceiveTokens: Bool {
        switch scheme {
        case "https": true
        case "http": ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host)
        default: false
        }
    }
}
