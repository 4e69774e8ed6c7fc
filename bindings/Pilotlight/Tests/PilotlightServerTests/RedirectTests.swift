import Foundation
import IdentityServerSupport
import Testing

@testable import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Redirects between two APIs on two ports, which are two origins. The tests check every header that arrives.
@Suite(.timeLimit(.minutes(1))) struct RedirectTests {
    private let session = Session.preview(state: .signedIn(subject: "ada", expiresAt: .distantFuture))

    private func request(_ url: URL) -> URLRequest {
        var request = URLRequest(url: url)
        for name in ["X-API-Key", "Cookie", "X-Harmless", "DPoP", "Proxy-Authorization"] {
            request.setValue("planted-\(name)", forHTTPHeaderField: name)
        }
        request.setValue("text/plain", forHTTPHeaderField: "Accept")
        return request
    }

    private func planted(in request: RecordingServer.Request) -> [String] {
        request.headers.filter { $0.value.contains("planted") }.map(\.key).sorted()
    }

    @Test func onTheOwnOriginTheTokenAndAllHeadersGoAlong() async throws {
        let api = try RecordingServer { $0.path == "/first" ? Response(302, ["Location": "/second"]) : Response(200) }
        defer { api.stop() }
        let (_, response) = try await session.data(for: request(try api.url("/first")))
        #expect(response.statusCode == 200)
        let token = try await session.accessToken()
        try #require(api.requests.map(\.path) == ["/first", "/second"])
        for request in api.requests {
            #expect(request.headers["authorization"] == "Bearer \(token)")
            #expect(planted(in: request).count == 5)
        }
    }

    @Test func toAnotherOriginGoesNothingThatMayHoldAKey() async throws {
        let other = try RecordingServer { _ in Response(200, body: "found") }
        let target = try other.url("/found")
        let api = try RecordingServer { _ in .redirect(to: target) }
        defer { [api, other].forEach { $0.stop() } }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpAdditionalHeaders = ["X-Session-Key": "planted-session", "Accept-Language": "de"]
        let urlSession = URLSession(configuration: configuration)
        let (data, _) = try await session.data(for: request(try api.url("/")), using: urlSession)
        #expect(String(decoding: data, as: UTF8.self) == "found")
        let own = try #require(api.requests.first)
        #expect(planted(in: own).count == 6)
        let redirected = try #require(other.requests.first)
        #expect(planted(in: redirected).isEmpty)
        #expect(redirected.headers["authorization"] == nil)
        #expect(redirected.headers["cookie"] == nil)
        #expect(redirected.headers["accept"] == "text/plain")
        #expect(redirected.headers["accept-language"] == "de")
    }

    /// The other origin chose the URL, so it must not be requested in the user's name.
    @Test func theTokenStaysOffWhenTheOtherOriginRedirectsBack() async throws {
        let back = Locked<URL?>(nil)
        let other = try RecordingServer { _ in back.withLock { $0 }.map { .redirect(to: $0) } ?? Response(404) }
        let target = try other.url("/")
        let api = try RecordingServer { $0.path == "/" ? .redirect(to: target) : Response(401) }
        defer { [api, other].forEach { $0.stop() } }
        let delete = try api.url("/delete-everything")
        back.withLock { $0 = delete }
        let (_, response) = try await session.data(for: request(try api.url("/")))
        #expect(response.statusCode == 401)
        try #require(api.requests.map(\.path) == ["/", "/delete-everything"])
        #expect(api.requests[1].headers["authorization"] == nil)
        #expect(planted(in: api.requests[1]).isEmpty)
    }

    @Test func anotherNameOfTheSameServerIsAnotherOrigin() async throws {
        let names = Locked<URL?>(nil)
        let api = try RecordingServer { request in
            request.path == "/" ? names.withLock { $0 }.map { .redirect(to: $0) } ?? Response(404) : Response(200)
        }
        defer { api.stop() }
        let renamed = try api.url("/second", host: "localhost")
        names.withLock { $0 = renamed }
        _ = try await session.data(for: request(try api.url("/")))
        try #require(api.requests.map(\.path) == ["/", "/second"])
        #expect(api.requests[1].headers["authorization"] == nil)
    }

    @Test func only401FromTheOwnOriginRenews() async throws {
        let server = try await IdentityServer.start()
        let other = try RecordingServer { _ in Response(401) }
        let target = try other.url("/")
        let api = try RecordingServer { request in
            switch request.path {
            case "/elsewhere": .redirect(to: target)
            case "/moved": Response(307, ["Location": "/here"])
            default: Response(401)
            }
        }
        defer { [api, other].forEach { $0.stop() } }
        let signedIn = try await server.signedInSession()
        let first = try await signedIn.accessToken()

        let (_, elsewhere) = try await signedIn.data(for: URLRequest(url: try api.url("/elsewhere")))
        #expect(elsewhere.statusCode == 401)
        #expect(try await server.counter("refresh_grants") == 0)
        #expect(other.requests.count == 1)

        let (_, moved) = try await signedIn.data(for: URLRequest(url: try api.url("/moved")))
        #expect(moved.statusCode == 401)
        #expect(try await server.counter("refresh_grants") == 1)
        let second = try #require(signedIn.cachedAccessToken())
        let sent = api.requests.filter { $0.path == "/here" }.map { $0.headers["authorization"] }
        #expect(sent == ["Bearer \(first)", "Bearer \(second)"])
        await server.stop()
    }

    @Test func noCookieIsSentOrKept() async throws {
        let api = try RecordingServer { request in
            let redirects = request.path == "/first"
            return Response(
                redirects ? 302 : 200, ["Set-Cookie": "left=behind", "Location": redirects ? "/second" : "/"])
        }
        defer { api.stop() }
        let url = try api.url("/first")
        let configuration = URLSessionConfiguration.default
        let cookies = try #require(configuration.httpCookieStorage)
        let properties: [HTTPCookiePropertyKey: Any] = [
            .name: "shared", .value: "planted", .domain: "127.0.0.1", .path: "/",
        ]
        let shared = try #require(HTTPCookie(properties: properties))
        cookies.setCookie(shared)
        defer { cookies.deleteCookie(shared) }
        let urlSession = URLSession(configuration: configuration)
        _ = try await urlSession.data(for: URLRequest(url: try api.url("/second")))
        // The app's own request sends the cookie and stores the one that it gets, so the storage works.
        try #require(api.requests[0].headers["cookie"]?.contains("shared=planted") == true)
        let left = try #require(cookies.cookies(for: url)?.first { $0.name == "left" })
        cookies.deleteCookie(left)

        _ = try await session.data(for: URLRequest(url: url), using: urlSession)
        try #require(api.requests.map(\.path) == ["/second", "/first", "/second"])
        #expect(api.requests[1].headers["cookie"] == nil)
        #expect(api.requests[2].headers["cookie"] == nil)
        #expect(cookies.cookies(for: url)?.map(\.name) == ["shared"])
    }

    @Test func aCancelledCallEndsAtOnceAndStopsItsRequest() async throws {
        let server = try await IdentityServer.start()
        let signedIn = try await server.signedInSession()
        try await server.addFault("userinfo", ["kind": "hold"])
        let url = try #require(URL(string: "\(server.issuer)userinfo"))
        let calling = Task { try await signedIn.data(for: URLRequest(url: url)) }
        try await server.waitUntilHeld("userinfo")
        calling.cancel()
        await #expect(throws: CancellationError.self) { _ = try await calling.value }
        try await server.release("userinfo")
        await server.stop()
    }
}

private typealias Response = RecordingServer.Response
