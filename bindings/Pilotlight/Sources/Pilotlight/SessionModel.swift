#if canImport(Observation)
import Foundation
import Observation

/// A session for SwiftUI: observable, on the main actor.
///
/// Make it once, in the app: `@State private var model = SessionModel(try! Session(…))`.
///
/// ```swift
/// struct AccountView: View {
///     let model: SessionModel
///
///     var body: some View {
///         VStack {
///             switch model.state {
///             case nil: if model.error == nil { ProgressView() }
///             case .signedIn: HomeView()
///             case .locked: Text("Unlock the device to go on.")
///             case .signedOut, .reauthenticationRequired:
///                 Button("Sign In") { Task { await model.signIn(using: SystemWebAuthenticator()) } }
///             }
///             if let error = model.error {
///                 Text(error.localizedDescription)
///                 Button("Try Again") { Task { await model.restore() } }
///             }
///         }
///         .task { await model.restore() }
///     }
/// }
/// ```
///
/// iOS 15 and 16 have no Observation: use `ObservableSession` there, which has the same properties and calls.
@available(iOS 17, macOS 14, *)
@MainActor @Observable
public final class SessionModel {
    /// The session itself, for all other calls.
    public let session: Session
    /// The last reported state; nil until ``restore()`` has ended, because it is not known before.
    public private(set) var state: SessionState?
    /// The profile, if one was loaded; nil after a sign-out, and while the user has to authenticate first
    /// (``Session/isUserAuthenticationRequired``).
    public var profile: SessionProfile? { isUserAuthenticationRequired ? nil : loadedProfile }
    private var loadedProfile: SessionProfile?
    /// Whether the session's ``UserAuthenticationPolicy`` requires the user to authenticate before anything is shown; see
    /// ``Session/isUserAuthenticationRequired``. It changes by itself when an authentication is no longer valid.
    public var isUserAuthenticationRequired: Bool {
        // Reading `isLocked` makes this property observed. The session's own value is a moment more recent.
        _ = isLocked
        return session.isUserAuthenticationRequired
    }
    private var isLocked = false
    /// The last error; nil after a call that succeeded or was cancelled.
    public private(set) var error: SessionError?
    /// Whether a call is in progress.
    public private(set) var isBusy = false

    @ObservationIgnored private let follower: SessionFollower

    /// Begins to follow the session. Reads memory only.
    public init(_ session: Session) {
        self.session = session
        follower = SessionFollower(session)
        (state, loadedProfile) = (follower.values.state, follower.values.profile)
        isLocked = follower.values.isLocked
        follower.changed = { [weak self] in self?.show($0) }
    }

    /// Whether a user is signed in; false while ``state`` is nil.
    public var isSignedIn: Bool { state?.isSignedIn ?? false }

    /// Reads the session from the store; see ``Session/restore()``.
    public func restore() async {
        await run { try await $0.restore() }
    }

    /// Signs in; see ``Session/signIn(using:options:)``. A sign-in that the user cancels is not an error.
    public func signIn(using authenticator: some WebAuthenticator, options: SignInOptions = SignInOptions()) async {
        await run { try await $0.signIn(using: authenticator, options: options) }
    }

    /// Loads the profile; see ``Session/profile(refresh:)``.
    public func loadProfile(refresh: Bool = false) async {
        await run { _ = try await $0.profile(refresh: refresh) }
    }

    /// Loads the profile unless the current one was fetched less than `maxAge` seconds ago; see
    /// ``Session/profile(maxAge:allowStale:)``. If it cannot be loaded now, the old ``profile`` stays and
    /// ``error`` says why.
    public func loadProfile(maxAge: TimeInterval) async {
        await run { _ = try await $0.profile(maxAge: maxAge) }
    }

    /// Renews the access token, even if it is still good; see ``Session/accessToken(minTTL:forceRefresh:allowExpired:)``.
    public func renew() async {
        await run { _ = try await $0.accessToken(forceRefresh: true) }
    }

    /// Asks the user to authenticate, for a screen that unlocks the app; see ``Session/authenticateUser()``.
    public func authenticateUser() async {
        await run { try await $0.authenticateUser() }
    }

    /// Signs out; see ``Session/signOut()``.
    public func signOut() async {
        await run { await $0.signOut() }
    }

    /// Clears ``error`` after it was shown.
    public func dismissError() {
        follower.dismissError()
    }

    private func run(_ work: @Sendable (Session) async throws -> Void) async {
        await follower.run(work)
    }

    /// Sets only the properties that have changed, because each assignment redraws the views that read the property.
    private func show(_ values: SessionFollower.Values) {
        if state != values.state { state = values.state }
        if loadedProfile != values.profile { loadedProfile = values.profile }
        if isLocked != values.isLocked { isLocked = values.isLocked }
        if error != values.error { error = values.error }
        if isBusy != (values.calls > 0) { isBusy = values.calls > 0 }
    }
}
#endif
