internal import PilotlightCore

/// A request for a second factor: the issuer completes a renewal, an exchange or a sign-in without a browser only after the user
/// has given one (Auth0: "Multi-factor Authentication API"). Answer it with ``Session/verify(_:for:)``. The session has not
/// ended.
///
/// A challenge is valid for ten minutes, in this process only, for the session or the sign-in that was refused. The `mfa_token`
/// never leaves the Rust core. Until the user has answered, the same call throws the same challenge.
public struct MFAChallenge: Hashable, Sendable {
    /// The types of the user's factors that the issuer accepts: `otp`, `push-notification`, `phone`, `recovery-code` and
    /// others. Empty if the issuer did not say; ``Session/authenticators(for:)`` asks it.
    public let factors: [String]
    /// The types of factors that the user can enroll, if the user has none yet. Enrollment happens on the issuer's page:
    /// begin a sign-in.
    public let enrollableFactors: [String]

    let number: UInt64

    /// Creates a challenge, for tests of an app.
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
    /// How an authenticator works.
    public enum Kind: Hashable, Sendable {
        /// An authenticator app shows a code. It needs no challenge: answer with ``MFAAnswer/otp(_:)``.
        case otp
        /// A message or a push goes to a device: ``Session/challenge(_:for:)`` sends it. `channel` is `sms`, `voice`, `email`
        /// or `auth0` (push); nil if the issuer does not say.
        case outOfBand(channel: String?)
        /// A code that the user has written down. It needs no challenge: answer with ``MFAAnswer/recoveryCode(_:)``.
        case recoveryCode
        /// Another kind, with the issuer's name for it (`authenticator_type`).
        case other(String)
    }

    /// The issuer's identifier.
    public let id: String
    /// How the authenticator works.
    public let kind: Kind
    /// A name that the user recognises, such as the last digits of a phone number; nil if the issuer provides none.
    public let name: String?

    /// Creates an authenticator, for tests of an app.
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

/// What to ask the user for after a challenge.
public enum MFAPrompt: Hashable, Sendable {
    /// The code that an authenticator app shows: ``MFAAnswer/otp(_:)``.
    case otp
    /// The code that was sent to a device: ``MFAAnswer/code(_:)``.
    case code
    /// Approval on a device: ``MFAAnswer/push``.
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
    /// The code that an authenticator app shows.
    case otp(String)
    /// The code that was sent to a device.
    case code(String)
    /// Waits until the user has approved or declined on a device.
    case push
    /// A code that the user had written down. It works once; the issuer replaces it with a new one.
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

/// A new recovery code for the user to write down. It replaces the one that was used and cannot be read again. Printing it
/// shows no code.
public struct MFARecoveryCode: Hashable, Sendable {
    /// The code, to be shown to the user.
    public let text: String

    /// Creates a code, for tests of an app.
    public init(_ text: String) {
        self.text = text
    }
}

extension MFAAuthenticator: Redacted {
    /// The kind only: the identifier and the name are the user's.
    public var description: String { "MFAAuthenticator(\(kind))" }
}

extension MFAAnswer: Redacted {
    /// The kind of answer, without the code.
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
    /// The name of the type, without the code.
    public var description: String { "MFARecoveryCode" }
}
