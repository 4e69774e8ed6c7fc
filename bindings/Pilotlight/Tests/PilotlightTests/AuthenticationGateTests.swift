import Foundation
import Testing

@testable import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Answers as the test says.
final class ScriptedAuthenticator: UserAuthenticator {
    private struct Script: Sendable {
        var asked = 0
        var error: SessionError?
        var gate: Gate?
    }

    private let script = Locked(Script())

    var asked: Int { script.withLock { $0.asked } }

    /// From now on the user fails like that; nil succeeds.
    func fail(with error: SessionError?) { script.withLock { $0.error = error } }

    /// From now on the user takes time.
    func wait(at gate: Gate?) { script.withLock { $0.gate = gate } }

    func authenticate(reason: String) async throws {
        let (error, gate) = script.withLock { script in
            script.asked += 1
            return (script.error, script.gate)
        }
        await gate?.pass()
        if let error { throw error }
    }
}

/// A policy about the user on this device covers every way to a token and to the user's data.
@Suite struct AuthenticationGateTests {
    private let user = ScriptedAuthenticator()
    private let clock = Locked(UInt64(1_000_000_000_000))
    private static let refused = SessionError.userAuthenticationFailed(cancelled: true, message: "no")

    private func gate(_ policy: UserAuthenticationPolicy) -> AuthenticationGate {
        AuthenticationGate(policy) { [clock] in clock.withLock { $0 } }
    }

    private func pass(seconds: UInt64) {
        clock.withLock { $0 += seconds * 1_000_000_000 }
    }

    private func session(_ gate: AuthenticationGate) -> Session {
        let configuration = SessionConfiguration.openIDConnect(
            issuer: "https://preview.invalid", clientID: "preview", redirectURI: "preview://callback")
        let contents = PreviewCore.Contents(
            state: .signedIn(subject: "ada", expiresAt: .distantFuture), profile: .preview(), metadata: ["a": 1],
            accessToken: "token")
        let broadcaster = SessionBroadcaster()
        let core = PreviewCore(contents: contents, broadcaster: broadcaster)
        return Session(configuration: configuration, core: core, broadcaster: broadcaster, gate: gate)
    }

    private func waysIn(_ session: Session) -> [String: @Sendable () async throws -> Void] {
        let api = TokenAudience("https://api.example.com/")
        let request = URLRequest(url: URL(fileURLWithPath: "/"))
        let web = URL(string: "https://api.example.com/").map { URLRequest(url: $0) } ?? request
        return [
            "accessToken": { _ = try await session.accessToken() },
            "forced": { _ = try await session.accessToken(forceRefresh: true) },
            "for an API": { _ = try await session.accessToken(for: api) },
            "refresh": { try await session.refresh() },
            "authorized": { _ = try await session.authorized(web) },
            "authorized for an API": { _ = try await session.authorized(web, for: api) },
            "data": { _ = try await session.data(for: web) },
            "profile": { _ = try await session.profile() },
            "profile within": { _ = try await session.profile(maxAge: 60) },
            "user": { _ = try await session.fetchUser() },
            "metadata": { _ = try await session.metadata.get() },
            "metadata update": { _ = try await session.metadata.update(["a": 2]) },
            "waiting metadata": { _ = try await session.metadata.updateOrWait(["a": 2]) },
            "flush": { _ = try await session.metadata.flush() },
            "ID token": { _ = try await session.legacy.idToken() },
            "delegation": { _ = try await session.legacy.delegate(apiType: "aws") },
        ]
    }

