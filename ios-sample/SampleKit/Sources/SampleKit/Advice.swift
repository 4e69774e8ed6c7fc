import Pilotlight

/// What a screen shows about an error besides its `summary`: sentences without values, which are keys of a string catalogue.
extension SessionError {
    /// The error of any call as a screen shows it; nil if nothing needs to be shown, as after a cancelled sign-in.
    public static func shown(_ error: any Error) -> SessionError? {
        switch error {
        case SessionError.signInCancelled, is CancellationError: nil
        case let error as SessionError: error
        default: .internalFault(message: "an error of the type \(type(of: error))")
        }
    }

    /// Whether a "Try Again" button helps.
    public var canRetry: Bool {
        if case .userAuthenticationFailed(let reason, _) = self { reason != .unavailable } else { isTemporary }
    }

    /// What to do: the SDK's sentence, unless it contains a value.
    public var suggestion: String {
        switch self {
        case .temporarilyUnavailable(.network, _, _): "Check the connection and try again."
        case .temporarilyUnavailable(.untrustedConnection, _, _):
            "Check the device's date and time, sign in to the Wi-Fi network if it asks for it, and try again."
        case .temporarilyUnavailable: "Try again in a moment."
        case .signInRequired: "Sign in again."
        case .signInFailed: "Try to sign in again."
        case .stepUpRequired: "Sign in once more."
        case .mfaRequired: "Confirm it with your second factor."
        case .configurationInvalid:
            "For the developer: change the configuration, or the client's settings at the issuer."
        case .argumentInvalid: "For the developer: change what is asked for."
        case .storageFailed: "For the developer: check the Keychain entitlements or the file and its folder."
        case .internalFault: "Please report this to Pilotlight."
        default: recoverySuggestion ?? ""
        }
    }

    /// A detail for developers, not localized; nil if there is none.
    public var detail: String? {
        switch self {
        case .signInFailed(let code, _): code
        case .configurationInvalid(let field, let message): "\(field): \(message)"
        case .argumentInvalid(let argument, let message): "\(argument): \(message)"
        case .storageFailed(let status, let message): status.map { "\($0): \(message)" } ?? message.text
        case .internalFault(let message): message.text
        default: nil
        }
    }
}
