import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The identity server's userinfo endpoint plays the app's own API.
@Suite struct SendingTests {
    private func request(to server: IdentityServer) throws -> URLRequest {
        URLRequest(url: try #require(URL(string: "\(server.issuer)userinfo")))
    }

    @Test func aGoodTokenGoesAlongAndNothingIsSentTwice() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let (data, response) = try await session.data(for: try request(to: server))
        #expect(response.statusCode == 200)
        let claims = try JSONDecoder().decode([String: SessionJSON].self, from: data)
        #expect(claims["sub"] == "auth0|ada")
        #expect(try await server.requests(to: "userinfo") == 1)
        #expect(try await server.counter("refresh_grants") == 0)
        await server.stop()
    }

    @Test func aTokenThatIsRefusedIsRenewedAndTheRequestSentOnceMore() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        try await server.addFault("userinfo", ["kind": "status", "status": 401])
        let (_, response) = try await session.data(for: try request(to: server))
        #expect(response.statusCode == 200)
        #expect(try await server.requests(to: "userinfo") == 2)
        #expect(try await server.counter("refresh_grants") == 1)
        await server.stop()
    }

    /// The server answers 401 to both tokens, because its userinfo endpoint is not that API.
    @Test func aFurtherApisTokenIsRenewedForItselfAndTheSessionsOwnIsNeverSentThere() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["multi_resource_refresh": true])
        let session = try await server.signedInSession(metadataAccess: true)
        let api = TokenAudience("https://api.example.com/", scopes: ["read:messages"])
        let own = try #require(session.cachedAccessToken())
        let first = try await session.accessToken(for: api)
        let (_, response) = try await session.data(for: try request(to: server), audience: api)
        #expect(response.statusCode == 401)
        #expect(try await server.requests(to: "userinfo") == 2)
        #expect(try await server.counter("refresh_grants") == 2)
        #expect(session.cachedAccessToken(for: api) != first)
        #expect(session.cachedAccessToken() == own)
        await server.stop()
    }

    /// The other process's renewal is in the store, so only the core can know about it.
    @Test func aTokenThatAnotherProcessReplacedIsNotRenewedAgain() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let session = try Session(server.auth0(), storage: folder.store("session"), log: .none)
        try await session.signIn(using: TestBrowser())
        let other = try Session(server.auth0(), storage: folder.store("session", process: 1), log: .none)
        try await other.restore()
        let newer = try await other.accessToken(forceRefresh: true)
        let api = try RecordingServer { request in
            RecordingServer.Response(request.headers["authorization"] == "Bearer \(newer)" ? 200 : 401)
        }
        defer { api.stop() }
        let (_, response) = try await session.data(for: URLRequest(url: try api.url("/")))
        #expect(response.statusCode == 200)
        #expect(api.requests.count == 2)
        #expect(try await server.counter("refresh_grants") == 1)
        await server.stop()
    }

    @Test func anApiThatRefusesAgainIsBelieved() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        try await server.addFault("userinfo", ["kind": "status", "status": 401], ["times": 2])
        let (_, response) = try await session.data(for: try request(to: server))
        #expect(response.statusCode == 401)
        #expect(try await server.requests(to: "userinfo") == 2)
        #expect(try await server.counter("refresh_grants") == 1)
        await server.stop()
    }

    @Test func anApiThatRefusesEveryTokenDoesNotCostOneRenewalForEachRequest() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let api = try RecordingServer { _ in RecordingServer.Response(401) }
        defer { api.stop() }
        for _ in 0..<5 {
            let (_, response) = try await session.data(for: URLRequest(url: try api.url("/")))
            #expect(response.statusCode == 401)
        }
        #expect(api.requests.count == 6)
        #expect(try await server.counter("refresh_grants") == 1)
        await server.stop()
    }

    @Test func aRedirectToAnotherOriginIsFollowedWithoutTheToken() async throws {
        let server = try await IdentityServer.start()
        let other = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let elsewhere = try request(to: other).url?.absoluteString ?? ""
        try await server.addFault("userinfo", ["kind": "redirect", "location": .string(elsewhere)], ["times": 2])
        let (_, response) = try await session.data(for: try request(to: server))
        #expect(try await other.requests(to: "userinfo") >= 1)
        // A request without a token gets no error code (RFC 6750 3.1); a request with another issuer's token would get one.
        #expect(response.statusCode == 401)
        #expect(response.value(forHTTPHeaderField: "WWW-Authenticate")?.contains("error=") == false)
        await server.stop()
        await other.stop()
    }

    @Test func aTokenGoesToNoUnsafePlace() async throws {
        let session = Session.preview(state: .signedIn(subject: "ada", expiresAt: .distantFuture))
        let plain = URLRequest(url: try #require(URL(string: "http://api.example.com/")))
        await #expect(throws: SessionError.self) { _ = try await session.data(for: plain) }
    }

    @Test func theBrowserIsSignedOutWhereTheIssuerOffersIt() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        await session.signOut()
        let home = try #require(URL(string: "com.example.pilotlight://logout"))
        let url = try await session.logoutURL(returnTo: home, options: LogoutOptions(federated: true))
        #expect(url.path == "/v2/logout")
        #expect(url.query?.contains("federated") == true)
        try await session.signOutOfBrowser(using: TestBrowser(), returnTo: home)
        #expect(try await server.requests(to: "logout") == 1)
        await server.stop()
    }

    @Test func theBrowsersReturnIsCheckedAndTheIDTokenSentWhereTheAppSaysSo() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(
            .openIDConnect(
                issuer: server.issuer, clientID: IdentityServer.clientID, redirectURI: IdentityServer.redirectURI),
            storage: .inMemory, log: .none)
        try await session.signIn(using: TestBrowser())
        await session.signOut()
        let home = try #require(URL(string: "com.example.pilotlight://logout"))
        let options = LogoutOptions(sendsIDTokenHint: true, logoutHint: "ada@example.com")
        let names = URLComponents(
            url: try await session.logoutURL(returnTo: home, options: options), resolvingAgainstBaseURL: false
        )?.queryItems?.map(\.name)
        #expect(
            names == ["client_id", "post_logout_redirect_uri", "state", "id_token_hint", "logout_hint"])
        do {
            try session.completeLogout(with: home)
            Issue.record("it took a return without a state")
        } catch SessionError.argumentInvalid("callback", _) {}
        try await session.signOutOfBrowser(using: TestBrowser(), returnTo: home, options: options)
        await server.stop()
    }
}
