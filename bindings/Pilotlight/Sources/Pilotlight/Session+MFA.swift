import Foundation
internal import PilotlightCore

extension Session {
    /// How long a challenge lives, in seconds, by the clock that runs while the device sleeps; nil where it is over. O(1).
    public func timeLeft(for challenge: MFAChallenge) -> TimeInterval? {
        core.mfaTimeLeft(challenge: challenge.number)
    }

    /// The second factors that the user has set up (Auth0: "Manage Authenticator Factors using the MFA API"). Network; stores
    /// nothing.
    ///
    /// - Parameter challenge: From the error ``SessionError/mfaRequired(_:message:)``.
    /// - Throws: ``SessionError/mfaRejected(code:message:)`` with `expired_token` when the challenge is over;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``.
    public func authenticators(for challenge: MFAChallenge) async throws -> [MFAAuthenticator] {
        let number = challenge.number
        let all = try await call(givesNothingOut: true) { try await $0.mfaAuthenticators(challenge: number) }
        return all.map(MFAAuthenticator.init)
    }

    /// Challenges the user with a second factor: a message or a push goes to a device. Network; stores nothing. A code of an app
    /// and a recovery code need no challenge.
    ///
    /// - Parameters:
    ///   - authenticator: One of ``authenticators(for:)``; nil lets the issuer choose.
    ///   - challenge: From the error ``SessionError/mfaRequired(_:message:)``.
    /// - Returns: What to ask the user for.
    /// - Throws: As ``authenticators(for:)``; ``SessionError/mfaRejected(code:message:)`` also with `unsupported_challenge_type`.
    ///   After an error it is not known whether a message was sent.
    public func challenge(
        _ authenticator: MFAAuthenticator? = nil, for challenge: MFAChallenge
    ) async throws -> MFAPrompt {
        let (number, id) = (challenge.number, authenticator?.id)
        return MFAPrompt(
            try await call(givesNothingOut: true) { try await $0.mfaChallenge(challenge: number, authenticator: id) })
    }

    /// Answers a challenge; the session is renewed with what comes, and goes on. Network; persists, in the way and with the
    /// checks of a renewal.
    ///
    /// ```swift
    /// do {
    ///     token = try await session.accessToken()
    /// } catch SessionError.mfaRequired(let challenge, _) {
    ///     _ = try await session.verify(.otp(await screen.code()), for: challenge)
    ///     token = try await session.accessToken()
    /// }
    /// ```
    ///
    /// With ``MFAAnswer/push`` it waits until the user has answered on the other device, which may take as long as the challenge
    /// lives. A lost connection does not end that; cancelling the task does.
    ///
    /// - Parameters:
    ///   - answer: What the user has typed, or done.
    ///   - challenge: From the error ``SessionError/mfaRequired(_:message:)``.
    /// - Returns: A recovery code that takes the place of one that was spent, for the user to write down; else nil.
    /// - Throws: ``SessionError/mfaRejected(code:message:)`` when the code is wrong or the user declined: ask for another answer;
    ///   with `expired_token` when the challenge is over: make the call that was refused again, which brings another one.
    ///   ``SessionError/mfaRequired(_:message:)`` when the issuer wants a further factor;
    ///   ``SessionError/argumentInvalid(argument:message:)`` when nothing was sent to a device; else as
    ///   ``accessToken(minTTL:forceRefresh:allowExpired:)``. None of them ends the session. When the answer of the issuer was
    ///   lost, the code may be spent. ``takeRecoveryCode()`` has a recovery code that came before the error.
    public func verify(_ answer: MFAAnswer, for challenge: MFAChallenge) async throws -> MFARecoveryCode? {
        let (number, reply) = (challenge.number, answer.core)
        if case .push = answer {
            // Without time in the background: it may take ten minutes, and a suspension does it no harm.
            while try await isPending(number) { try Task.checkCancellation() }
        } else {
            _ = try await call(givesNothingOut: true) { try await $0.mfaAnswer(challenge: number, reply: reply) }
        }
        return takeRecoveryCode()
    }

    /// A recovery code that ``verify(_:for:)`` has not returned, because it threw an error afterwards or its task was cancelled;
    /// nil where there is none. It is returned once. O(1).
    public func takeRecoveryCode() -> MFARecoveryCode? {
        core.takeMfaRecoveryCode().map { MFARecoveryCode($0) }
    }

    private func isPending(_ challenge: UInt64) async throws -> Bool {
        try await waitUnlessCancelled { [core] in
            do {
                return try await core.mfaAnswer(challenge: challenge, reply: .push) == .pending
            } catch {
                throw SessionError.of(error)
            }
        }
    }
}
