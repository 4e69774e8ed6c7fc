import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Sessions whose requests go through `URLSession`, over real sockets. The effect of each network fault is tested in Rust, with
/// the same code (scripts/url-session.sh).
@Suite(.timeLimit(.minutes(1))) struct URLSessionTransportTests {
    private func session(
        _ configuration: SessionConfiguration, _ network: URLSessionConfiguration = .ephemeral,
        storage: SessionStorage = .inMemory
    ) throws -> Session {
        try Session(configuration, storage: storage, log: .none, transport: .urlSession(network))
    }

    /// A session with an Auth0 configuration, at a server that answers by a script.
    private func session(at server: RecordingServer, _ network: URLSessionConfiguration = .ephemeral) throws -> Session
    {
        let issuer = try server.url("").absoluteString
        return try session(
            .openIDConnect(issuer: issuer, clientID: "c", redirectURI: IdentityServer.redirectURI), network)
    }

    @Test func aSessionLivesItsWholeLife() async throws {
        let server = try await IdentityServer.start()
        let session = try session(server.auth0(metadataAccess: true))
        try await session.signIn(using: TestBrowser())
        let first = try await session.accessToken()
        let second = try await session.refresh()
        #expect(first != second)
        #expect(try await session.profile().email == "ada@example.com")
        try await session.metadata.update(["country": "NO"])
        #expect(try await server.metadata(of: "ada@example.com")["country"] == "NO")
        #expect(await session.signOut() == .revoked)
        #expect(try await server.counter("refresh_grants") == 1)
        #expect(try await server.counter("families_revoked") == 1)
        await server.stop()
    }

    @Test func aServerThatIsAwayEndsNothing() async throws {
        let server = try await IdentityServer.start()
        let session = try session(server.auth0())
        try await session.signIn(using: TestBrowser())
        try await server.goOffline()
        do {
            _ = try await session.refresh()
            Issue.record("renewed")
        } catch SessionError.temporarilyUnavailable(let reason, _, _) {
            #expect(reason == .network)
        }
        try await server.goOnline()
        #expect(session.hasValidSession())
        #expect(try await server.counter("spent_refresh_tokens_presented") == 0)
        await server.stop()
    }

    @Test func theAppsCookiesAndCacheAreNotUsed() async throws {
        let server = try RecordingServer { _ in
            RecordingServer.Response(
                404,
                ["Set-Cookie": "planted=answer; Path=/", "Cache-Control": "max-age=600", "Content-Type": "text/plain"],
                body: "planted")
        }
        defer { server.stop() }
        let network = URLSessionConfiguration.ephemeral
        let cookies = try #require(network.httpCookieStorage)
        let url = try server.url("/")
        let before = try #require(
            HTTPCookie(properties: [.name: "planted", .value: "app", .domain: "127.0.0.1", .path: "/"]))
        cookies.setCookie(before)
        network.urlCache = URLCache(memoryCapacity: 1 << 20, diskCapacity: 0, diskPath: nil)
        network.requestCachePolicy = .returnCacheDataElseLoad
        let session = try session(at: server, network)
        for _ in 0..<2 {
            await #expect(throws: SessionError.self) { try await session.signIn(using: TestBrowser()) }
        }
        #expect(server.requests.count >= 2)
        #expect(server.requests.allSatisfy { $0.headers["cookie"] == nil })
        #expect(cookies.cookies(for: url)?.map(\.value) == ["app"])
        #expect(network.urlCache?.cachedResponse(for: URLRequest(url: url)) == nil)
        // The app's own configuration has not changed.
        #expect(network.httpCookieStorage === cookies)
    }

    /// With a password from the app's credential storage the request would be sent a second time.
    @Test func aServerThatAsksForAPasswordGetsNone() async throws {
        let server = try RecordingServer { _ in
            RecordingServer.Response(401, ["WWW-Authenticate": "Basic realm=\"r\""], body: "{}")
        }
        defer { server.stop() }
        let url = try server.url("/")
        let network = URLSessionConfiguration.default
        let space = URLProtectionSpace(
            host: "127.0.0.1", port: try #require(url.port), protocol: "http", realm: "r",
            authenticationMethod: NSURLAuthenticationMethodHTTPBasic)
        let credential = URLCredential(user: "planted", password: "planted", persistence: .forSession)
        network.urlCredentialStorage?.setDefaultCredential(credential, for: space)
        let session = try session(at: server, network)
        do {
            try await session.signIn(using: TestBrowser())
            Issue.record("signed in")
        } catch SessionError.configurationInvalid(let field, let message) {
            #expect(field == "issuer")
            #expect(message.text.contains("401"))
        }
        #expect(server.requests.count == 1)
        #expect(server.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func headersOfTheConfigurationGoAlongAndDoNotReplaceTheCores() async throws {
        let server = try RecordingServer { _ in RecordingServer.Response(404) }
        defer { server.stop() }
        let network = URLSessionConfiguration.ephemeral
        network.httpAdditionalHeaders = ["X-Instrumented": "yes", "Accept": "text/planted"]
        let session = try session(at: server, network)
        await #expect(throws: SessionError.self) { try await session.signIn(using: TestBrowser()) }
        let request = try #require(server.requests.first)
        #expect(request.headers["x-instrumented"] == "yes")
        #expect(request.headers["accept"] == "application/json")
        #expect(request.headers["user-agent"]?.hasPrefix("Pilotlight/") == true)
    }

    /// An app can test without a server in this way.
    @Test func theAppsOwnProtocolsAnswer() async throws {
        let network = URLSessionConfiguration.ephemeral
        network.protocolClasses = [ScriptedProtocol.self]
        let offline = try session(
            .openIDConnect(issuer: "https://offline.example.com/", clientID: "c", redirectURI: "a://b"), network)
        do {
            try await offline.signIn(using: TestBrowser())
            Issue.record("signed in")
        } catch SessionError.temporarilyUnavailable(let reason, _, _) {
            #expect(reason == .network)
        }
        let faulty = try session(
            .openIDConnect(issuer: "https://faulty.example.com/", clientID: "c", redirectURI: "a://b"), network)
        do {
            try await faulty.signIn(using: TestBrowser())
            Issue.record("signed in")
        } catch SessionError.temporarilyUnavailable(let reason, let retryAfter, _) {
            #expect(reason == .serverFault)
            #expect(retryAfter == 7)
        }
    }

    @Test func aSecondHandleWithAnotherTransportIsAnError() async throws {
        let folder = try TemporaryFolder()
        let configuration = SessionConfiguration.auth0(domain: "t.example.com", clientID: "c", redirectURI: "a://b")
        let storage = folder.store("store.json")
        let first = try session(configuration, storage: storage)
        do {
            _ = try Session(configuration, storage: storage, log: .none)
            Issue.record("opened")
        } catch SessionError.configurationInvalid(let field, let message) {
            #expect(field == "transport")
            #expect(message.text.contains("URLSession"))
        }
        // With the same kind of transport it is another handle, whatever its configuration. A read-only session is separate.
        let second = try session(configuration, .default, storage: storage)
        let reader = try Session(configuration, storage: storage, readOnly: true, log: .none)
        withExtendedLifetime((first, second, reader)) {}
    }
}

/// Answers for two hosts, and sends nothing.
private final class ScriptedProtocol: URLProtocol, @unchecked Sendable {
    override class func canInit(with request: URLRequest) -> Bool { true }
    override class func canonicalRequest(for request: URLRequest) -> URLRequest { request }

    override func startLoading() {
        guard let url = request.url, url.host != "offline.example.com",
            let response = HTTPURLResponse(
                url: url, statusCode: 503, httpVersion: "HTTP/1.1", headerFields: ["Retry-After": "7"])
        else {
            client?.urlProtocol(self, didFailWithError: URLError(.notConnectedToInternet))
            return
        }
        client?.urlProtocol(self, didReceive: response, cacheStoragePolicy: .notAllowed)
        client?.urlProtocol(self, didLoad: Data("{}".utf8))
        client?.urlProtocolDidFinishLoading(self)
    }

    override func stopLoading() {}
}
