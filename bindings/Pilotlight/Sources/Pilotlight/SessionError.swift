import Foundation
internal import PilotlightCore

/// Why a call did not succeed, named by what to do about it.
///
/// `message` is for a developer's eyes; it never holds a token, a code or a profile's content. What to tell a person
/// is in ``errorDescription`` and ``recoverySuggestion``, in English; an app that speaks other languages switches
/// over the cases.
///
/// Besides it, a call throws only `CancellationError`, when the waiting task was cancelled.
public enum SessionError: Error, Hashable, Sendable {
    /// Nothing is wrong with the session; try the same call again later: after `retryAfter` seconds where the server
    /// said so, else with growing pauses.
    case retryLater(reason: RetryReason, retryAfter: TimeInterval?, message: String)
    /// The device is locked and the session cannot be read; try again when it has been unlocked.
    case waitForUnlock(message: String)
    /// The Keychain asked for the user (Face ID, Touch ID, the passcode) and the user said no (`cancelled`) or was not
    /// recognised. Nothing is lost: the same call asks again, so make it when the user wants it.
    case authenticateUser(cancelled: Bool, message: String)
    /// The call needs the user: begin a sign-in.
    case signIn(reason: SignInReason, message: String)
    /// This sign-in attempt failed; say why and let the user begin another. A session that existed before is
    /// untouched.
    ///
    /// `code` is the issuer's error code (RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6), or Pilotlight's
    /// own: `id_token_invalid`, `no_sign_in_in_progress`, `state_mismatch`, `issuer_mismatch`,
    /// `web_authentication_failed`.
    case restartSignIn(code: String, message: String)
    /// The sign-in was cancelled, by the user or by the app. Usually nothing needs to be shown.
    case signInCancelled
    /// This session is read-only and has nothing that is good enough: the app itself has to run, to renew the session
    /// or to sign in or out.
    case openApp(message: String)
    /// The app's configuration, or the client's settings at the issuer, must be changed. `field` is the field to look
    /// at.
    case fixConfiguration(field: String, message: String)
    /// An argument of this call must be changed.
    case fixArgument(argument: String, message: String)
    /// The store refuses or fails. After a renewal the new tokens stay usable in this process and are written again
    /// at the next call. `status` is the system's own number: an `OSStatus` or an `errno`.
    case checkStorage(status: Int32?, message: String)
    /// A fault in Pilotlight itself; please report it. The session is untouched.
    case reportBug(message: String)
}

extension SessionError {
    /// What happened, for a developer: for logs and bug reports. No secrets, no personal data.
    public var message: String {
        switch self {
        case .retryLater(_, _, let message), .waitForUnlock(let message), .authenticateUser(_, let message),
            .signIn(_, let message), .restartSignIn(_, let message), .openApp(let message),
            .fixConfiguration(_, let message), .fixArgument(_, let message), .checkStorage(_, let message),
            .reportBug(let message):
            message
        case .signInCancelled:
            "the sign-in was cancelled"
        }
    }

    /// Whether the same call can succeed later without anybody doing anything.
    public var isTemporary: Bool {
        switch self {
        case .retryLater, .waitForUnlock: true
        default: false
        }
    }
}

extension SessionError {
    /// Any error that a call of the core's may end with.
    static func of(_ error: any Error) -> any Error {
        switch error {
        case let error as PilotlightCore.SessionError: SessionError(error)
        case is SessionError, is CancellationError: error
        default: SessionError.reportBug(message: "the core failed in an unknown way: \(error)")
        }
    }

    init(_ error: PilotlightCore.SessionError) {
        switch error {
        case .RetryLater(let reason, let seconds, let message):
            self = .retryLater(
                reason: RetryReason(reason), retryAfter: seconds.map { TimeInterval($0) }, message: message)
        case .WaitForUnlock(let message):
            self = .waitForUnlock(message: message)
        case .AuthenticateUser(let cancelled, let message):
            self = .authenticateUser(cancelled: cancelled, message: message)
        case .OpenApp(let message):
            self = .openApp(message: message)
        case .SignIn(let reason, let message):
            self = .signIn(reason: SignInReason(reason), message: message)
        case .RestartSignIn(let code, let message):
            self = .restartSignIn(code: code, message: message)
        case .SignInCancelled:
            self = .signInCancelled
        case .FixConfiguration(let field, let message):
            let (field, message) = Self.inSwift(field, message)
            self = .fixConfiguration(field: field, message: message)
        case .FixArgument(let argument, let message):
            let (argument, message) = Self.inSwift(argument, message)
            self = .fixArgument(argument: argument, message: message)
        case .CheckStorage(let status, let message):
            self = .checkStorage(status: status, message: message)
        case .ReportBug(let message):
            self = .reportBug(message: message)
        }
    }
}
