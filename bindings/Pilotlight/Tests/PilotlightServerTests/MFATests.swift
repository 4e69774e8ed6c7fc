import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

/// Renewals that the issuer refuses until the user has provided a second factor (Auth0: "Multi-factor Authentication API").
@Suite struct MFATests {
    private static let ada = "ada@example.com"
    private static let code = "123456"

    private func session(_ server: IdentityServer) async throws -> (Session, MFAChallenge) {
        let session = try await server.signedInSession()
        try await server.requireSecondFactor(of: Self.ada)
        return (session, try await challenge(session))
    }

    /// The challenge that a renewal throws.
    private func challenge(_ session: Session) async throws -> MFAChallenge {
        do {
            try await session.refresh()
        } catch SessionError.mfaRequired(let challenge, _) {
            return challenge
        }
        throw SupportError("the issuer wanted no second factor")
    }

    private func expectWell(_ server: IdentityServer, _ session: Session) async throws {
        try await server.requireSecondFactor(of: Self.ada, false)
        try await session.refresh()
        #expect(try await server.counter("spent_refresh_tokens_presented") == 0)
        await server.stop()
    }

    @Test func aCodeOfAnAppRenewsTheSession() async throws {
        let server = try await IdentityServer.start()
        let (session, challenge) = try await session(server)
        let before = session.cachedAccessToken()
        #expect(challenge.factors == ["otp", "push-notification", "recovery-code"])
        #expect(try #require(session.timeLeft(for: challenge)) > 590)
        let authenticators = try await session.authenticators(for: challenge)
        #expect(authenticators.map(\.kind).contains(.otp))
        #expect(authenticators.map(\.kind).contains(.outOfBand(channel: "sms")))
        await #expect(throws: SessionError.self) { _ = try await session.verify(.otp("000000"), for: challenge) }
        #expect(session.state?.isSignedIn == true)
        #expect(try await session.verify(.otp(Self.code), for: challenge) == nil)
        #expect(session.cachedAccessToken() != before)
        #expect(session.timeLeft(for: challenge) == nil)
        try await expectWell(server, session)
    }

    @Test func aSignInWithoutABrowserEndsInASession() async throws {
        let server = try await IdentityServer.start()
        try await server.requireSecondFactor(of: Self.ada)
        let session = try Session(server.auth0(), storage: .inMemory, log: .none)
        let code = ExternalToken.apple(authorizationCode: Data("external:ada@example.com:1".utf8))
        do {
            try await session.signIn(exchanging: code)
            Issue.record("the issuer wanted no second factor")
        } catch SessionError.mfaRequired(let challenge, _) {
            #expect(session.state?.isSignedIn != true)
            #expect(try await session.verify(.otp(Self.code), for: challenge) == nil)
        }
        #expect(session.state?.isSignedIn == true)
        try await expectWell(server, session)
    }

    @Test func aCodeIsSentToADevice() async throws {
        let server = try await IdentityServer.start()
        let (session, challenge) = try await session(server)
        let sms = try #require(
            try await session.authenticators(for: challenge).first { $0.kind == .outOfBand(channel: "sms") })
        #expect(try await session.challenge(sms, for: challenge) == .code)
        #expect(try await session.verify(.code(Self.code), for: challenge) == nil)
        try await expectWell(server, session)
    }

    @Test func aPushIsWaitedForUntilTheUserHasSaidYes() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["push_polls": 1])
        let (session, challenge) = try await session(server)
        let push = try #require(
            try await session.authenticators(for: challenge).first { $0.kind == .outOfBand(channel: "auth0") })
        #expect(try await session.challenge(push, for: challenge) == .push)
        #expect(try await session.verify(.push, for: challenge) == nil)
        try await expectWell(server, session)
    }

    @Test func aPushIsWaitedForNoLongerThanItsTask() async throws {
        let server = try await IdentityServer.start()
        let (session, challenge) = try await session(server)
        let push = MFAAuthenticator(id: "push|dev_2", kind: .outOfBand(channel: "auth0"))
        #expect(try await session.challenge(push, for: challenge) == .push)
        let waiting = Task { try await session.verify(.push, for: challenge) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        #expect(try await session.verify(.otp(Self.code), for: challenge) == nil)
        try await expectWell(server, session)
    }

    @Test func aRecoveryCodeHasASuccessor() async throws {
        let server = try await IdentityServer.start()
        let (session, challenge) = try await session(server)
        let spent = try await server.recoveryCode(of: Self.ada)
        let next = try #require(try await session.verify(.recoveryCode(spent), for: challenge))
        #expect(try await server.recoveryCode(of: Self.ada) == next.text)
        #expect(!"\(next) \(String(reflecting: next))".contains(next.text))
        #expect(session.takeRecoveryCode() == nil)
        try await expectWell(server, session)
    }

    /// Without the new recovery code the user would be locked out.
    @Test func itIsNotLostWithTheTaskThatWaitedForIt() async throws {
        let server = try await IdentityServer.start()
        let (session, challenge) = try await session(server)
        let before = session.cachedAccessToken()
        let spent = try await server.recoveryCode(of: Self.ada)
        try await server.addFault("token", ["kind": "hold"])
        let verifying = Task { try await session.verify(.recoveryCode(spent), for: challenge) }
        try await server.waitUntilHeld("token")
        verifying.cancel()
        await #expect(throws: CancellationError.self) { try await verifying.value }
        try await server.release("token")
        while session.cachedAccessToken() == before { try await Task.sleep(nanoseconds: 1_000_000) }
        let next = try await server.recoveryCode(of: Self.ada)
        #expect(session.takeRecoveryCode()?.text == next)
        try await expectWell(server, session)
    }

    @Test func aChallengeThatIsOverBringsAnother() async throws {
        let server = try await IdentityServer.start()
        let (session, first) = try await session(server)
        try await server.advance(seconds: 601)
        do {
            _ = try await session.verify(.otp(Self.code), for: first)
            Issue.record("it is over")
        } catch SessionError.mfaRejected(let code, _) {
            #expect(code == "expired_token")
        }
        let second = try await challenge(session)
        #expect(second != first)
        #expect(try await session.verify(.otp(Self.code), for: second) == nil)
        try await expectWell(server, session)
    }
}
