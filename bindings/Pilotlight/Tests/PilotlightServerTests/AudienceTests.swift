import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite struct AudienceTests {
    private let api = TokenAudience("https://api.example.com/", scopes: ["write:messages", "read:messages"])

    private func claims(of token: String) throws -> [String: SessionJSON] {
        let parts = token.split(separator: ".")
        try #require(parts.count == 3)
        var payload = parts[1].replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        payload += String(repeating: "=", count: (4 - payload.count % 4) % 4)
        return try JSONDecoder().decode([String: SessionJSON].self, from: try #require(Data(base64Encoded: payload)))
    }

    @Test func aFurtherApiHasATokenOfItsOwnThatIsKept() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["multi_resource_refresh": true])
        let folder = try TemporaryFolder()
        let store = SessionStorage.file(folder.file("session"))
        let session = try Session(server.auth0(metadataAccess: true), storage: store, log: .none)
        try await session.signIn(using: TestBrowser())
        let own = try #require(session.cachedAccessToken())
        #expect(session.cachedAccessToken(for: api) == nil)
        let token = try await session.accessToken(for: api)
        #expect(try claims(of: token)["aud"] == .string(api.identifier))
        #expect(session.cachedAccessToken(for: api, minTTL: 60) == token)
        #expect(session.cachedAccessToken() == own)
        let request = try await session.authorized(
            URLRequest(url: try #require(URL(string: "https://api.example.com/messages"))), for: api)
        #expect(request.value(forHTTPHeaderField: "Authorization") == "Bearer \(token)")
        #expect(try await server.counter("refresh_grants") == 1)

        let next = try Session(server.auth0(metadataAccess: true), storage: store, log: .none)
        try await next.restore()
        #expect(next.cachedAccessToken(for: api) == token)
        await next.signOut()
        #expect(next.cachedAccessToken(for: api) == nil)
        await server.stop()
    }

    @Test func anApiThatTheIssuerPassesOverIsToBeConfigured() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        do {
            _ = try await session.accessToken(for: "https://api.example.com/")
            Issue.record("a token for something else")
        } catch SessionError.configurationInvalid(let field, _) {
            #expect(field == "audience")
        }
        #expect(session.state?.isSignedIn == true)
        await #expect(throws: SessionError.self) { try await session.accessToken(for: "") }
        let unsafe = URLRequest(url: try #require(URL(string: "http://api.example.com/")))
        await #expect(throws: SessionError.self) { try await session.authorized(unsafe, for: api) }
        #expect(try await server.counter("refresh_grants") == 1)
        await server.stop()
    }
}
