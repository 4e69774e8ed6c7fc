import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The identity server's userinfo endpoint plays the app's own API: it checks each proof as RFC 9449 requires.
@Suite struct TokenBindingTests {
    private func boundSession(_ settings: [String: SessionJSON] = [:]) async throws -> (IdentityServer, Session) {
        let server = try await IdentityServer.start()
        try await server.change(.object(settings.merging(["dpop": "required"]) { given, _ in given }))
        return (server, try await server.signedInSession(dpop: .required))
    }

    private func request(to server: IdentityServer, _ query: String = "") throws -> URLRequest {
        URLRequest(url: try #require(URL(string: "\(server.issuer)userinfo\(query)")))
    }

    @Test func requestsShowTheKeyAndTheSessionSaysWhichItIs() async throws {
        let (server, session) = try await boundSession()
        let key = try #require(session.boundKey)
        #expect(!key.thumbprint.isEmpty)
        let (_, response) = try await session.data(for: try request(to: server, "?page=1"))
        #expect(response.statusCode == 200)
        let authorized = try await session.authorized(try request(to: server))
        #expect(authorized.value(forHTTPHeaderField: "Authorization")?.hasPrefix("DPoP ") == true)
        #expect(authorized.value(forHTTPHeaderField: "DPoP")?.split(separator: ".").count == 3)
        _ = try await session.accessToken(forceRefresh: true)
        #expect(session.boundKey == key)
        _ = try await session.profile()
        await session.signOut()
        #expect(session.boundKey == nil)
        await server.stop()
    }

    @Test func aTokenForAFurtherApiCarriesAProofToo() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["multi_resource_refresh": true, "dpop": "required"])
        let session = try await server.signedInSession(metadataAccess: true, dpop: .required)
        let request = URLRequest(url: try #require(URL(string: "https://api.example.com/")))
        let authorized = try await session.authorized(request, for: "https://api.example.com/")
        #expect(authorized.value(forHTTPHeaderField: "Authorization")?.hasPrefix("DPoP ") == true)
        #expect(authorized.value(forHTTPHeaderField: "DPoP")?.split(separator: ".").count == 3)
        await server.stop()
    }

    @Test func anApisNonceIsAnsweredOnceAndKept() async throws {
        let (server, session) = try await boundSession(["dpop_nonce_lifetime": 60, "dpop_leeway": 600])
        try await server.advance(seconds: 120)
        let before = try await server.requests(to: "userinfo")
        let (_, first) = try await session.data(for: try request(to: server))
        #expect(first.statusCode == 200)
        #expect(try await server.requests(to: "userinfo") == before + 2)
        let (_, second) = try await session.data(for: try request(to: server))
        #expect(second.statusCode == 200)
        #expect(try await server.requests(to: "userinfo") == before + 3, "the answer had brought the next nonce")
        #expect(try await server.counter("refresh_grants") == 0)
        await server.stop()
    }

    /// An API that always asks for a nonce gets two requests, and the caller gets its answer.
    @Test func anApiThatIsNeverContentIsBelieved() async throws {
        let (server, session) = try await boundSession()
        let api = try RecordingServer { _ in
            RecordingServer.Response(
                401, ["DPoP-Nonce": "n", "WWW-Authenticate": "DPoP error=\"use_dpop_nonce\""])
        }
        defer { api.stop() }
        let (_, response) = try await session.data(for: URLRequest(url: try api.url("/")))
        #expect(response.statusCode == 401)
        #expect(api.requests.count == 2, "once more for the nonce, and no more: another token would not help")
        #expect(try await server.counter("refresh_grants") == 0)
        let proofs = api.requests.compactMap { $0.headers["dpop"] }
        #expect(Set(proofs).count == api.requests.count, "each request has its own proof")
        await server.stop()
    }

    /// A stream can be read only once.
    @Test func aStreamedBodyIsSentOnce() async throws {
        let (server, session) = try await boundSession()
        let api = try RecordingServer { _ in
            RecordingServer.Response(
                401, ["DPoP-Nonce": "n", "WWW-Authenticate": "DPoP error=\"use_dpop_nonce\""])
        }
        defer { api.stop() }
        var upload = URLRequest(url: try api.url("/"))
        upload.httpMethod = "POST"
        upload.httpBodyStream = InputStream(data: Data("body".utf8))
        let (_, response) = try await session.data(for: upload)
        #expect(response.statusCode == 401)
        #expect(api.requests.count == 1)
        await server.stop()
    }

    @Test func anotherOriginGetsNeitherTheTokenNorAProof() async throws {
        let (server, session) = try await boundSession()
        let other = try RecordingServer { _ in
            RecordingServer.Response(401, ["DPoP-Nonce": "n", "WWW-Authenticate": "DPoP error=\"use_dpop_nonce\""])
        }
        let target = try other.url("/found")
        let api = try RecordingServer { _ in .redirect(to: target) }
        defer { [api, other].forEach { $0.stop() } }
        let (_, response) = try await session.data(for: URLRequest(url: try api.url("/")))
        #expect(response.statusCode == 401)
        #expect(api.requests.map { $0.headers["dpop"] != nil } == [true])
        #expect(other.requests.map { $0.headers["dpop"] ?? $0.headers["authorization"] } == [nil])
        await server.stop()
    }

    @Test func anotherHttpClientGetsItsHeaders() async throws {
        let (server, session) = try await boundSession(["dpop_nonce_lifetime": 60, "dpop_leeway": 600])
        try await server.advance(seconds: 120)
        var statuses: [Int] = []
        for _ in 0..<2 {
            var request = try request(to: server)
            request.httpMethod = "POST"
            for (name, value) in try await session.authorizationHeaders(for: request) {
                request.setValue(value, forHTTPHeaderField: name)
            }
            let (_, response) = try await URLSession.shared.data(for: request)
            let answer = try #require(response as? HTTPURLResponse)
            session.keepProofNonce(of: answer)
            statuses.append(answer.statusCode)
        }
        #expect(statuses == [401, 200])
        await server.stop()
    }

    /// A proof is for one URL, so a redirect gets a new one. The logout endpoint is the one that redirects.
    @Test func aRedirectOnTheSameOriginCarriesAnotherProof() async throws {
        let (server, session) = try await boundSession()
        try await server.addFault(
            "logout",
            [
                "kind": "redirect", "location": .string("\(server.issuer)userinfo"),
            ])
        let moved = URLRequest(url: try #require(URL(string: "\(server.issuer)v2/logout")))
        let (_, response) = try await session.data(for: moved)
        #expect(response.statusCode == 200)
        await server.stop()
    }

    @Test func bearerSessionsSendNoProofs() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        #expect(session.boundKey == nil)
        let headers = try await session.authorizationHeaders(for: try request(to: server))
        #expect(Array(headers.keys) == ["Authorization"])
        #expect(headers["Authorization"]?.hasPrefix("Bearer ") == true)
        await server.stop()
    }

    @Test func aTokenThatIsNotBoundIsRefusedWhereThatIsRequired() async throws {
        let server = try await IdentityServer.start()
        do {
            _ = try await server.signedInSession(dpop: .required)
            Issue.record("a Bearer token was accepted")
        } catch let error as SessionError {
            guard case .configurationInvalid(field: "dpop", _) = error else { throw error }
            #expect(error.recoverySuggestion?.contains("Token Sender-Constraining") == true)
        }
        let wanted = try await server.signedInSession(dpop: .whenOffered)
        #expect(wanted.boundKey == nil)
        await server.stop()
    }
}
