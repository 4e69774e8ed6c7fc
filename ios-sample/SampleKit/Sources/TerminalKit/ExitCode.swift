import Pilotlight

/// The exit codes of the program: one for each kind of action to take, so that a script can decide.
public enum ExitCode: Int32, CaseIterable, Sendable {
    /// The command succeeded.
    case done = 0
    /// The command line is wrong.
    case usage = 2
    /// There is no connection, or the server has a fault: the same call may work later.
    case temporarilyUnavailable = 10
    /// The device is locked.
    case deviceLocked = 11
    /// Nobody is signed in, or the sign-in has ended.
    case signInRequired = 12
    /// This sign-in failed; another may work.
    case signInFailed = 13
    /// The sign-in or the program was cancelled.
    case cancelled = 14
    /// The configuration, or the client's settings at the issuer, must be changed.
    case configurationInvalid = 15
    /// An argument must be changed.
    case argumentInvalid = 16
    /// The store refused the operation or failed.
    case storageFailed = 17
    /// There is a bug in Pilotlight.
    case internalFault = 18
    /// The Keychain requires the user to authenticate.
    case userAuthenticationFailed = 19
    /// The session is read-only here and has no token that is good enough.
    case readOnly = 20
    /// An API requires the user to authenticate again.
    case stepUpRequired = 21
    /// The issuer requires a second factor before it renews the session.
    case mfaRequired = 22
    /// The issuer did not accept the second factor.
    case mfaRejected = 23

    /// The code for any error that a verb may throw.
    public init(_ error: any Error) {
        guard let error = error as? SessionError else {
            self = error is CancellationError ? .cancelled : .internalFault
            return
        }
        switch error {
        case .temporarilyUnavailable: self = .temporarilyUnavailable
        case .deviceLocked: self = .deviceLocked
        case .signInRequired: self = .signInRequired
        case .signInFailed: self = .signInFailed
        case .signInCancelled: self = .cancelled
        case .configurationInvalid: self = .configurationInvalid
        case .argumentInvalid: self = .argumentInvalid
        case .storageFailed: self = .storageFailed
        case .internalFault: self = .internalFault
        case .userAuthenticationFailed: self = .userAuthenticationFailed
        case .readOnly: self = .readOnly
        case .stepUpRequired: self = .stepUpRequired
        case .mfaRequired: self = .mfaRequired
        case .mfaRejected: self = .mfaRejected
        }
    }

    /// The name in `--json`, and in the help.
    public var name: String {
        switch self {
        case .done: "done"
        case .usage: "usage"
        case .temporarilyUnavailable: "temporarily_unavailable"
        case .deviceLocked: "device_locked"
        case .signInRequired: "sign_in_required"
        case .signInFailed: "sign_in_failed"
        case .cancelled: "cancelled"
        case .configurationInvalid: "configuration_invalid"
        case .argumentInvalid: "argument_invalid"
        case .storageFailed: "storage_failed"
        case .internalFault: "internal_fault"
        case .userAuthenticationFailed: "user_authentication_failed"
        case .readOnly: "read_only"
        case .stepUpRequired: "step_up_required"
        case .mfaRequired: "mfa_required"
        case .mfaRejected: "mfa_rejected"
        }
    }

    var help: String {
        switch self {
        case .done: "it worked"
        case .usage: "the command line is wrong"
        case .temporarilyUnavailable: "no connection, or the server has trouble: try again later"
        case .deviceLocked: "the device is locked: unlock it and try again"
        case .signInRequired: "nobody is signed in: run sign-in"
        case .signInFailed: "this sign-in failed: run sign-in again"
        case .cancelled: "the sign-in was cancelled, or nobody finished it in time"
        case .configurationInvalid: "change the configuration, or the client's settings at the issuer"
        case .argumentInvalid: "change an argument"
        case .storageFailed: "the store failed: check the file and its folder"
        case .internalFault: "a bug in Pilotlight: report it"
        case .userAuthenticationFailed: "the user did not unlock the session: try again"
        case .readOnly: "the session is read-only here and has no valid token: repeat it without --read-only"
        case .stepUpRequired: "the API requires another sign-in: repeat it with --step-up"
        case .mfaRequired: "the issuer requires a second factor: run token --otp CODE, or sign-in"
        case .mfaRejected: "the second factor was not accepted: repeat it with a new code"
        }
    }
}
