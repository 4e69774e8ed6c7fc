import Foundation
internal import PilotlightCore

/// Why a call did not succeed. Each case describes a situation and implies what to do.
///
/// ``errorDescription`` and ``recoverySuggestion`` are texts for the user, in English. For other languages, switch over the
/// cases or look up ``summary``. ``message`` is for developers: it never contains a token, a code or profile data. The
/// issuer's own text is in ``issuerMessage``.
///
/// Besides this error, calls throw `CancellationError` if the waiting task was cancelled. Three kinds of errors are passed on as
/// they are: `URLError`, if ``Session/data(for:audience:minTTL:using:)`` or ``Session/stepUp(for:using:parameters:via:)`` does not
/// reach the app's API; the errors of the app's own ``WebAuthenticator``; and those of the app's own `Decodable` types.
public enum SessionError: Error, Hashable, Sendable {
    /// Nothing is wrong with the session; try the same call again later: after `retryAfter` seconds if there is a value,
    /// otherwise with growing pauses.
    case temporarilyUnavailable(reason: RetryReason, retryAfter: TimeInterval?, message: Message)
    /// The device is locked and the session cannot be read; try again when it has been unlocked.
    case deviceLocked(message: Message)
    /// A ``UserAuthenticationPolicy`` or the Keychain's access control requires the user to authenticate on this device (Face
    /// ID, Touch ID, the passcode), and the user has not. Nothing is lost: the same call asks again, so repeat it when the user
    /// wants to continue. `reason` says whether that helps.
    case userAuthenticationFailed(reason: UserAuthenticationFailure, message: Message)
    /// This session is read-only and cannot do this, or it has no token that is good enough: the app itself has to run, to
    /// renew the session or to sign in or out.
    case readOnly(message: Message)
    /// The user has to sign in: begin a sign-in. `reason` says whether the session has ended.
    case signInRequired(reason: SignInReason, message: Message)
    /// An API refuses a request until the user authenticates in a certain way (RFC 9470). Only
    /// ``Session/data(for:audience:minTTL:using:)`` throws it. ``Session/stepUp(for:using:parameters:via:)`` lets the user
    /// authenticate and sends the request again. The session has not ended.
    case stepUpRequired(StepUpChallenge, message: Message)
    /// The issuer requires a second factor before it renews the session, exchanges a token or completes a sign-in without a
    /// browser (Auth0: `mfa_required` with an `mfa_token`). Answer the challenge with ``Session/verify(_:for:)``, or begin a
    /// sign-in. The session has not ended.
    case mfaRequired(MFAChallenge, message: Message)
    /// The issuer did not accept the second factor; ask the user for another answer. The session has not ended.
    ///
    /// `code` is the issuer's error code, such as `invalid_grant` for a wrong code. With `expired_token` the challenge has
    /// expired: repeat the refused call, which throws a new challenge.
    case mfaRejected(code: String, message: Message)
    /// This attempt to sign in failed. Show why, and let the user begin another one. It does not change a session that existed
    /// before.
    ///
    /// `code` is the issuer's error code (RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6), or one of Pilotlight's
    /// own: `id_token_invalid`, `no_sign_in_in_progress`, `sign_in_expired`, `state_mismatch`, `issuer_mismatch`,
    /// `web_authentication_failed`, and for a step-up `user_mismatch` and `unmet_authentication_requirements`.
    case signInFailed(code: String, message: Message)
    /// The sign-in was cancelled, by the user or by the app. Usually nothing needs to be shown.
    ///
    /// If this happens before the user has seen a form, the browser may have shown the issuer's own error page: check the
    /// client ID, and that the redirect URI is registered (Auth0: "Allowed Callback URLs").
    case signInCancelled
    /// The app's configuration, or the client's settings at the issuer, must be changed. `field` is the field to check.
    case configurationInvalid(field: String, message: Message)
    /// An argument of this call must be changed.
    case argumentInvalid(argument: String, message: Message)
    /// The store refused the operation or failed. After a renewal the new tokens stay usable in this process, and the next
    /// call tries again to write them. `status` is the system's own number: an `OSStatus` or an `errno`.
    case storageFailed(status: Int32?, message: Message)
    /// A bug in Pilotlight itself; please report it. The session has not changed.
    case internalFault(message: Message)
}

extension SessionError {
    /// What happened, for a developer, and the issuer's own text about it.
    public struct Message: Hashable, Sendable, ExpressibleByStringInterpolation {
        /// The text for a developer's log. It contains no token, no code and no personal data; the issuer's words only if they
        /// cannot quote any.
        public let text: String
        /// The issuer's own words (`error_description`, RFC 6749 5.2), in the issuer's language: an app may show them to the
        /// user. They may quote what the user entered, so keep them out of logs. Nil if the issuer said nothing.
        public let issuerMessage: String?

        /// Creates a message, for tests of an app and for an app's own ``WebAuthenticator``.
        public init(_ text: String, issuerMessage: String? = nil) {
            self.text = text
            self.issuerMessage = issuerMessage
        }

