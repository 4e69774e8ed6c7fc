import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An HTTP server on a free port of the loopback interface that answers by a script and records its requests. It plays the app's
/// API, and shows all headers.
///
/// It ends with `stop()`.
public final class RecordingServer: @unchecked Sendable {
    /// A request as it was received.
    public struct Request: Sendable {
        /// `GET`, for example.
        public let method: String
        /// The path with the query.
        public let path: String
        /// The headers by their names in lower case.
        public let headers: [String: String]
    }

    /// A response to a request.
    public struct Response: Sendable {
        let status: Int
        let headers: [String: String]
        let body: String

        /// Creates a response; `Content-Length` is added.
        public init(_ status: Int, _ headers: [String: String] = [:], body: String = "") {
            self.status = status
            self.headers = headers
            self.body = body
        }

        /// A redirect to another URL.
        public static func redirect(to url: URL, _ status: Int = 302) -> Response {
            Response(status, ["Location": url.absoluteString])
        }
    }

    private let script: @Sendable (Request) -> Response
    private let listener: Int32
    private let port: UInt16
    private let lock = NSLock()
    private var seen: [Request] = []

    /// Begins to listen.
    ///
    /// - Parameter script: Returns the response to each request.
    public init(_ script: @escaping @Sendable (Request) -> Response) throws {
        self.script = script
        #if canImport(Glibc)
        let stream = Int32(SOCK_STREAM.rawValue)
        #else
        let stream = SOCK_STREAM
        #endif
        listener = socket(AF_INET, stream, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let listens = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard listens else { throw SupportError("the recording server cannot listen: \(errno)") }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                serve(connection)
                close(connection)
            }
        }
    }

    /// A URL of this server.
    ///
    /// - Parameter host: A host name. Another name of the same interface is another origin.
    public func url(_ path: String, host: String = "127.0.0.1") throws -> URL {
        guard let url = URL(string: "http://\(host):\(port)\(path)") else { throw SupportError("no URL: \(path)") }
        return url
    }

    /// All requests so far.
    public var requests: [Request] {
        lock.lock()
        defer { lock.unlock() }
        return seen
    }

    /// Stops listening.
    public func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func serve(_ connection: Int32) {
        guard let request = read(connection) else { return }
        lock.lock()
        seen.append(request)
        lock.unlock()
        let response = script(request)
        var head = "HTTP/1.1 \(response.status) Scripted\r\nConnection: close\r\n"
        head += "Content-Length: \(response.body.utf8.count)\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        let bytes = Array((head + "\r\n" + response.body).utf8)
        _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, 0) }
        shutdown(connection, Int32(SHUT_WR))
        // Waits until the client has closed the connection. Otherwise the client could lose what it has not read yet.
        var rest = [UInt8](repeating: 0, count: 1024)
        while recv(connection, &rest, rest.count, 0) > 0 {}
    }

    /// Reads only the head of the request, which is all that the tests need.
    private func read(_ connection: Int32) -> Request? {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !text.contains("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let lines = text.components(separatedBy: "\r\n\r\n")[0].components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2 else { return nil }
        let headers = lines.dropFirst().compactMap { line -> (String, String)? in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
        }
        return Request(method: String(words[0]), path: String(words[1]), headers: Dictionary(headers) { $1 })
    }
}
