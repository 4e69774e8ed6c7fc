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
        title = error.errorDescription ?? error.message
        suggestion = Self.suggestion(for: error)
        detail = Self.detail(of: error)
        switch error {
        case .signIn: (canRetry, needsSignIn) = (false, true)
        case .restartSignIn, .authenticateUser: (canRetry, needsSignIn) = (true, false)
        default: (canRetry, needsSignIn) = (error.isTemporary, false)
        }
    }

    /// What to say about any error of a session's: a cancelled task says nothing.
    public static func about(_ error: any Error) -> Advice? {
        switch error {
        case let error as SessionError: Advice(error)
        case is CancellationError: nil
        default: Advice(.reportBug(message: "an error of the type \(type(of: error))"))
        }
    }

    /// The SDK's sentence, but where that has a value in it.
    private static func suggestion(for error: SessionError) -> String {
        switch error {
        case .retryLater(.network, _, _), .retryLater(.untrustedConnection, _, _): error.recoverySuggestion ?? ""
        case .retryLater: "Try again in a moment."
        case .restartSignIn: "Try to sign in again."
        case .fixConfiguration: "For the developer: change the configuration, or the client's settings at the issuer."
        case .fixArgument: "For the developer: change what is asked for."
        case .checkStorage: "For the developer: check the Keychain entitlements or the file and its folder."
        case .reportBug: "Please report this to Pilotlight."
        default: error.recoverySuggestion ?? ""
        }
    }

    private static func detail(of error: SessionError) -> String? {
        switch error {
        case .restartSignIn(let code, _): code
        case .fixConfiguration(let field, let message): "\(field): \(message)"
        case .fixArgument(let argument, let message): "\(argument): \(message)"
        case .checkStorage(let status, let message): status.map { "\($0): \(message)" } ?? message
        case .reportBug(let message): message
        default: nil
        }
    }
}
