import Foundation
import Testing

@testable import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// An authenticator that answers as the test says.
final class ScriptedAuthenticator: UserAuthenticator {
    private struct Script: Sendable {
        var asked = 0
        var error: SessionError?
        var gate: Gate?
    }

    private let script = Locked(Script())

    var asked: Int { script.withLock { $0.asked } }

    /// From now on, authentication throws this error; nil lets it succeed.
    func fail(with error: SessionError?) { script.withLock { $0.error = error } }

    /// From now on, authentication waits at the gate.
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

extension Session {
    /// A preview session with a user behind a gate.
    static func preview(behind gate: AuthenticationGate) -> Session {
        let configuration = SessionConfiguration.openIDConnect(
            issuer: "https://preview.invalid", clientID: "preview", redirectURI: "preview://callback")
        let contents = PreviewCore.Contents(
            state: .signedIn(subject: "ada", expiresAt: .distantFuture), profile: .preview(), metadata: ["a": 1],
            accessToken: "token")
        let broadcaster = SessionBroadcaster()
        let core = PreviewCore(contents: contents, broadcaster: broadcaster)
        return Session(configuration: configuration, core: core, broadcaster: broadcaster, gate: gate)
    }
}

/// When a policy about the user on this device asks the user. ``PolicyCoverageTests`` checks that it covers all members.
@Suite struct AuthenticationGateTests {
    private let user = ScriptedAuthenticator()
    private let clock = Locked(UInt64(1_000_000_000_000))
    private func gate(_ policy: UserAuthenticationPolicy) -> AuthenticationGate {
        AuthenticationGate(policy) { [clock] in clock.withLock { $0 } }
    }

    private func pass(seconds: UInt64) {
        clock.withLock { $0 += seconds * 1_000_000_000 }
    }

    private func session(_ gate: AuthenticationGate) -> Session { .preview(behind: gate) }

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
            guard case .userAuthenticationFailed(let reason, _) = error else { throw error }
            #expect(reason == .failed)
        }
    }

    /// In an app with its own lock screen, calls show no dialogue.
    @Test func askedByTheAppOnlyTheAppAsks() async throws {
        let session = session(gate(.after(300, reason: "r", authenticator: user).askedByApp()))
        do {
            _ = try await session.accessToken()
            Issue.record("nobody authenticated")
        } catch SessionError.userAuthenticationFailed(.required, let message) {
            #expect(message.text.contains("authenticateUser()"))
        }
        #expect(session.isUserAuthenticationRequired && user.asked == 0)
        try await session.authenticateUser()
        #expect(try await session.accessToken() == "token")
        pass(seconds: 300)
        await #expect(throws: SessionError.self) { try await session.profile() }
        #expect(user.asked == 1)
        // `always` still asks; otherwise no call could ever pass.
        let always = self.session(gate(.always(reason: "r", authenticator: user).askedByApp()))
        #expect(try await always.accessToken() == "token")
    }

    @Test(arguments: [
        (-1, UserAuthenticationFailure.failed), (-8, .failed), (-2, .cancelled), (-3, .cancelled), (-9, .cancelled),
        (-4, .required), (-10, .required), (-1004, .required), (-5, .unavailable), (-6, .unavailable),
        (-7, .unavailable), (-11, .unavailable),
    ]) func theSystemsAnswersSayWhatToDo(code: Int, reason: UserAuthenticationFailure) {
        #expect(UserAuthenticationFailure(localAuthentication: code) == reason)
    }
}
