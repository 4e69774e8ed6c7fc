import Pilotlight

/// An error as a screen shows it: what happened, what to do, and whether a button "Try again" helps.
///
/// Its sentences have no values in them, so that an app can look them up in its catalogue of strings.
public struct Advice: Equatable, Sendable {
    /// What happened, in a sentence.
    public let title: String
    /// What to do about it.
    public let suggestion: String
    /// What a developer wants to know besides, as it is in every language; nil where there is nothing.
    public let detail: String?
    /// Whether doing the same again can help.
    public let canRetry: Bool
    /// Whether the user has to sign in.
    public let needsSignIn: Bool

    /// What to say about `error`; nil when nothing needs to be said, as after a cancelled sign-in.
    public init?(_ error: SessionError) {
        if case .signInCancelled = error { return nil }
        title = error.summary
        suggestion = Self.suggestion(for: error)
        detail = Self.detail(of: error)
        switch error {
        case .signInRequired: (canRetry, needsSignIn) = (false, true)
        case .signInFailed, .userAuthenticationFailed: (canRetry, needsSignIn) = (true, false)
        default: (canRetry, needsSignIn) = (error.isTemporary, false)
        }
    }

    /// What to say about any error of a session's: a cancelled task says nothing.
    public static func about(_ error: any Error) -> Advice? {
        switch error {
        case let error as SessionError: Advice(error)
        case is CancellationError: nil
        default: Advice(.internalFault(message: "an error of the type \(type(of: error))"))
        }
    }

    /// The SDK's sentence, but where that has a value in it.
    private static func suggestion(for error: SessionError) -> String {
        switch error {
        case .temporarilyUnavailable(.network, _, _): "Check the connection and try again."
        case .temporarilyUnavailable(.untrustedConnection, _, _):
            "Check the device's date and time, sign in to the Wi-Fi network if it asks for it, and try again."
        case .temporarilyUnavailable: "Try again in a moment."
        case .signInRequired: "Sign in again."
        case .signInFailed: "Try to sign in again."
        case .configurationInvalid:
            "For the developer: change the configuration, or the client's settings at the issuer."
        case .argumentInvalid: "For the developer: change what is asked for."
        case .storageFailed: "For the developer: check the Keychain entitlements or the file and its folder."
        case .internalFault: "Please report this to Pilotlight."
        default: error.recoverySuggestion ?? ""
        }
    }

    private static func detail(of error: SessionError) -> String? {
        switch error {
        case .signInFailed(let code, _): code
        case .configurationInvalid(let field, let message): "\(field): \(message)"
        case .argumentInvalid(let argument, let message): "\(argument): \(message)"
        case .storageFailed(let status, let message): status.map { "\($0): \(message)" } ?? message.text
        case .internalFault(let message): message.text
        default: nil
        }
    }
}
