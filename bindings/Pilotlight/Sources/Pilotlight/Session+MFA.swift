import Foundation
internal import PilotlightCore

extension Session {
    /// How many seconds a challenge is still valid, counting the time that the device sleeps; nil when it has expired. O(1).
    public func timeLeft(for challenge: MFAChallenge) -> TimeInterval? {
        core.mfaTimeLeft(challenge: challenge.number)
    }

    /// The second factors that the user has set up (Auth0: "Manage Authenticator Factors using the MFA API"). Network; stores
    /// nothing.
    ///
    /// - Parameter challenge: From the error ``SessionError/mfaRequired(_:message:)``.
    /// - Throws: ``SessionError/mfaRejected(code:message:)`` with `expired_token` if the challenge has expired;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``.
    public func authenticators(for challenge: MFAChallenge) async throws -> [MFAAuthenticator] {
        let number = challenge.number
        let all = try await call(givesNothingOut: true) { try await $0.mfaAuthenticators(challenge: number) }
        return all.map(MFAAuthenticator.init)
    }

    /// Sends a message or a push to the user's device. Network; stores nothing. Authenticator apps and recovery codes need no
    /// challenge.
    ///
    /// - Parameters:
    ///   - authenticator: One of ``authenticators(for:)``; nil lets the issuer choose.
    ///   - challenge: From the error ``SessionError/mfaRequired(_:message:)``.
    /// - Returns: What to ask the user for.
    /// - Throws: As ``authenticators(for:)``; ``SessionError/mfaRejected(code:message:)`` also with `unsupported_challenge_type`.
    ///   The message may have been sent despite an error.
    public func challenge(
        _ authenticator: MFAAuthenticator? = nil, for challenge: MFAChallenge
    ) async throws -> MFAPrompt {
        let (number, id) = (challenge.number, authenticator?.id)
        return MFAPrompt(
            try await call(givesNothingOut: true) { try await $0.mfaChallenge(challenge: number, authenticator: id) })
    }

    /// Answers a challenge and completes the call that was refused: a renewal, an exchange, or a sign-in without a browser.
    /// Network; persists. New tokens are checked and stored as in any renewal or sign-in.
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
    /// With ``MFAAnswer/push`` it waits for the user to answer on the other device, until the challenge expires. A lost
    /// connection does not end the wait; cancelling the task does.
    ///
    /// - Parameters:
    ///   - answer: What the user typed or did.
    ///   - challenge: From the error ``SessionError/mfaRequired(_:message:)``.
    /// - Returns: After a recovery code was used, the new one for the user to write down; otherwise nil.
    /// - Throws: ``SessionError/mfaRejected(code:message:)`` when the code is wrong or the user declined: ask for another answer.
    ///   With `expired_token` the challenge has expired: repeat the refused call, which throws a new challenge.
    ///   ``SessionError/mfaRequired(_:message:)`` when the issuer wants a further factor;
    ///   ``SessionError/argumentInvalid(argument:message:)`` when nothing was sent to a device; otherwise as
    ///   ``accessToken(minTTL:forceRefresh:allowExpired:)``. None of them ends the session. If the issuer's answer was lost,
    ///   the code may be used up. ``takeRecoveryCode()`` returns a recovery code that came before the error.
    public func verify(_ answer: MFAAnswer, for challenge: MFAChallenge) async throws -> MFARecoveryCode? {
        let (number, reply) = (challenge.number, answer.core)
        if case .push = answer {
            // This asks for no background time: the wait may take ten minutes, and a suspension does no harm.
            while true {
                let outcome = try await ask(number)
                if outcome == .signedIn { gates.open() }
                if outcome != .pending { break }
                try Task.checkCancellation()
            }
        } else {
            let outcome = try await call(givesNothingOut: true) {
                try await $0.mfaAnswer(challenge: number, reply: reply)
            }
            if outcome == .signedIn { gates.open() }
        }
        return takeRecoveryCode()
    }

    /// The recovery code that ``verify(_:for:)`` could not return, because it threw an error or its task was cancelled; nil if
    /// there is none. It is returned once. O(1).
    public func takeRecoveryCode() -> MFARecoveryCode? {
        core.takeMfaRecoveryCode().map { MFARecoveryCode($0) }
    }

    private func ask(_ challenge: UInt64) async throws -> MfaOutcome {
        try await waitUnlessCancelled { [core] in
            do {
                return try await core.mfaAnswer(challenge: challenge, reply: .push)
            } catch {
                throw SessionError.of(error)
            }
        }
    }
}
