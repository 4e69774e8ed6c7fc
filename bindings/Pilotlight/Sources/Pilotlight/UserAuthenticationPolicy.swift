import Foundation

#if canImport(LocalAuthentication) && !os(tvOS)
import LocalAuthentication
#endif

/// When the user has to show who they are on this device (Face ID, Touch ID, the passcode) before a session gives anything out.
///
/// ```swift
/// let session = try Session(configuration, userAuthentication: .after(300, reason: "Unlock your account"))
/// ```
///
/// It covers every way to a token and to what is known of the user: ``Session/accessToken(minTTL:forceRefresh:allowExpired:)`` and
/// its like, requests, the profile, the one in memory too, and the metadata. Calls with `async` ask the user by themselves where that
/// is due and throw ``SessionError/userAuthenticationFailed(reason:message:)`` where it fails. Calls without give nil until the user
/// was asked; ``Session/isUserAuthenticationRequired`` says whether that is so, and ``Session/authenticateUser()`` asks. An app
/// with its own screen for it takes ``askedByApp()``.
///
/// It counts for the session, not only for this object: a ``Session`` that is another handle to it in this process, and has no
/// policy itself, keeps this one.
///
/// A sign-in counts as an authentication, and a sign-out needs none. ``Session/state`` and ``Session/events`` are as ever: they hold no
/// token.
///
/// This is a rule of the app, kept in its process: the stored tokens are protected by it only as long as the app runs. For a
/// rule that the Keychain itself keeps use ``KeychainAccessControl``; both go together.
public struct UserAuthenticationPolicy: Sendable {
    enum Validity: Hashable, Sendable {
        case none
        case seconds(TimeInterval)
        case process
    }

    let validity: Validity
    let reason: String
    let authenticator: any UserAuthenticator
    /// Whether calls ask the user by themselves.
    private(set) var callsAsk = true

    /// Before each call that gives something out. Calls at the same time ask once.
    ///
    /// - Parameters:
    ///   - reason: What the system's dialogue says, in the user's language: what the app needs it for.
    ///   - authenticator: Who asks the user.
    public static func always(reason: String, authenticator: some UserAuthenticator) -> Self {
        Self(validity: .none, reason: reason, authenticator: authenticator)
    }

    /// Again when `seconds` have passed since the last time, by a clock that goes on while the device sleeps and that nobody can
    /// set.
    ///
    /// - Parameters:
    ///   - seconds: How long an authentication is good.
    ///   - reason: As ``always(reason:authenticator:)``.
    ///   - authenticator: As ``always(reason:authenticator:)``.
    public static func after(
        _ seconds: TimeInterval, reason: String, authenticator: some UserAuthenticator
    ) -> Self {
        Self(validity: .seconds(seconds), reason: reason, authenticator: authenticator)
    }

    /// The same policy for an app that shows its own lock screen: where the user has to authenticate, calls with `async` throw
    /// ``SessionError/userAuthenticationFailed(reason:message:)`` with ``UserAuthenticationFailure/required`` and show nothing, and
    /// only ``Session/authenticateUser()`` asks. Of no use with ``always(reason:authenticator:)``, whose authentications are good
    /// for nothing but the call that asked: there calls ask all the same.
    public func askedByApp() -> Self {
        var policy = self
        policy.callsAsk = validity == .none
        return policy
    }

    /// Once for each ``Session`` object: at the launch of an app that makes one.
    ///
    /// - Parameters:
    ///   - reason: As ``always(reason:authenticator:)``.
    ///   - authenticator: As ``always(reason:authenticator:)``.
    public static func atLaunch(reason: String, authenticator: some UserAuthenticator) -> Self {
        Self(validity: .process, reason: reason, authenticator: authenticator)
    }

    #if canImport(LocalAuthentication) && !os(tvOS)
    /// Before each call that gives something out, by the system's own dialogue.
    ///
    /// - Parameter reason: As ``always(reason:authenticator:)``.
    public static func always(reason: String) -> Self {
        always(reason: reason, authenticator: DeviceOwnerAuthenticator())
    }

    /// Again when `seconds` have passed since the last time, by the system's own dialogue.
    ///
    /// - Parameters:
    ///   - seconds: How long an authentication is good.
    ///   - reason: As ``always(reason:authenticator:)``.
    public static func after(_ seconds: TimeInterval, reason: String) -> Self {
        after(seconds, reason: reason, authenticator: DeviceOwnerAuthenticator())
    }

    /// Once for each ``Session`` object, by the system's own dialogue.
    ///
    /// - Parameter reason: As ``always(reason:authenticator:)``.
    public static func atLaunch(reason: String) -> Self {
        atLaunch(reason: reason, authenticator: DeviceOwnerAuthenticator())
    }
    #endif
}

/// Asks the user who they are, for a ``UserAuthenticationPolicy``.
public protocol UserAuthenticator: Sendable {
    /// Asks, and returns when it was the device's owner. Called on any thread, for one question at a time.
    ///
    /// - Parameter reason: What it is for, in the user's language.
    /// - Throws: ``SessionError/userAuthenticationFailed(reason:message:)`` where it was not, or nobody came; any other error
    ///   becomes one.
    func authenticate(reason: String) async throws
}

#if canImport(LocalAuthentication) && !os(tvOS)
/// The system's own dialogue (LocalAuthentication): Face ID or Touch ID, and where these fail, if the app lets it, the device's
/// passcode. Face ID needs `NSFaceIDUsageDescription` in the app's `Info.plist`.
public struct DeviceOwnerAuthenticator: UserAuthenticator {
    private let acceptsPasscode: Bool

    /// A dialogue each time it is asked.
    ///
    /// - Parameter acceptsPasscode: Whether the passcode will do too. Without it a user without Face ID and Touch ID cannot
    ///   authenticate at all.
    public init(acceptsPasscode: Bool = true) {
        self.acceptsPasscode = acceptsPasscode
    }

    /// Shows the dialogue.
    ///
    /// - Throws: ``SessionError/userAuthenticationFailed(reason:message:)``.
    public func authenticate(reason: String) async throws {
        let policy: LAPolicy = acceptsPasscode ? .deviceOwnerAuthentication : .deviceOwnerAuthenticationWithBiometrics
        do {
            _ = try await LAContext().evaluatePolicy(policy, localizedReason: reason)
        } catch let error as LAError {
            throw SessionError.userAuthenticationFailed(
                reason: UserAuthenticationFailure(localAuthentication: error.code.rawValue),
                message: "the user did not authenticate (LAError \(error.code.rawValue))")
        }
    }
}
#endif

extension UserAuthenticationFailure {
    /// What a code of LocalAuthentication's means (Apple: "LAError.Code").
    init(localAuthentication code: Int) {
        self =
            switch code {
            // The user, the button for another way, the app.
            case -2, -3, -9: .cancelled
            // Another app came in front, the context is over, or no dialogue may be shown.
            case -4, -10, -1004: .required
            // No passcode; Face ID or Touch ID not there, not allowed, or not enrolled; no watch, no paired or connected sensor.
            case -5, -6, -7, -11, -12, -13: .unavailable
            default: .failed
            }
    }
}
