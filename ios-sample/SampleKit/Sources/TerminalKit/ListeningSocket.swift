import Foundation

/// A failed system call.
struct SystemError: Error {
    let number: Int32
}

/// A TCP socket that listens on a loopback address.
final class ListeningSocket: Sendable {
    /// The port that it listens on.
    let port: UInt16
    private let descriptor: Int32

    /// - Parameters:
    ///   - ipv6: Listens on `::1` instead of `127.0.0.1`.
    ///   - port: The port; 0 means any free port.
    init(ipv6: Bool, port: UInt16) throws(SystemError) {
        let descriptor = socket(ipv6 ? AF_INET6 : AF_INET, streamSocket, 0)
        guard descriptor >= 0 else { throw SystemError(number: errno) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = ipv6 ? Self.bind6(descriptor, port) : Self.bind4(descriptor, port)
        guard bound == 0, Foundation.listen(descriptor, 8) == 0, let taken = Self.port(of: descriptor) else {
            let number = errno
            close(descriptor)
            throw SystemError(number: number)
        }
        self.descriptor = descriptor
        self.port = taken
    }

    deinit {
        close(descriptor)
    }

    /// The next connection, if one arrives within this time.
    func accept(within milliseconds: Int32) -> Connection? {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&polled, 1, milliseconds) > 0 else { return nil }
        let accepted = Foundation.accept(descriptor, nil, nil)
        return accepted >= 0 ? Connection(descriptor: accepted) : nil
    }

    private static func bind4(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withSockaddr(&address) { bind(descriptor, $0, $1) }
    }

    private static func bind6(_ descriptor: Int32, _ port: UInt16) -> Int32 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_addr = in6addr_loopback
        return withSockaddr(&address) { bind(descriptor, $0, $1) }
    }

    private static func port(of descriptor: Int32) -> UInt16? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard status == 0 else { return nil }
        // The port has the same offset in both kinds of address.
        return withUnsafeBytes(of: &storage) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
    }

    private static func withSockaddr<Address>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
        }
    }
}

#if canImport(Darwin)
private let streamSocket = SOCK_STREAM
#else
private let streamSocket = Int32(SOCK_STREAM.rawValue)
#endif

/// One browser's connection.
final class Connection {
    private let descriptor: Int32

    init(descriptor: Int32) {
        self.descriptor = descriptor
        // A browser may open connections on which it sends nothing. They must not block the one that matters.
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        #if canImport(Darwin)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
        #endif
    }

    deinit {
        close(descriptor)
    }

    /// The target of a GET request: path and query. Nil for anything else, and if it takes too long.
    func requestTarget() -> String? {
        var head = [UInt8]()
        var chunk = [UInt8](repeating: 0, count: 4096)
        let end = Array("\r\n\r\n".utf8)
        while head.count < 65_536, !head.hasTail(end) {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            head += chunk[..<count]
        }
        let line = String(decoding: head.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        let words = line.split(separator: " ")
        guard words.count == 3, words[0] == "GET", words[1].hasPrefix("/") else { return nil }
        return String(words[1])
    }

    func answer(_ status: String, _ text: String) {
        let page = "<!doctype html><meta charset=utf-8><title>Pilotlight</title><p>\(text)</p>"
        let bytes = Array(
            """
            HTTP/1.1 \(status)\r
            Content-Type: text/html; charset=utf-8\r
            Content-Length: \(page.utf8.count)\r
            Cache-Control: no-store\r
            Referrer-Policy: no-referrer\r
            Connection: close\r
            \r
            \(page)
            """.utf8)
        _ = send(descriptor, bytes, bytes.count, quietly)
        shutdown(descriptor, Int32(SHUT_WR))
    }
}

extension [UInt8] {
    fileprivate func hasTail(_ tail: [UInt8]) -> Bool {
        suffix(tail.count).elementsEqual(tail)
    }
}

// A browser that has closed its connection must not end the program with SIGPIPE.
#if canImport(Darwin)
private let quietly: Int32 = 0
#else
private let quietly = Int32(MSG_NOSIGNAL)
#endif
