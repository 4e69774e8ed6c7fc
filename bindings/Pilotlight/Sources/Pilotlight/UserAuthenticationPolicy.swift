import Foundation

#if canImport(LocalAuthentication) && !os(tvOS)
import LocalAuthentication
#endif

/// When the user must authenticate on this device (Face ID, Touch ID, the passcode) before a session discloses anything.
///
/// ```swift
/// let session = try Session(configuration, userAuthentication: .after(300, reason: "Unlock your account"))
/// ```
///
/// The policy covers access tokens, requests, the profile (also the one in memory) and the metadata. Calls with `async` prompt
/// the user if that is due, and throw ``SessionError/userAuthenticationFailed(reason:message:)`` if it fails. Calls without
/// `async` return nil until the user has authenticated. ``Session/isUserAuthenticationRequired`` says whether a prompt is due,
/// and ``Session/authenticateUser()`` shows it. An app with its own lock screen uses ``askedByApp()``.
///
/// The policy applies to the session, not only to one ``Session`` object: another object in this process that is a handle to
/// the same session and has no policy uses this one.
///
/// A sign-in counts as an authentication, and a sign-out needs none. ``Session/state`` and ``Session/events`` are not covered:
/// they contain no token.
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

    /// Requires authentication before each call that discloses something. Concurrent calls prompt once.
    ///
    /// - Parameters:
    ///   - reason: The text in the system's dialogue, in the user's language: why the app asks.
    ///   - authenticator: Asks the user.
    public static func always(reason: String, authenticator: some UserAuthenticator) -> Self {
        Self(validity: .none, reason: reason, authenticator: authenticator)
    }

    /// Requires authentication when `seconds` have passed since the last one. The time that the device sleeps counts; setting
    /// the device's clock changes nothing.
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

    /// The same policy for an app that shows its own lock screen. If the user has to authenticate, calls with `async` throw
    /// ``SessionError/userAuthenticationFailed(reason:message:)`` with ``UserAuthenticationFailure/required`` and show nothing;
    /// only ``Session/authenticateUser()`` asks. This has no effect on ``always(reason:authenticator:)``, whose authentications
    /// are valid only for the call that asked: with it, calls still ask.
    public func askedByApp() -> Self {
        var policy = self
        policy.callsAsk = validity == .none
        return policy
    }

    /// Requires authentication once for each ``Session`` object, that is at launch in an app that creates one object.
    ///
    /// - Parameters:
    ///   - reason: As ``always(reason:authenticator:)``.
    ///   - authenticator: As ``always(reason:authenticator:)``.
    public static func atLaunch(reason: String, authenticator: some UserAuthenticator) -> Self {
        Self(validity: .process, reason: reason, authenticator: authenticator)
    }

    #if canImport(LocalAuthentication) && !os(tvOS)
    /// Requires authentication before each call that discloses something, with the system's own dialogue.
    ///
    /// - Parameter reason: As ``always(reason:authenticator:)``.
    public static func always(reason: String) -> Self {
        always(reason: reason, authenticator: DeviceOwnerAuthenticator())
    }

    /// Requires authentication when `seconds` have passed since the last one, with the system's own dialogue.
    ///
    /// - Parameters:
    ///   - seconds: How long an authentication stays valid.
    ///   - reason: As ``always(reason:authenticator:)``.
    public static func after(_ seconds: TimeInterval, reason: String) -> Self {
        after(seconds, reason: reason, authenticator: DeviceOwnerAuthenticator())
    }

    /// Requires authentication once for each ``Session`` object, with the system's own dialogue.
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
    /// - Parameter reason: Why the app asks, in the user's language.
    /// - Throws: ``SessionError/userAuthenticationFailed(reason:message:)`` if the owner did not authenticate. Any other error
    ///   is converted to it.
    func authenticate(reason: String) async throws
}

#if canImport(LocalAuthentication) && !os(tvOS)
/// The system's own dialogue (LocalAuthentication): Face ID or Touch ID and, if the app allows it, the device's passcode as a
/// fallback. Face ID needs `NSFaceIDUsageDescription` in the app's `Info.plist`.
public struct DeviceOwnerAuthenticator: UserAuthenticator {
    private let acceptsPasscode: Bool

    /// Creates an authenticator that shows the dialogue each time.
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
    /// The meaning of an error code of LocalAuthentication (Apple: "LAError.Code").
    init(localAuthentication code: Int) {
        self =
            switch code {
            // The user, the fallback button, the app.
            case -2, -3, -9: .cancelled
            // Another app came to the foreground, the context is invalid, or no dialogue may be shown.
            case -4, -10, -1004: .required
            // No passcode; Face ID or Touch ID not available, not allowed, or not enrolled; no watch, no paired or connected
            // sensor.
            case -5, -6, -7, -11, -12, -13: .unavailable
            default: .failed
            }
    }
}
