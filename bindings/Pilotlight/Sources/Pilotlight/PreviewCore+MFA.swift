import Foundation
internal import PilotlightCore

/// The second factors of a preview whose error is ``SessionError/mfaRequired(_:message:)``: those of its challenge. Every answer
/// is right, and calls succeed after it.
extension PreviewCore {
    func mfaTimeLeft(challenge: UInt64) -> TimeInterval? { mfaChallenge.map { _ in 600 } }

    func mfaAuthenticators(challenge: UInt64) async throws -> [PilotlightCore.MfaAuthenticator] {
        (mfaChallenge?.factors ?? []).map { factor in
            let (kind, channel): (String, String?) =
                switch factor {
                case "push-notification": ("oob", "auth0")
                case "phone": ("oob", "sms")
                case "email": ("oob", "email")
                default: (factor, nil)
                }
            return PilotlightCore.MfaAuthenticator(id: factor, kind: kind, channel: channel, name: nil)
        }
    }

    func mfaChallenge(challenge: UInt64, authenticator: String?) async throws -> PilotlightCore.MfaPrompt {
        switch authenticator {
        case "push-notification": .push
        case "phone", "email": .code
        default: .otp
        }
    }

    func mfaAnswer(challenge: UInt64, reply: MfaReply) async throws -> MfaOutcome {
        if mfaChallenge != nil { contents.withLock { $0.error = nil } }
        return .renewed
    }

    func takeMfaRecoveryCode() -> String? { nil }

    private var mfaChallenge: MFAChallenge? {
        if case .mfaRequired(let challenge, _) = contents.withLock({ $0.error }) { challenge } else { nil }
    }
}
