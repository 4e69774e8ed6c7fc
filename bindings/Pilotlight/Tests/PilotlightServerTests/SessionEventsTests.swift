import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

@Suite struct SessionEventsTests {
    /// The events up to and including the first one for which `isLast` is true.
    private static func announced(
        _ listener: inout SessionEvents.Iterator, until isLast: (SessionEvent) -> Bool
    ) async -> [SessionEvent] {
        var announced: [SessionEvent] = []
        while let event = await listener.next() {
            announced.append(event)
            if isLast(event) { break }
        }
        return announced
    }

    private static func name(_ event: SessionEvent) -> String {
        "\(event)".prefix { $0 != "(" }.description
    }

    @Test func aLifeIsToldInOrderAndTheLoopEndsWithTheSession() async throws {
        let server = try await IdentityServer.start()
        var session: Session? = try Session(server.auth0(), storage: .inMemory, log: .none)
        var listener = try #require(session).events.makeAsyncIterator()
        try await session?.restore()
        try await session?.signIn(using: TestBrowser())
        _ = try await session?.accessToken(forceRefresh: true)
        _ = try await session?.profile()
        try await server.revoke("ada@example.com")
        _ = try? await session?.accessToken(forceRefresh: true)
        await session?.signOut()
        let announced = await Self.announced(&listener) { $0 == .signedOut(elsewhere: false) }
        #expect(announced.map(Self.name) == ["signedIn", "renewed", "profileChanged", "ended", "signedOut"])
        #expect(announced.first == .signedIn(subject: "auth0|ada", by: .browser))
        #expect(announced[3] == .ended(reason: .refreshTokenRejected))
        if case .renewed(let audience, let expiresAt, let elsewhere) = announced[1] {
            #expect(audience == nil && !elsewhere && expiresAt > Date())
        }
        weak var weakly = session
        session = nil
        #expect(weakly == nil)
        #expect(await listener.next() == nil)
        await server.stop()
    }

    @Test func aFailedRenewalSaysWhatTheCallThrew() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        var listener = session.events.makeAsyncIterator()
        try await server.addFault("token", ["kind": "status", "status": 503], ["for_ever": true])
        var thrown: SessionError?
        do { _ = try await session.accessToken(forceRefresh: true) } catch let error as SessionError { thrown = error }
        guard case .renewalFailed(nil, let error, let retryAt) = await listener.next() else {
            Issue.record("no failed renewal")
            return
        }
        #expect(error == thrown)
        #expect(error.isTemporary && (retryAt ?? .distantPast) > Date(timeIntervalSinceNow: -60))
        await server.stop()
    }

    @Test func whatAnotherProcessDidIsToldAsTheOthers() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let app = try Session(server.auth0(), storage: folder.store("session"), log: .none)
        let widget = try Session(server.auth0(), storage: folder.store("session", process: 1), log: .none)
        var listener = widget.events.makeAsyncIterator()
        try await app.restore()
        try await app.signIn(using: TestBrowser())
        try await widget.restore()
        _ = try await app.accessToken(forceRefresh: true)
        try await widget.restore()
        await app.signOut()
        try await widget.restore()
        let announced = await Self.announced(&listener) { $0 == .signedOut(elsewhere: true) }
        #expect(announced.map(Self.name) == ["restored", "renewed", "signedOut"])
        if case .renewed(_, _, let elsewhere) = announced[1] { #expect(elsewhere) }
        await server.stop()
    }
}
