import Pilotlight

/// An error as a screen shows it: what happened, what to do, and whether a button "Try again" helps.
public struct Advice: Equatable, Sendable {
    /// What happened, in a sentence.
    public let title: String
    /// What to do about it.
    public let suggestion: String
    /// Whether doing the same again can help.
    public let canRetry: Bool
    /// Whether the user has to sign in.
    public let needsSignIn: Bool

    /// What to say about `error`; nil when nothing needs to be said, as after a cancelled sign-in.
    public init?(_ error: SessionError) {
        if case .signInCancelled = error { return nil }
        title = error.errorDescription ?? error.message
        suggestion = error.recoverySuggestion ?? ""
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
}
