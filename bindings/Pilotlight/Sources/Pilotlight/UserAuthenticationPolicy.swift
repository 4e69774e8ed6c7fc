import Foundation

#if canImport(LocalAuthentication) && !os(tvOS)
import LocalAuthentication
#endif

/// When the user must authenticate on this device (Face ID, Touch ID, the passcode) before a session gives anything out.
///
/// ```swift
/// let session = try Session(configuration, userAuthentication: .after(300, reason: "Unlock your account"))
/// ```
///
/// It covers access tokens, requests, the profile (also the one in memory) and the metadata. Calls with `async` prompt the user
/// when that is due, and throw ``SessionError/userAuthenticationFailed(reason:message:)`` if it fails. Calls without `async`
/// return nil until the user has authenticated. ``Session/isUserAuthenticationRequired`` says whether a prompt is due, and
/// ``Session/authenticateUser()`` shows it. An app with its own lock screen uses ``askedByApp()``.
///
/// It applies to the session, not only to this object: another ``Session`` in this process that is a handle to the same session,
/// and has no policy itself, keeps this one.
///
/// A sign-in counts as an authentication, and a sign-out needs none. ``Session/state`` and ``Session/events`` are not covered:
/// they hold no token.
///
/// Pilotlight enforces this rule while the app runs; it does not protect the stored item. For a rule that the Keychain enforces,
/// use ``KeychainAccessControl``. The two can be combined.
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

    /// Before each call that gives something out. Concurrent calls prompt once.
    ///
    /// - Parameters:
    ///   - reason: The text in the system's dialogue, in the user's language: what the app needs it for.
    ///   - authenticator: What asks the user.
    public static func always(reason: String, authenticator: some UserAuthenticator) -> Self {
        Self(validity: .none, reason: reason, authenticator: authenticator)
    }

    /// When `seconds` have passed since the last authentication. Time asleep counts; setting the device's clock changes nothing.
    ///
    /// - Parameters:
    ///   - seconds: How long an authentication stays valid.
    ///   - reason: As ``always(reason:authenticator:)``.
    ///   - authenticator: As ``always(reason:authenticator:)``.
    public static func after(
        _ seconds: TimeInterval, reason: String, authenticator: some UserAuthenticator
    ) -> Self {
        Self(validity: .seconds(seconds), reason: reason, authenticator: authenticator)
    }

    /// The same policy for an app that shows its own lock screen: where the user has to authenticate, calls with `async` throw
    /// ``SessionError/userAuthenticationFailed(reason:message:)`` with ``UserAuthenticationFailure/required`` and show nothing,
    /// and only ``Session/authenticateUser()`` asks. Of no use with ``always(reason:authenticator:)``, whose authentications are
    /// good for nothing but the call that asked: there calls ask all the same.
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

    /// When `seconds` have passed since the last authentication, by the system's own dialogue.
    ///
    /// - Parameters:
    ///   - seconds: How long an authentication stays valid.
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

/// Authenticates the device's owner, for a ``UserAuthenticationPolicy``.
public protocol UserAuthenticator: Sendable {
    /// Returns when the device's owner has authenticated. Called on any thread, one call at a time.
    ///
    /// - Parameter reason: What it is for, in the user's language.
    /// - Throws: ``SessionError/userAuthenticationFailed(reason:message:)`` if the owner did not. Any other error is turned
    ///   into that one.
    func authenticate(reason: String) async throws
}

#if canImport(LocalAuthentication) && !os(tvOS)
/// The system's own dialogue (LocalAuthentication): Face ID or Touch ID, and after these, if the app allows it, the device's
/// passcode. Face ID needs `NSFaceIDUsageDescription` in the app's `Info.plist`.
public struct DeviceOwnerAuthenticator: UserAuthenticator {
    private let acceptsPasscode: Bool

    /// Makes an authenticator that shows the dialogue each time.
    ///
    /// - Parameter acceptsPasscode: Whether the passcode is accepted too. If not, a user without Face ID or Touch ID cannot
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
