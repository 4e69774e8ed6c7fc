import Foundation
import Testing

@testable import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What a request contains when it leaves the app, and what is left behind after its answer.
@Suite(.serialized, .timeLimit(.minutes(1))) struct AuthorizedExchangeTests {
    private let session = Session.preview(
        state: .signedIn(subject: "ada", expiresAt: .distantFuture), accessToken: "planted-token")

    private func urlSession(_ change: (URLSessionConfiguration) -> Void = { _ in }) -> URLSession {
        let configuration = URLSessionConfiguration.default
        configuration.protocolClasses = [Recorder.self]
        change(configuration)
        return URLSession(configuration: configuration)
    }

    private func api(_ path: String) throws -> URL {
        try #require(URL(string: "https://api.example.com/\(path)"))
    }

    @Test func theRequestItselfAsksForNoStore() async throws {
        var request = URLRequest(url: try api("orders"), cachePolicy: .returnCacheDataElseLoad)
        request.httpShouldHandleCookies = true
        request.httpMethod = "POST"
        request.setValue("Basic planted", forHTTPHeaderField: "Authorization")
        request.setValue("set=by-the-app", forHTTPHeaderField: "Cookie")
        request.setValue("7", forHTTPHeaderField: "X-Number")
        let (data, response) = try await session.data(for: request, using: urlSession())
        #expect(response.statusCode == 200)
        #expect(String(decoding: data, as: UTF8.self) == "fresh")
        let sent = try #require(Recorder.sent.withLock { $0.last })
        #expect(sent.cachePolicy == .reloadIgnoringLocalCacheData)
        #expect(!sent.httpShouldHandleCookies)
        #expect(sent.httpMethod == "POST")
        #expect(sent.value(forHTTPHeaderField: "Authorization") == "Bearer planted-token")
        #expect(sent.value(forHTTPHeaderField: "Cookie") == "set=by-the-app")
        #expect(sent.value(forHTTPHeaderField: "X-Number") == "7")
    }

    /// The cache is read as the next user of the device would read it.
    @Test func theSharedCacheIsNeitherReadNorWritten() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pilotlight-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        #if canImport(FoundationNetworking)
        let cache = URLCache(memoryCapacity: 1 << 20, diskCapacity: 1 << 20, diskPath: folder.path)
        #else
        let cache = URLCache(memoryCapacity: 1 << 20, diskCapacity: 1 << 20, directory: folder)
        #endif
        let urlSession = urlSession {
            $0.urlCache = cache
            $0.requestCachePolicy = .returnCacheDataElseLoad
        }
        let (written, read) = (URLRequest(url: try api("written")), URLRequest(url: try api("read")))
        let response = try #require(
            HTTPURLResponse(url: try api("read"), statusCode: 200, httpVersion: nil, headerFields: nil))
        cache.storeCachedResponse(CachedURLResponse(response: response, data: Data("stale".utf8)), for: read)

        let (data, _) = try await session.data(for: read, using: urlSession)
        #expect(String(decoding: data, as: UTF8.self) == "fresh")
        _ = try await session.data(for: written, using: urlSession)
        #expect(cache.cachedResponse(for: written) == nil)
        #expect(cache.cachedResponse(for: read)?.data == Data("stale".utf8))
    }

    /// Apple's systems ask before they store an answer; Foundation on Linux stores no answer to a request with a token.
    @Test func anAnswerIsNotStoredWhenTheSystemAsks() throws {
        let request = URLRequest(url: try api("orders"))
        let response = try #require(
            HTTPURLResponse(url: try api("orders"), statusCode: 200, httpVersion: nil, headerFields: nil))
        let task = urlSession().dataTask(with: request)
        let stored = Locked<[CachedURLResponse?]>([])
        AuthorizedExchange(request, token: RequestToken(text: "t", prover: nil)).urlSession(
            .shared, dataTask: task, willCacheResponse: CachedURLResponse(response: response, data: Data())
        ) { answer in stored.withLock { $0.append(answer) } }
        #expect(stored.withLock { $0 } == [nil])
    }

    @Test func originsAreComparedWithTheirDefaultPorts() throws {
        func origin(_ text: String) -> Origin? { Origin(URL(string: text)) }
        #expect(origin("https://api.example.com/a") == origin("HTTPS://API.example.com:443/b"))
        #expect(origin("http://localhost/") == origin("http://localhost:80"))
        #expect(origin("https://api.example.com/") != origin("https://api.example.com:444/"))
        #expect(origin("https://api.example.com/") != origin("http://api.example.com/"))
        #expect(origin("https://api.example.com/") != origin("https://api.example.com.evil.example/"))
        #expect(origin("mailto:somebody@example.com") == nil)
        #expect(origin("https://[::1]/")?.mayReceiveTokens == true)
        #expect(origin("http://[::1]:8080/")?.mayReceiveTokens == true)
        #expect(origin("http://127.0.0.1.example.com/")?.mayReceiveTokens == false)
        #expect(origin("ftp://localhost/")?.mayReceiveTokens == false)
    }
}

/// Answers every request with a cacheable response, and records the requests.
private final class Recorder: URLProtocol {
    static let sent = Locked<[URLRequest]>([])

    override class func canInit(with request: URLRequest) -> Bool { true }
    override class func canonicalRequest(for request: URLRequest) -> URLRequest { request }

    override func startLoading() {
        Self.sent.withLock { $0.append(request) }
        let headers = ["Cache-Control": "max-age=3600", "Set-Cookie": "left=behind; Path=/"]
        guard let url = request.url,
            let response = HTTPURLResponse(url: url, statusCode: 200, httpVersion: "HTTP/1.1", headerFields: headers)
        else { return }
        client?.urlProtocol(self, didReceive: response, cacheStoragePolicy: .allowed)
        client?.urlProtocol(self, didLoad: Data("fresh".utf8))
        client?.urlProtocolDidFinishLoading(self)
    }

    override func stopLoading() {}
}