        init(_ message: PilotlightCore.ErrorMessage) {
            self.init(message.text, issuerMessage: message.issuer)
        }

        /// Creates a message from a literal.
        public init(stringLiteral text: String) {
            self.init(text)
        }
    }

    /// What happened, for logs and bug reports. Contains no secrets and no personal data. For an app's own
    /// ``WebAuthenticator``, whose error the models show, it contains that error's text, unless the text quotes a URL.
    public var message: String {
        details?.text ?? "the sign-in was cancelled"
    }

    /// The issuer's own text (`error_description`, RFC 6749 5.2), in the issuer's language, which may be shown to the user: for
    /// example why an account is blocked, with the number that its support asks for. Do not log it, because it may quote
    /// what the user entered. Nil if the issuer said nothing.
    public var issuerMessage: String? {
        details?.issuerMessage
    }

    /// True for `temporarilyUnavailable` and `deviceLocked`: the same call can succeed later without any action in the app.
    public var isTemporary: Bool {
        switch self {
        case .temporarilyUnavailable, .deviceLocked: true
        default: false
        }
    }

    private var details: Message? {
        switch self {
        case .temporarilyUnavailable(_, _, let message), .deviceLocked(let message),
            .userAuthenticationFailed(_, let message), .readOnly(let message), .signInRequired(_, let message),
            .stepUpRequired(_, let message), .mfaRequired(_, let message), .mfaRejected(_, let message),
            .signInFailed(_, let message), .configurationInvalid(_, let message),
            .argumentInvalid(_, let message),
            .storageFailed(_, let message), .internalFault(let message):
            message
        case .signInCancelled:
            nil
        }
    }
}

/// Shows the developer's text only, because the issuer's may contain personal data.
extension SessionError.Message: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// ``text``
    public var description: String { text }
    /// ``text``, in quotes.
    public var debugDescription: String { text.debugDescription }
    /// ``text`` alone.
    public var customMirror: Mirror { Mirror(self, children: ["text": text]) }
}

extension SessionError {
    /// The error of an app's own ``WebAuthenticator``: its type, domain, code and text.
    static func ofAuthenticator(_ error: any Error) -> SessionError {
        .signInFailed(
            code: "web_authentication_failed", message: "the authenticator failed: \(Self.words(of: error))")
    }

    /// Type, domain and code, and the error's own text, unless the text quotes a URL: a callback URL contains a code.
    static func words(of error: any Error) -> String {
        // As `NSError` has them; `as NSError` itself needs Apple's Foundation.
        let name = "\(type(of: error)) (\(error._domain) \(error._code))"
        let own = (error as? any LocalizedError)?.errorDescription ?? error.localizedDescription
        // Foundation's text for an error without one only repeats the domain.
        guard !own.isEmpty, !own.contains(error._domain), !own.contains("://") else { return name }
        return "\(name): \(own)"
    }

    /// Converts any error that a call to the core may throw.
    static func of(_ error: any Error) -> any Error {
        switch error {
        case let error as PilotlightCore.SessionError: SessionError(error)
        case is SessionError, is CancellationError: error
        default: SessionError.internalFault(message: "the core failed in an unknown way: \(type(of: error))")
        }
    }

    init(_ error: PilotlightCore.SessionError) {
        switch error {
        case .RetryLater(let reason, let seconds, let message):
            self = .temporarilyUnavailable(
                reason: RetryReason(reason), retryAfter: seconds.map { TimeInterval($0) }, message: Message(message))
        case .WaitForUnlock(let message):
            self = .deviceLocked(message: Message(message))
        case .AuthenticateUser(let cancelled, let message):
            self = .userAuthenticationFailed(reason: cancelled ? .cancelled : .failed, message: Message(message))
        case .OpenApp(let message):
            self = .readOnly(message: Message(message))
        case .SignIn(let reason, let message):
            self = .signInRequired(reason: SignInReason(reason), message: Message(message))
        case .MfaRequired(let challenge, let factors, let enrollable, let message):
            let challenge = MFAChallenge(number: challenge, factors: factors, enrollableFactors: enrollable)
            self = .mfaRequired(challenge, message: Message(message))
        case .MfaRejected(let code, let message):
            self = .mfaRejected(code: code, message: Message(message))
        case .RestartSignIn(let code, let message):
            self = .signInFailed(code: code, message: Message(message))
        case .SignInCancelled:
            self = .signInCancelled
        case .FixConfiguration(let field, let message):
            let (field, text) = Self.inSwift(field, message.text)
            self = .configurationInvalid(field: field, message: Message(text, issuerMessage: message.issuer))
        case .FixArgument(let argument, let message):
            let (argument, text) = Self.inSwift(argument, message.text)
            self = .argumentInvalid(argument: argument, message: Message(text, issuerMessage: message.issuer))
        case .CheckStorage(let status, let message):
            self = .storageFailed(status: status, message: Message(message))
        case .ReportBug(let message):
            self = .internalFault(message: Message(message))
        }
    }
}
