import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A session with a limit of the app: its end is announced, and afterwards no call discloses anything. The device's own clock is
/// used, so each limit is a few seconds.
@Suite struct LifetimeTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func session(_ server: IdentityServer, _ lifetime: SessionLifetime) throws -> Session {
        var configuration = server.auth0(metadataAccess: true)
        configuration.lifetime = lifetime
        return try Session(configuration, storage: folder.store("session"), log: .none)
    }

    /// The next event about the end of the session: `willEnd` or `ended`.
    private func next(_ listener: inout SessionEvents.Iterator) async throws -> SessionEvent {
        while let event = await listener.next() {
            switch event {
            case .willEnd, .ended: return event
            default: continue
            }
        }
        throw SupportError("the events ended")
    }

    private func expectNothingIsGiven(
        _ session: Session, _ reason: SignInReason, at server: IdentityServer
    ) async throws {
        let api = try #require(URL(string: server.issuer + "userinfo"))
        let audience = TokenAudience("https://api.example.com/")
        let ways: [String: @Sendable () async throws -> Void] = [
            "token": { _ = try await session.accessToken() },
            "expired token": { _ = try await session.accessToken(allowExpired: true) },
            "renewed token": { _ = try await session.accessToken(forceRefresh: true) },
            "token for an API": { _ = try await session.accessToken(for: audience) },
            "refresh": { try await session.refresh() },
            "authorized": { _ = try await session.authorized(api) },
            "data": { _ = try await session.data(for: URLRequest(url: api)) },
            "profile": { _ = try await session.profile(refresh: true) },
            "user": { _ = try await session.fetchUser() },
            "metadata": { _ = try await session.metadata.get() },
            "metadata update": { _ = try await session.metadata.update(["a": 1]) },
            "session transfer": { _ = try await session.sessionTransfer() },
            "device SSO": { _ = try await session.deviceSSOToken() },
        ]
        let requests = try await server.requests(to: "token")
        #expect(session.cachedAccessToken() == nil)
        #expect(session.cachedAccessToken(for: audience) == nil)
        #expect(!session.hasValidSession())
        for (name, way) in ways {
            do {
                try await way()
                Issue.record("\(name) was given")
            } catch SessionError.signInRequired(let why, let message) {
                #expect(why == reason, "\(name)")
                #expect(message.text.contains("sign in again"), "\(name): \(message.text)")
            }
        }
        #expect(try await server.requests(to: "token") == requests, "the issuer is asked for nothing")
        // The profile stays for the sign-in screen.
        #expect(session.cachedProfile?.subject == "auth0|ada")
    }

    @Test func theEndIsAnnouncedBeforeAndWhenItComesAndThenNothingIsGiven() async throws {
        let server = try await IdentityServer.start()
        let session = try session(server, SessionLifetime(absolute: 4))
        var listener = session.events.makeAsyncIterator()
        var states = session.states.makeAsyncIterator()
        let before = Date()
        try await session.signIn(using: TestBrowser())
        let signedIn = Date()
        _ = try await session.profile()
        guard case .willEnd(let end, .lifetimeEnded) = try await next(&listener) else {
            Issue.record("the end was not announced before")
            return
        }
        // The core counts whole seconds.
        #expect((before.addingTimeInterval(3)...signedIn.addingTimeInterval(5)).contains(end))
        #expect(session.state?.isSignedIn == true)
        _ = try await session.accessToken(forceRefresh: true)
        #expect(try await next(&listener) == .ended(reason: .lifetimeEnded))
        let over = SessionState.reauthenticationRequired(reason: .lifetimeEnded)
        #expect(session.state == over)
        var last = await states.next()
        while last != over, last != nil { last = await states.next() }
        #expect(last == over)
        try await expectNothingIsGiven(session, .lifetimeEnded, at: server)

        // The session is also over at the next launch, even though its limit was not announced there.
        let relaunched = try self.session(server, SessionLifetime(absolute: 4))
        #expect(try await relaunched.restore() == over)
        try await expectNothingIsGiven(relaunched, .lifetimeEnded, at: server)

        // A sign-in begins a new session.
        try await session.signIn(using: TestBrowser())
        _ = try await session.accessToken(forceRefresh: true)
        await server.stop()
    }

    @Test func aUsePutsTheEndOfAnIdleSessionOff() async throws {
        let server = try await IdentityServer.start()
        let session = try session(server, SessionLifetime(idle: 4))
        var listener = session.events.makeAsyncIterator()
        try await session.signIn(using: TestBrowser())
        _ = try await session.profile()
        var ends: [Date] = []
        for _ in 0..<2 {
            guard case .willEnd(let end, .idleTooLong) = try await next(&listener) else {
                Issue.record("an end came that a use had put off")
                return
            }
            ends.append(end)
            if ends.count == 1 { _ = try await session.accessToken() }
        }
        #expect(ends[1].timeIntervalSince(ends[0]) >= 1)
        #expect(try await next(&listener) == .ended(reason: .idleTooLong))
        #expect(session.state == .reauthenticationRequired(reason: .idleTooLong))
        try await expectNothingIsGiven(session, .idleTooLong, at: server)
        await server.stop()
    }
}
