internal import PilotlightCore

/// A renewal that the issuer refused because it wants a second factor (Auth0: "Multi-factor Authentication API"), and what it can
/// go on with: ``Session/verify(_:for:)``. The session has not ended.
///
/// It lives ten minutes, in this process only, and belongs to the session that was to be renewed. The `mfa_token` stays in
/// Pilotlight. Until the user has answered, the same renewal brings the same challenge.
public struct MFAChallenge: Hashable, Sendable {
    /// The types of the factors that the user has and that would do: `otp`, `push-notification`, `phone`, `recovery-code` and
    /// others. Empty where the issuer did not say; ``Session/authenticators(for:)`` asks for them.
    public let factors: [String]
    /// The types of the factors of which the user, who has none, must enroll one first. The issuer's page does that: begin a
    /// sign-in.
    public let enrollableFactors: [String]

    let number: UInt64

    /// A challenge, for tests of an app.
    public init(factors: [String] = [], enrollableFactors: [String] = []) {
        self.init(number: 0, factors: factors, enrollableFactors: enrollableFactors)
    }

    init(number: UInt64, factors: [String], enrollableFactors: [String]) {
        self.number = number
        self.factors = factors
        self.enrollableFactors = enrollableFactors
    }
}

/// A second factor that the user has set up.
public struct MFAAuthenticator: Hashable, Sendable, Identifiable {
    /// How it works.
    public enum Kind: Hashable, Sendable {
        /// An app shows a code. No challenge is needed: ``Session/verify(_:for:)`` with ``MFAAnswer/otp(_:)``.
        case otp
        /// Something is sent to a device, by `channel`: `sms`, `voice`, `email`, `auth0` (push), or nil where the issuer does not
        /// say. ``Session/challenge(_:for:)`` sends it.
        case outOfBand(channel: String?)
        /// A code that the user has written down. No challenge is needed: ``MFAAnswer/recoveryCode(_:)``.
        case recoveryCode
        /// Another one, by the issuer's name for it (`authenticator_type`).
        case other(String)
    }

    /// The issuer's identifier.
    public let id: String
    /// How it works.
    public let kind: Kind
    /// What to call it, such as the end of a phone number; nil where the issuer has no name for it.
    public let name: String?

    /// An authenticator, for tests of an app.
    public init(id: String, kind: Kind, name: String? = nil) {
        self.id = id
        self.kind = kind
        self.name = name
    }

    init(_ core: PilotlightCore.MfaAuthenticator) {
        let kind: Kind =
            switch core.kind {
            case "otp": .otp
            case "oob": .outOfBand(channel: core.channel)
            case "recovery-code": .recoveryCode
            default: .other(core.kind)
            }
        self.init(id: core.id, kind: kind, name: core.name)
    }
}

/// What a challenge asks of the user.
public enum MFAPrompt: Hashable, Sendable {
    /// To type the code that an app shows: ``MFAAnswer/otp(_:)``.
    case otp
    /// To type the code that was sent to a device: ``MFAAnswer/code(_:)``.
    case code
    /// To say yes on a device: ``MFAAnswer/push``.
    case push

    init(_ core: PilotlightCore.MfaPrompt) {
        switch core {
        case .otp: self = .otp
        case .code: self = .code
        case .push: self = .push
        }
    }
}

/// The user's answer. Printing it shows no code.
public enum MFAAnswer: Hashable, Sendable {
    /// The code that an app shows.
    case otp(String)
    /// The code that was sent to a device.
    case code(String)
    /// Waits until the user has said yes on a device, or no.
    case push
    /// A code that the user had written down. It is spent by that; another one takes its place.
    case recoveryCode(String)

    var core: MfaReply {
        switch self {
        case .otp(let code): .otp(code: code)
        case .code(let code): .code(code: code)
        case .push: .push
        case .recoveryCode(let code): .recoveryCode(code: code)
        }
    }
}

/// A recovery code that the user has to write down: it takes the place of the one that was used, and nobody can read it a second
/// time. Printing it shows no code.
public struct MFARecoveryCode: Hashable, Sendable {
    /// The code, to be shown to the user.
    public let text: String

    /// A code, for tests of an app.
    public init(_ text: String) {
        self.text = text
    }
}

extension MFAAuthenticator: Redacted {
    /// How it works; neither its identifier nor its name, which belong to the user.
    public var description: String { "MFAAuthenticator(\(kind))" }
}

extension MFAAnswer: Redacted {
    /// Which answer it is; no code.
    public var description: String {
        switch self {
        case .otp: "otp"
        case .code: "code"
        case .push: "push"
        case .recoveryCode: "recoveryCode"
        }
    }
}

extension MFARecoveryCode: Redacted {
    /// No code.
    public var description: String { "MFARecoveryCode" }
}
