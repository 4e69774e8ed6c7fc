import Observation
import Pilotlight

/// A second factor, where a call ended in ``SessionError/mfaRequired(_:message:)``. When it is done, make that call again.
@MainActor @Observable
public final class SecondFactor: Identifiable {
    /// What the user does: waits for the issuer, chooses a factor, types a code, waits until it is checked, approves on another
    /// device, writes a new recovery code down, or nothing more.
    public enum Step: Hashable, Sendable {
        case wait, choice([MFAAuthenticator]), code, check, approval, newRecoveryCode(MFARecoveryCode), done
    }

    /// What the user does now.
    public private(set) var step = Step.wait
    /// What went wrong last.
    public private(set) var error: SessionError?
    /// The factor that the user takes, nil to choose. ``begin()`` comes after each change.
    public var chosen: MFAAuthenticator?
    /// The code that is typed.
    public var code = ""
    private var answer = MFAAnswer.otp
    private var challenge: MFAChallenge
    private let session: Session

    /// The answer to a challenge of this session.
    public init(_ session: Session, for challenge: MFAChallenge) {
        (self.session, self.challenge) = (session, challenge)
    }

    /// Asks the issuer for the user's factors, or begins with the chosen one. To cancel it ends the wait for an approval.
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

    /// The user has written the new recovery code down.
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
            // The call that is made again brings another challenge.
            step = .done
        } catch {
            // Another factor was chosen meanwhile.
            if Task.isCancelled { return }
            self.error = SessionError.shown(error)
            // A new recovery code may have come before the error, and is nowhere else.
            step = session.takeRecoveryCode().map(Step.newRecoveryCode) ?? (step == .check ? .code : .wait)
        }
    }
}
