import Observation
import Pilotlight

/// Asks for a second factor after a call has thrown ``SessionError/mfaRequired(_:message:)``. When it is done, repeat that call.
@MainActor @Observable
public final class SecondFactor: Identifiable {
    /// The step of the user: wait for the issuer, choose a factor, type a code, wait until it is checked, approve on another
    /// device, or write down a new recovery code; then the user is done.
    public enum Step: Hashable, Sendable {
        case wait, choice([MFAAuthenticator]), code, check, approval, newRecoveryCode(MFARecoveryCode), done
    }

    /// The current step.
    public private(set) var step = Step.wait
    /// The last error.
    public private(set) var error: SessionError?
    /// The factor that the user has chosen; nil to choose. Call ``begin()`` after each change.
    public var chosen: MFAAuthenticator?
    /// The code that is typed.
    public var code = ""
    private var answer = MFAAnswer.otp
    private var challenge: MFAChallenge
    private let session: Session

    /// Prepares the answer to a challenge of this session.
    public init(_ session: Session, for challenge: MFAChallenge) {
        (self.session, self.challenge) = (session, challenge)
    }

    /// Asks the issuer for the user's factors, or begins with the chosen one. Cancelling the task ends the wait for an approval.
    public func begin() async {
        (step, code) = (.wait, "")
        await run {
            switch chosen?.kind {
            case nil: step = .choice(try await session.authenticators(for: challenge))
            case .otp: (step, answer) = (.code, MFAAnswer.otp)
            case .recoveryCode: (step, answer) = (.code, MFAAnswer.recoveryCode)
            case .outOfBand, .other:
                let prompt = try await session.challenge(chosen, for: challenge)
                (step, answer) = (prompt == .push ? .approval : .code, prompt == .code ? MFAAnswer.code : MFAAnswer.otp)
                if prompt == .push { try await verify(.push) }
            }
        }
    }

    /// Sends the code.
    public func submit() async {
        step = .check
        await run { try await verify(answer(code.trimmed)) }
        code = ""
    }

    /// Call this when the user has written down the new recovery code.
    public func finish() {
        step = .done
    }

    private func verify(_ answer: MFAAnswer) async throws {
        step = try await session.verify(answer, for: challenge).map(Step.newRecoveryCode) ?? .done
    }

    private func run(_ work: () async throws -> Void) async {
        error = nil
        do {
            try await work()
        } catch SessionError.mfaRequired(let further, _) {
            (challenge, chosen) = (further, nil)
            await begin()
        } catch SessionError.mfaRejected(code: "expired_token", _) {
            // The repeated call brings another challenge.
            step = .done
        } catch {
            // Another factor was chosen in the meantime.
            if Task.isCancelled { return }
            self.error = SessionError.shown(error)
            // A new recovery code may have arrived before the error, and it exists nowhere else.
            step = session.takeRecoveryCode().map(Step.newRecoveryCode) ?? (step == .check ? .code : .wait)
        }
    }
}
