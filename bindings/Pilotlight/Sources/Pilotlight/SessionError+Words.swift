import Foundation
internal import PilotlightCore

extension SessionError: LocalizedError {
    /// What happened, in a sentence for a person.
    public var errorDescription: String? {
        switch self {
        case .retryLater(.network, _, _): "There is no connection to the sign-in service."
        case .retryLater(.untrustedConnection, _, _): "The connection to the sign-in service is not trusted."
        case .retryLater(.serverFault, _, _): "The sign-in service has a problem."
        case .retryLater(.rateLimited, _, _): "The sign-in service got too many requests."
        case .retryLater(.unexpectedAnswer, _, _): "The sign-in service gave an answer that was not understood."
        case .retryLater(.anotherProcess, _, _): "The sign-in is busy in another part of this app."
        case .authenticateUser(cancelled: true, _): "The sign-in was not unlocked."
        case .authenticateUser: "You were not recognised."
        case .openApp: "Open the app to go on."
        case .waitForUnlock: "The sign-in cannot be read while the device is locked."
        case .signIn(.signedOut, _): "Nobody is signed in."
        case .signIn(.refreshTokenRejected, _), .signIn(.noRefreshToken, _): "The sign-in has expired."
        case .signIn(.interactionRequired, _): "The sign-in service needs you to confirm something."
        case .signIn(.accessDenied, _): "The sign-in service denied access."
        case .restartSignIn: "The sign-in did not succeed."
        case .signInCancelled: "The sign-in was cancelled."
        case .fixConfiguration: "This app's sign-in is not set up correctly."
        case .fixArgument: "This app asked for something that is not possible."
        case .checkStorage: "The sign-in could not be saved or read on this device."
        case .reportBug: "Something went wrong that should not have."
        }
    }

    /// What happened, for a developer; the same as ``message``.
    public var failureReason: String? {
        message
    }

    /// What to do about it: for a person where a person can help, else for the app's developer.
    public var recoverySuggestion: String? {
        switch self {
        case .retryLater(.network, _, _):
            "Check the connection and try again."
        case .retryLater(.untrustedConnection, _, _):
            "Check the device's date and time, sign in to the Wi-Fi network if it asks for it, and try again."
        case .retryLater(_, let seconds?, _):
            "Try again in \(Int(seconds.rounded(.up))) seconds."
        case .retryLater:
            "Try again in a moment."
        case .waitForUnlock:
            "Unlock the device and try again."
        case .authenticateUser:
            "Try again and confirm that it is you."
        case .openApp:
            "Open the app once; it renews the sign-in."
        case .signIn:
            "Sign in again."
        case .restartSignIn(let code, _):
            "Try to sign in again. (\(code))"
        case .signInCancelled:
            "Sign in when you are ready."
        case .fixConfiguration(let field, _):
            "For the developer: change \"\(field)\" in the configuration or in the client's settings at the issuer."
        case .fixArgument(let argument, _):
            "For the developer: change the argument \"\(argument)\"."
        case .checkStorage(let status?, _):
            "For the developer: status \(status); check the Keychain entitlements or the file and its folder."
        case .checkStorage:
            "For the developer: check the Keychain entitlements or the file and its folder."
        case .reportBug:
            "Please report this to Pilotlight with the message: \(message)"
        }
    }
}
