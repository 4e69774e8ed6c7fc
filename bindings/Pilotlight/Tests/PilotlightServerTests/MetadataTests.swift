import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

@Suite struct MetadataTests {
    private struct Preferences: Codable, Equatable {
        struct Display: Codable, Equatable {
            var theme: String
            var size: Int?
        }

        var display: Display
        var country: String?
    }

    @Test func replacedMergedAndRemoved() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession(metadataAccess: true)
        let metadata = session.metadata
        try await metadata.replace(encoding: Preferences(display: .init(theme: "dark", size: 12), country: "UK"))
        #expect(
            try await server.metadata(of: "ada@example.com") == [
                "display": ["theme": "dark", "size": 12], "country": "UK",
            ])
        try await metadata.merge(["display": ["size": nil, "font": "serif"]])
        #expect(try await metadata.get() == ["display": ["theme": "dark", "font": "serif"], "country": "UK"])
        try await metadata.merge(encoding: Preferences(display: .init(theme: "light")))
        #expect(try await metadata.get(as: Preferences.self).display == .init(theme: "light"))
        #expect(try await metadata.get(excluding: ["display"]) == ["country": "UK"])
        #expect(try await metadata.remove(["country"]) == ["display": ["theme": "light", "font": "serif"]])
        #expect(try await metadata.remove([]).count == 1)
        #expect(try await metadata.replace(with: ["a": 1]) == ["a": 1])
        let seen = try await server.requests(to: "users")
        await #expect(throws: SessionError.self) { try await metadata.merge(["a": ["b.c": 1]]) }
        await #expect(throws: SessionError.self) { try await metadata.remove([""]) }
        #expect(try await server.requests(to: "users") == seen)
        await server.stop()
    }

    private struct Choices: Encodable {
        var theme: String?
        var country: String?
    }

    /// Auth0 deletes everything when it gets `{}`.
    @Test func anEmptyChangeChangesNothing() async throws {
        let server = try await IdentityServer.start()
        let metadata = try await server.signedInSession(metadataAccess: true).metadata
        let before: [String: SessionJSON] = ["theme": "dark", "loyalty": 7]
        try await metadata.replace(with: before)
        #expect(try await metadata.update(encoding: Choices()) == before)
        #expect(try await metadata.update([:]) == before)
        #expect(try await metadata.updateOrWait(encoding: Choices()) == .done(before))
        #expect(try await metadata.updateOrWait([:]) == .done(before))
        #expect(try await metadata.merge(encoding: Choices()) == before)
        #expect(try await server.metadata(of: "ada@example.com") == .object(before))
        try await server.goOffline()
        await #expect(throws: SessionError.self) { try await metadata.updateOrWait([:]) }
        #expect(metadata.pending.isEmpty)
        await server.stop()
    }

    @Test func allIsDeletedWithOneRequest() async throws {
        let server = try await IdentityServer.start()
        let metadata = try await server.signedInSession(metadataAccess: true).metadata
        try await metadata.replace(with: ["a": 1])
        let requests = try await server.requests(to: "users")
        try await metadata.removeAll()
        #expect(try await server.requests(to: "users") == requests + 1)
        #expect(try await server.metadata(of: "ada@example.com") == [:])
        try await metadata.update(["a": 1])
        #expect(try await metadata.replace(with: [:]) == [:])
        #expect(try await server.metadata(of: "ada@example.com") == [:])
        await server.stop()
    }

    @Test func theManagementTokenIsFoundByItself() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["multi_resource_refresh": true])
        let session = try await server.signedInSession(audience: "https://api.example.com/")
        let own = session.cachedAccessToken()
        try await session.metadata.replace(with: ["a": 1])
        #expect(try await session.metadata.get() == ["a": 1])
        #expect(try await server.counter("refresh_grants") == 1)
        #expect(session.cachedAccessToken() == own)
        await server.stop()
    }

    @Test func anOldTenantTakesTheIDToken() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["id_token_as_bearer": true])
        let configuration = SessionConfiguration.auth0(
            domain: server.issuer, clientID: IdentityServer.clientID, redirectURI: IdentityServer.redirectURI,
            metadataByIDToken: true)
        let session = try Session(configuration, storage: .inMemory, log: .none)
        try await session.signIn(using: TestBrowser())
        #expect(try await session.metadata.replace(with: ["a": 1]) == ["a": 1])
        #expect(try await server.counter("refresh_grants") == 0)
        await server.stop()
    }

    @Test func changesWaitForTheNetwork() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let store = SessionStorage.file(folder.file("session"))
        let session = try Session(server.auth0(metadataAccess: true), storage: store, log: .none)
        try await session.signIn(using: TestBrowser())
        #expect(try await session.metadata.replace(with: ["a": 0]) == ["a": 0])
        #expect(try await session.metadata.updateOrWait(["b": 1]) == .done(["a": 0, "b": 1]))
        try await server.goOffline()
        let outcome = try await session.metadata.updateOrWait(["a": 1, "b": nil])
        guard case .waiting(let first) = outcome,
            case .waiting(let second) = try await session.metadata.updateOrWait(["a": 2])
        else {
            Issue.record("not waiting")
            return
        }
        #expect(session.metadata.pending.map(\.id) == [first, second])
        #expect(session.metadata.pending.first?.changes == ["a": 1, "b": nil])
        #expect(try await session.metadata.flush() == MetadataFlush(applied: [], dropped: [], waiting: 2))

        let next = try Session(server.auth0(metadataAccess: true), storage: store, log: .none)
        try await next.restore()
        #expect(next.metadata.pending.map(\.id) == [first, second])
        #expect(try await next.metadata.cancel(second))
        #expect(try await !next.metadata.cancel(second))
        try await server.goOnline()
        // The first metadata call sends the queued changes.
        #expect(try await next.metadata.get() == ["a": 1])
        #expect(next.metadata.pending.isEmpty)
        await server.stop()
    }

    @Test func aPreviewDoesTheSame() async throws {
        let metadata = Session.preview(metadata: ["n": ["x": 1, "y": 2], "a": 1]).metadata
        #expect(try await metadata.merge(["n": ["y": nil, "z": 3]]) == ["n": ["x": 1, "z": 3], "a": 1])
        #expect(try await metadata.get(excluding: ["n"]) == ["a": 1])
        #expect(try await metadata.remove(["n"]) == ["a": 1])
        #expect(try await metadata.replace(with: ["b": 2, "c": nil]) == ["b": 2])
        #expect(try await metadata.update([:]) == ["b": 2])
        #expect(try await metadata.update(encoding: Choices()) == ["b": 2])
        #expect(try await metadata.updateOrWait([:]) == .done(["b": 2]))
        try await metadata.removeAll()
        #expect(try await metadata.get() == [:])
    }
}