    @Test func aUserWhoDoesNotAuthenticateGetsNothing() async throws {
        user.fail(with: Self.refused)
        let session = session(gate(.atLaunch(reason: "r", authenticator: user)))
        #expect(session.isUserAuthenticationRequired)
        #expect(session.cachedAccessToken() == nil)
        #expect(session.cachedAccessToken(for: TokenAudience("https://api.example.com/")) == nil)
        #expect(session.cachedProfile == nil)
        #expect(session.legacy.cachedIDToken() == nil)
        #expect(session.metadata.pending.isEmpty)
        let ways = waysIn(session)
        for (name, way) in ways {
            await #expect(throws: Self.refused, "\(name)") { try await way() }
        }
        #expect(user.asked == ways.count)
        // The session goes on, and what gives nothing out needs nobody.
        #expect(session.state?.isSignedIn == true)
        #expect(try await session.restore().isSignedIn)
        #expect(user.asked == ways.count)
    }

    @Test func onceAuthenticatedEverythingIsThereAsWithoutAPolicy() async throws {
        let session = session(gate(.atLaunch(reason: "r", authenticator: user)))
        try await session.authenticateUser()
        #expect(!session.isUserAuthenticationRequired)
        #expect(session.cachedAccessToken() == "token")
        #expect(session.cachedProfile != nil)
        #expect(try await session.accessToken() == "token")
        #expect(try await session.profile().subject == session.cachedProfile?.subject)
        pass(seconds: 1_000_000)
        #expect(session.cachedAccessToken() == "token")
        #expect(user.asked == 1)
    }

    @Test func anAuthenticationIsGoodForAsLongAsThePolicySays() async throws {
        let session = session(gate(.after(300, reason: "r", authenticator: user)))
        _ = try await session.accessToken()
        pass(seconds: 299)
        #expect(session.cachedAccessToken() == "token")
        pass(seconds: 1)
        #expect(session.cachedAccessToken() == nil)
        #expect(session.isUserAuthenticationRequired)
        _ = try await session.profile()
        #expect(user.asked == 2)
    }

    @Test func alwaysAsksAtEachCallAndOnceForCallsAtTheSameTime() async throws {
        let session = session(gate(.always(reason: "r", authenticator: user)))
        for _ in 0..<3 { _ = try await session.accessToken() }
        #expect(user.asked == 3)
        _ = try await session.accessToken(forceRefresh: true)
        #expect(user.asked == 4)
        #expect(session.cachedAccessToken() == nil)

        let waiting = Gate()
        user.wait(at: waiting)
        let first = Task { try await session.accessToken() }
        await waiting.untilReached()
        let others = (0..<10).map { _ in Task { try await session.profile() } }
        let cancelled = Task { try await session.accessToken() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        waiting.open()
        #expect(try await first.value == "token")
        for other in others { _ = try await other.value }
        #expect(user.asked >= 5)
        user.wait(at: nil)
    }

    @Test func aSignInCountsAndASignOutEndsIt() async throws {
        let session = session(gate(.atLaunch(reason: "r", authenticator: user)))
        await session.signOut()
        let signIn = try await session.beginDeviceSignIn()
        try await session.completeDeviceSignIn(signIn)
        #expect(user.asked == 0)
        #expect(session.cachedAccessToken() == "token")
        await session.signOut()
        #expect(session.isUserAuthenticationRequired)
    }

    @Test func anAnswerFromBeforeASignOutOpensNothing() async throws {
        let gate = gate(.atLaunch(reason: "r", authenticator: user))
        let waiting = Gate()
        user.wait(at: waiting)
        let asking = Task { try await gate.ask() }
        await waiting.untilReached()
        gate.close()
        waiting.open()
        try await asking.value
        #expect(!gate.isOpen)
    }

    @Test func anotherErrorIsAFailedAuthentication() async throws {
        struct Broken: UserAuthenticator {
            func authenticate(reason: String) async throws { throw URLError(.unknown) }
        }
        let session = session(gate(.atLaunch(reason: "r", authenticator: Broken())))
        do {
            _ = try await session.accessToken()
            Issue.record("nobody authenticated")
        } catch let error as SessionError {
            guard case .userAuthenticationFailed(let cancelled, _) = error else { throw error }
            #expect(!cancelled)
        }
    }
}
