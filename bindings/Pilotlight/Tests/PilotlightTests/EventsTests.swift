import Foundation
import Testing

@testable import Pilotlight

@Suite struct EventsTests {
    @Test func aListenerGetsWhatHappensFromThenOnAndNothingOfBefore() async {
        let broadcaster = SessionBroadcaster()
        let events = SessionEvents(broadcaster: broadcaster.events)
        broadcaster.happened(event: .profileChanged)
        var listener = events.makeAsyncIterator()
        let retryAt = Date(timeIntervalSince1970: 7)
        broadcaster.happened(
            event: .renewalFailed(
                audience: "api",
                cause: .RetryLater(
                    reason: .network, retryAfterSeconds: 3, message: .init(text: "m", issuer: nil)),
                retryAt: retryAt))
        broadcaster.stateChanged(state: .signedOut)
        broadcaster.happened(event: .signedOut(elsewhere: true))
        broadcaster.end()
        let error = SessionError.temporarilyUnavailable(reason: .network, retryAfter: 3, message: "m")
        #expect(await listener.next() == .renewalFailed(audience: "api", error: error, retryAt: retryAt))
        #expect(await listener.next() == .signedOut(elsewhere: true))
        #expect(await listener.next() == nil)
    }

    @Test func everyEventOfTheCoresHasItsOwn() {
        let now = Date()
        #expect(SessionEvent(.signedIn(subject: "1", by: .migration)) == .signedIn(subject: "1", by: .migration))
        #expect(SessionEvent(.refreshTokenMissing) == .refreshTokenMissing)
        #expect(SessionEvent(.restored(subject: "1")) == .restored(subject: "1"))
        let renewed = SessionEvent.renewed(audience: "api", expiresAt: now, elsewhere: true)
        #expect(SessionEvent(.renewed(audience: "api", expiresAt: now, elsewhere: true)) == renewed)
        #expect(SessionEvent(.ended(reason: .noRefreshToken)) == .ended(reason: .noRefreshToken))
        #expect(SessionEvent(.ended(reason: .lifetimeEnded)) == .ended(reason: .lifetimeEnded))
        let end = Date(timeIntervalSince1970: 1)
        #expect(SessionEvent(.willEnd(at: end, reason: .idleTooLong)) == .willEnd(at: end, reason: .idleTooLong))
        #expect(SessionEvent(.signedOut(elsewhere: false)) == .signedOut(elsewhere: false))
        #expect(SessionEvent(.profileChanged) == .profileChanged)
        #expect(SessionEvent(.metadataUpdateSent(id: 1)) == .metadataUpdateSent(id: 1))
        #expect(SessionEvent(.metadataUpdateRefused(id: 2)) == .metadataUpdateRefused(id: 2))
    }

    private struct Authenticator: WebAuthenticator {
        func authenticate(url: URL, redirectURI: URL) async throws -> URL { redirectURI }
    }

    /// As in the documentation of ``SessionEvents``.
    @Test func aListenerThatIsMadeBeforeItsTaskMissesNothing() async throws {
        let session = Session.preview(state: .signedOut)
        let seen = Locked<[SessionEvent]>([])
        var events = session.events.makeAsyncIterator()
        let task = Task {
            while let event = await events.next() {
                seen.withLock { $0.append(event) }
                if event == .signedOut(elsewhere: false) { return }
            }
        }
        try await session.signIn(using: Authenticator())
        await session.signOut()
        await task.value
        #expect(seen.withLock { $0 } == [.signedIn(subject: "preview|1", by: .browser), .signedOut(elsewhere: false)])
    }

    @Test func aPreviewTellsThemToo() async throws {
        var session: Session? = .preview(state: nil)
        var listener = try #require(session).events.makeAsyncIterator()
        try await session?.restore()
        try await session?.signIn(using: Authenticator())
        _ = try await session?.accessToken(forceRefresh: true)
        _ = try await session?.accessToken(for: "https://api.example.com/", forceRefresh: true)
        await session?.signOut()
        await session?.signOut()
        session = nil
        var announced: [SessionEvent] = []
        while let event = await listener.next() { announced.append(event) }
        #expect(
            announced == [
                .signedIn(subject: "preview|1", by: .browser),
                .renewed(audience: nil, expiresAt: .distantFuture, elsewhere: false),
                .renewed(audience: "https://api.example.com/", expiresAt: .distantFuture, elsewhere: false),
                .signedOut(elsewhere: false),
            ])
    }
}
