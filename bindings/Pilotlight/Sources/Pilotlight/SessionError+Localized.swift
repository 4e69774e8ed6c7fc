import Foundation

extension SessionError: LocalizedError {
    /// What happened, in one sentence for the user. It contains no values, so that an app can look it up in its string
    /// catalogue.
    public var summary: String {
        switch self {
        case .temporarilyUnavailable(.network, _, _): "There is no connection to the sign-in service."
        case .temporarilyUnavailable(.untrustedConnection, _, _):
            "The connection to the sign-in service is not trusted."
        case .temporarilyUnavailable(.serverFault, _, _): "The sign-in service has a problem."
        case .temporarilyUnavailable(.rateLimited, _, _): "The sign-in service received too many requests."
        case .temporarilyUnavailable(.unexpectedAnswer, _, _):
            "The sign-in service sent an unexpected answer."
        case .temporarilyUnavailable(.anotherProcess, _, _): "The sign-in is busy in another part of this app."
        case .temporarilyUnavailable(.noBackgroundTime, _, _): "The sign-in cannot be renewed in the background now."
        case .userAuthenticationFailed(.required, _): "The sign-in is locked."
        case .userAuthenticationFailed(.cancelled, _): "The sign-in was not unlocked."
        case .userAuthenticationFailed(.failed, _): "Your identity could not be confirmed."
        case .userAuthenticationFailed(.unavailable, _): "This device cannot confirm that it is you."
        case .readOnly: "Open the app to continue."
        case .deviceLocked: "The sign-in cannot be read while the device is locked."
        case .signInRequired(.signedOut, _): "Nobody is signed in."
        case .signInRequired(.refreshTokenRejected, _), .signInRequired(.noRefreshToken, _): "The sign-in has expired."
        case .signInRequired(.lifetimeEnded, _): "The sign-in has reached its time limit."
        case .signInRequired(.idleTooLong, _): "The sign-in has expired because it was not used."
        case .signInRequired(.interactionRequired, _): "The sign-in service needs you to confirm something."
        case .signInRequired(.accessDenied, _): "The sign-in service denied access."
        case .signInRequired(.proofKeyLost, _): "The sign-in belongs to another device, or this one was reset."
        case .signInRequired(.renewalsRefused, _): "The sign-in service refuses to renew the sign-in."
        case .stepUpRequired: "This needs you to confirm who you are."
        case .mfaRequired: "The sign-in service needs a second factor."
        case .mfaRejected(code: "expired_token", _): "The time for the second factor is over."
        case .mfaRejected: "The second factor was not accepted."
        case .signInFailed: "The sign-in did not succeed."
        case .signInCancelled: "The sign-in was cancelled."
        case .configurationInvalid: "This app's sign-in is not set up correctly."
        case .argumentInvalid: "This app asked for something that is not possible."
        case .storageFailed: "The sign-in could not be saved or read on this device."
        case .internalFault: "An internal error occurred."
        }
    }

    /// What happened: ``summary``, followed in brackets by ``message``, which names the host, the field and the values that are
    /// not secret.
    public var errorDescription: String? {
        saysEnough ? summary : "\(summary) (\(message))"
    }

    /// What happened, for a developer; the same as ``message``.
    public var failureReason: String? {
        message
    }

    /// What to do about it. It addresses the user if the user can help, otherwise the app's developer, with the setting in the
    /// app and in the Auth0 Dashboard.
    public var recoverySuggestion: String? {
        switch self {
        case .temporarilyUnavailable(.network, _, _):
            "Check the connection and try again. \(Self.hostAdvice)"
        case .temporarilyUnavailable(.untrustedConnection, _, _):
            "Check the device's date and time, sign in to the Wi-Fi network if it asks for it, and try again. \(Self.certificateAdvice)"
        case .temporarilyUnavailable(.noBackgroundTime, _, _):
            "Open the app to continue."
        case .temporarilyUnavailable(_, let seconds?, _) where seconds > 0 && seconds <= 1:
            "Try again in 1 second."
        // Converting a number outside the range of `Int` would crash the app.
        case .temporarilyUnavailable(_, let seconds?, _) where (1...86_400).contains(seconds.rounded(.up)):
            "Try again in \(Int(seconds.rounded(.up))) seconds."
        case .temporarilyUnavailable:
            "Try again in a moment."
        case .deviceLocked:
            "Unlock the device and try again."
        case .userAuthenticationFailed(.required, _):
            "Unlock it by confirming that it is you."
        case .userAuthenticationFailed(.unavailable, _):
            "Set a passcode, Face ID or Touch ID in the device's settings, or sign in again."
        case .userAuthenticationFailed:
            "Try again and confirm that it is you."
        case .readOnly:
            "Open the app once; it renews the sign-in."
        case .signInRequired(.noRefreshToken, _):
            "Sign in again. For the developer: the issuer gave no refresh token. \(Self.offlineAccessAdvice)"
        case .signInRequired(.renewalsRefused(let code), _):
            "Sign in again. For the developer: \(Self.refusalAdvice(code))"
        case .signInRequired:
            "Sign in again."
        case .stepUpRequired:
            "Sign in once more. For the developer: call `stepUp(for:using:)` with the error's challenge."
        case .mfaRequired:
            "Confirm it with your second factor, or sign in again. For the developer: call `verify(_:for:)` with the error's challenge."
        case .mfaRejected(code: "expired_token", _):
            "Try again to get another challenge."
        case .mfaRejected:
            "Try again with a new code, or with another factor."
        case .signInFailed(let code, _):
            Self.suggestion(forCode: code)
        case .signInCancelled:
            "Sign in when you are ready. \(Self.closedPageAdvice)"
        case .configurationInvalid(let field, _):
            "For the developer: \(Self.advice(forField: field))"
        case .argumentInvalid(let argument, _):
            "For the developer: change the argument `\(argument)`."
        case .storageFailed(let status, _):
            "For the developer: \(status.map { "status \($0); " } ?? "")\(Self.storageAdvice)"
        case .internalFault:
            "Please report this to Pilotlight with the message: \(message)"
        }
    }

    /// Whether ``message`` would add nothing to ``summary``.
    private var saysEnough: Bool {
        switch self {
        case .deviceLocked, .userAuthenticationFailed, .readOnly, .signInCancelled: true
        case .signInRequired(.signedOut, _), .signInRequired(.refreshTokenRejected, _),
            .signInRequired(.noRefreshToken, _), .signInRequired(.lifetimeEnded, _), .signInRequired(.idleTooLong, _):
            true
        default: false
        }
    }
}
