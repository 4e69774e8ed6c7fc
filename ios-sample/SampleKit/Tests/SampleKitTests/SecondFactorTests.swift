import Foundation
import Pilotlight
import SampleKit
import ServerSupport
import Testing

/// The screen for a second factor, with the identity server's MFA API.
@MainActor @Suite(.timeLimit(.minutes(1))) struct SecondFactorTests {
    private static let ada = "ada@example.com"
    private static let code = "123456"

    /// A session whose renewal was refused, and the screen's model after it has loaded.
    private func start() async throws -> (IdentityServer, SessionModel, SecondFactor) {
        let server = try await IdentityServer.start()
        let session = SessionModel(try await server.signedInSession())
        try await server.requireSecondFactor(of: Self.ada)
        let factor = try await refused(session)
        await factor.begin()
        return (server, session, factor)
    }

    private func refused(_ session: SessionModel) async throws -> SecondFactor {
        await session.renew()
        guard case .mfaRequired(let challenge, _) = session.error else {
            throw SupportError("the issuer wanted no second factor")
        }
        return SecondFactor(session.session, for: challenge)
    }

    private func choose(_ kind: MFAAuthenticator.Kind, _ factor: SecondFactor) async throws {
        guard case .choice(let all) = factor.step else { throw SupportError("\(factor.step)") }
        factor.chosen = try #require(all.first { $0.kind == kind })
        await factor.begin()
    }

    /// Expects that the refused call now succeeds.
    private func expectWell(_ server: IdentityServer, _ session: SessionModel) async throws {
        await session.loadProfile(refresh: true)
        #expect(session.error == nil)
        #expect(session.profile?.email == Self.ada)
        #expect(try await server.counter("spent_refresh_tokens_presented") == 0)
        await server.stop()
    }

    /// Expects that the right code is accepted and that the session continues.
    private func expectAccepted(
        _ factor: SecondFactor, _ server: IdentityServer, _ session: SessionModel
    ) async throws {
        factor.code = Self.code
        await factor.submit()
        #expect(factor.step == .done)
        try await expectWell(server, session)
    }

    @Test func aWrongCodeIsTypedAgain() async throws {
        let (server, session, factor) = try await start()
        try await choose(.otp, factor)
        #expect(factor.step == .code)
        factor.code = "000000"
        await factor.submit()
        guard case .mfaRejected = factor.error else {
            Issue.record("\(String(describing: factor.error))")
            return
        }
        #expect(factor.step == .code && factor.code.isEmpty)
        factor.code = " \(Self.code)\n"
        await factor.submit()
        #expect(factor.step == .done && factor.error == nil)
        try await expectWell(server, session)
    }

    @Test func aCodeComesInAMessage() async throws {
        let (server, session, factor) = try await start()
        try await choose(.outOfBand(channel: "sms"), factor)
        #expect(factor.step == .code)
        try await expectAccepted(factor, server, session)
    }

    @Test func anApprovalIsWaitedFor() async throws {
        let (server, session, factor) = try await start()
        try await server.change(["push_polls": 1])
        try await choose(.outOfBand(channel: "auth0"), factor)
        #expect(factor.step == .done)
        try await expectWell(server, session)
    }

    @Test func whoDoesNotApproveTakesAnotherFactor() async throws {
        let (server, session, factor) = try await start()
        try await server.change(["push_polls": 1000])
        let waiting = Task { try await choose(.outOfBand(channel: "auth0"), factor) }
        await settle { factor.step == .approval }
        // The view does the same: its task belongs to the choice.
        factor.chosen = nil
        waiting.cancel()
        await factor.begin()
        try await waiting.value
        #expect(factor.error == nil)
        try await choose(.otp, factor)
        try await expectAccepted(factor, server, session)
    }

    @Test func aRecoveryCodeHasASuccessorThatIsSeen() async throws {
        let (server, session, factor) = try await start()
        try await choose(.recoveryCode, factor)
        factor.code = try await server.recoveryCode(of: Self.ada)
        await factor.submit()
        let next = MFARecoveryCode(try await server.recoveryCode(of: Self.ada))
        #expect(factor.step == .newRecoveryCode(next))
        factor.finish()
        #expect(factor.step == .done)
        try await expectWell(server, session)
    }

    /// Without the new recovery code the user could be locked out.
    @Test func aRecoveryCodesSuccessorIsSeenAlsoWhereTheTokensAreNoGood() async throws {
        let (server, session, factor) = try await start()
        try await choose(.recoveryCode, factor)
        factor.code = try await server.recoveryCode(of: Self.ada)
        try await server.addFault("token", ["kind": "id_token", "signature": "broken"])
        await factor.submit()
        #expect(factor.error != nil)
        let next = MFARecoveryCode(try await server.recoveryCode(of: Self.ada))
        #expect(factor.step == .newRecoveryCode(next))
        try await server.requireSecondFactor(of: Self.ada, false)
        #expect(session.isSignedIn)
        await server.stop()
    }

    @Test func aFurtherFactorIsChosenAnew() async throws {
        let (server, session, factor) = try await start()
        try await choose(.otp, factor)
        factor.code = Self.code
        let further = #"{"error": "mfa_required", "mfa_token": "further"}"#
        try await server.addFault("token", ["kind": "status", "status": 403, "body": .string(further)])
        await factor.submit()
        // This server does not know the token, and reports that it has expired.
        #expect(factor.chosen == nil && factor.step == .done)
        #expect(session.isSignedIn)
        await server.stop()
    }

    @Test func whenTheTimeIsOverThereIsAnotherChallenge() async throws {
        let (server, session, factor) = try await start()
        try await choose(.otp, factor)
        try await server.advance(seconds: 601)
        factor.code = Self.code
        await factor.submit()
        #expect(factor.step == .done)
        let next = try await refused(session)
        await next.begin()
        try await choose(.otp, next)
        next.code = Self.code
        await next.submit()
        #expect(next.step == .done)
        try await expectWell(server, session)
    }

    @Test func theStubGoesOnAfterAnyAnswer() async throws {
        let model = StubState.factor.model()
        await model.start()
        let factor = try await refused(try #require(model.session))
        await factor.begin()
        try await choose(.outOfBand(channel: "auth0"), factor)
        #expect(factor.step == .done)
        await model.session?.loadProfile()
        #expect(model.session?.error == nil)
        #expect(model.session?.profile?.name == "Ada Lovelace")
    }

    @Test func withoutANetworkItIsTriedAgain() async throws {
        let (server, session, factor) = try await start()
        let again = try await refused(session)
        try await server.goOffline()
        await again.begin()
        #expect(again.error?.canRetry == true && again.step == .wait)
        try await server.goOnline()
        await factor.begin()
        try await choose(.otp, factor)
        try await expectAccepted(factor, server, session)
    }
}
