import Foundation
import Pilotlight

/// Waits on a loopback address for the browser to return (RFC 8252 7.3): one request to one path, with the sign-in's own
/// `state`. Any program on this machine and any web page can send requests here. It refuses those and keeps waiting.
final class LoopbackListener: Sendable {
    private let redirectURI: URLComponents
    private let socket = Once<ListeningSocket>()

    /// - Throws: `SessionError.configurationInvalid` if the host is not loopback.
    init(_ redirectURI: URLComponents) throws {
        guard let host = redirectURI.host, ["127.0.0.1", "localhost", "[::1]", "::1"].contains(host) else {
            throw SessionError.configurationInvalid(
                field: "redirectURI", message: "redirectURI may use http only on a loopback host")
        }
        self.redirectURI = redirectURI
    }

    /// Listens on the port of the redirect URI, or on a free port if it has none.
    ///
    /// - Returns: The redirect URI with that port.
    /// - Throws: `SessionError.configurationInvalid` if the port cannot be used.
    func listen() throws -> String {
        let port = redirectURI.port.flatMap(UInt16.init(exactly:)) ?? 0
        do {
            let opened = try ListeningSocket(ipv6: redirectURI.host?.contains(":") == true, port: port)
            socket.set(opened)
            var listening = redirectURI
            listening.port = Int(opened.port)
            return listening.string ?? ""
        } catch {
            throw SessionError.configurationInvalid(
                field: "redirectURI",
                message: "port \(port) of the redirect URI cannot be listened on (errno \(error.number))")
        }
    }

    /// Waits for the callback URL that the browser requests.
    ///
    /// - Parameter authorizeURL: The URL that the browser was sent to: the callback must have its `state`.
    /// - Throws: `CancellationError`.
    func callback(to authorizeURL: URL) async throws -> URL {
        guard let socket = socket.value else { throw SessionError.internalFault(message: "callback() before listen()") }
        let state = Self.states(of: authorizeURL)
        let path = redirectURI.path.isEmpty ? "/" : redirectURI.path
        let answers = AsyncStream<URL?> { continuation in
            let stopped = Once<Bool>()
            continuation.onTermination = { _ in stopped.set(true) }
            let base = self.base(port: socket.port)
            // On its own thread, because it blocks.
            Thread.detachNewThread {
                continuation.yield(Self.serve(socket, path: path, state: state, base: base) { stopped.value == true })
                continuation.finish()
            }
        }
        for await url in answers {
            if let url { return url }
        }
        throw CancellationError()
    }

    private func base(port: UInt16) -> String {
        "http://\(redirectURI.percentEncodedHost ?? "127.0.0.1"):\(port)"
    }

    /// All `state` parameters of a URL, because another reader could use a second one instead of the first.
    private static func states(of url: URL) -> [String?] {
        let items = URLComponents(url: url, resolvingAgainstBaseURL: true)?.queryItems ?? []
        return items.filter { $0.name == "state" }.map(\.value)
    }

    private static func serve(
        _ socket: ListeningSocket, path: String, state: [String?], base: String, until stopped: () -> Bool
    ) -> URL? {
        while !stopped() {
            guard let connection = socket.accept(within: 200) else { continue }
            guard let target = connection.requestTarget() else { continue }
            let asked = target.split(separator: "?", maxSplits: 1).first.map(String.init)
            guard asked == path, let url = URL(string: base + target) else {
                connection.answer("404 Not Found", "This is not the page.")
                continue
            }
            guard states(of: url) == state else {
                connection.answer("400 Bad Request", "This does not belong to the sign-in that was begun.")
                continue
            }
            connection.answer("200 OK", "You can close this window and go back to the terminal.")
            return url
        }
        return nil
    }
}

/// A value that one thread sets once and other threads read.
final class Once<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var stored: Value?

    var value: Value? {
        lock.withLock { stored }
    }

    func set(_ value: Value) {
        lock.withLock { stored = stored ?? value }
    }
}
