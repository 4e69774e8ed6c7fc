import Pilotlight

/// How the program ends: one code for each kind of thing to do about it, so that a script can decide.
public enum ExitCode: Int32, CaseIterable, Sendable {
    /// It worked.
    case done = 0
    /// The command line is wrong.
    case usage = 2
    /// No connection, or the server has trouble: the same call may work later.
    case retryLater = 10
    /// The device is locked.
    case waitForUnlock = 11
    /// Nobody is signed in, or the sign-in has ended.
    case signIn = 12
    /// This sign-in failed; another may work.
    case restartSignIn = 13
    /// The sign-in or the program was cancelled.
    case cancelled = 14
    /// The configuration, or the client's settings at the issuer, must be changed.
    case fixConfiguration = 15
    /// An argument must be changed.
    case fixArgument = 16
    /// The store refuses or fails.
    case checkStorage = 17
    /// A fault of Pilotlight's.
    case reportBug = 18
    /// The Keychain wants the user.
    case authenticateUser = 19
    /// The session is read-only here and has nothing that is good enough.
    case openApp = 20

    /// The code for any error that a verb may end with.
    public init(_ error: any Error) {
        guard let error = error as? SessionError else {
            self = error is CancellationError ? .cancelled : .reportBug
            return
        }
        switch error {
        case .retryLater: self = .retryLater
        case .waitForUnlock: self = .waitForUnlock
        case .signIn: self = .signIn
        case .restartSignIn: self = .restartSignIn
        case .signInCancelled: self = .cancelled
        case .fixConfiguration: self = .fixConfiguration
        case .fixArgument: self = .fixArgument
        case .checkStorage: self = .checkStorage
        case .reportBug: self = .reportBug
        case .authenticateUser: self = .authenticateUser
        case .openApp: self = .openApp
        }
    }

    /// The name in `--json`, and in the help.
    public var name: String {
        switch self {
        case .done: "done"
        case .usage: "usage"
        case .retryLater: "retry_later"
        case .waitForUnlock: "wait_for_unlock"
        case .signIn: "sign_in"
        case .restartSignIn: "restart_sign_in"
        case .cancelled: "cancelled"
        case .fixConfiguration: "fix_configuration"
        case .fixArgument: "fix_argument"
        case .checkStorage: "check_storage"
        case .reportBug: "report_bug"
        case .authenticateUser: "authenticate_user"
        case .openApp: "open_app"
        }
    }

    var help: String {
        switch self {
        case .done: "it worked"
        case .usage: "the command line is wrong"
        case .retryLater: "no connection, or the server has trouble: try again later"
        case .waitForUnlock: "the device is locked: unlock it and try again"
        case .signIn: "nobody is signed in: run sign-in"
        case .restartSignIn: "this sign-in failed: run sign-in again"
        case .cancelled: "the sign-in was cancelled, or nobody finished it in time"
        case .fixConfiguration: "change the configuration, or the client's settings at the issuer"
        case .fixArgument: "change an argument"
        case .checkStorage: "the store failed: check the file and its folder"
        case .reportBug: "a fault of Pilotlight: report it"
        case .authenticateUser: "the user did not unlock the session: try again"
        case .openApp: "the session is read-only here and has no good token: do it without --read-only"
        }
    }
}
