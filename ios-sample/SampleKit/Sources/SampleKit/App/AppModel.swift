import Foundation
import Observation
import Pilotlight

/// The app: its settings, the accounts for these settings, and the current screen.
@MainActor @Observable
public final class AppModel {
    /// A screen. `welcome` may say why a new sign-in is needed, and `locked` waits for the device or the Keychain.
    public enum Screen: Equatable, Sendable {
        case loading, welcome(ReauthenticationReason?), locked, home, unavailable(SessionError)
    }

    /// A notice that is shown once: about the migration of an earlier session, or that the browser may still be signed in.
    public enum Notice: Equatable, Sendable {
        case migrated, couldNotMigrate(ImportProblem), browserStillSignedIn(SessionError)
    }

    /// The settings that the session was created with.
    public private(set) var settings: AppSettings
    /// The session of the current account, or the session for a first user's sign-in; nil if the settings are invalid.
    public private(set) var session: SessionModel?
    /// The accounts of this app; nil in previews.
    public private(set) var accounts: SessionAccounts?
    /// The session's states and events since the app's start.
    public private(set) var history: History?
    /// The notice to show, if any.
    public var notice: Notice?

    private var first: SessionModel?
    private var fault: SessionError?
    private var isMigrating = false
    private let save: (AppSettings) -> Void
    private let migrate: (@MainActor (Session) async throws -> ImportOutcome)?
    private let open: @MainActor (AppSettings) throws -> (Session, SessionAccounts?)

    /// Creates the model. `migrate` imports what another library stored; `open` creates the first session and the accounts.
    public init(
        settings: AppSettings = AppSettings(), save: @escaping (AppSettings) -> Void = { _ in },
        migrate: (@MainActor (Session) async throws -> ImportOutcome)? = nil,
        open: @escaping @MainActor (AppSettings) throws -> (Session, SessionAccounts?)
    ) {
        (self.settings, self.save, self.migrate, self.open) = (settings, save, migrate, open)
        begin()
    }

    /// The current screen.
    public var screen: Screen {
        guard let session, !isMigrating else { return fault.map(Screen.unavailable) ?? .loading }
        switch session.state {
        case .signedIn: return .home
        case .locked: return .locked
        case .reauthenticationRequired(let reason): return .welcome(reason)
        case .signedOut: return .welcome(nil)
        case nil:
            // The session could not be read, so nothing is known about it.
            if case .userAuthenticationFailed = session.error { return .locked }
            return session.error.map(Screen.unavailable) ?? .loading
        }
    }

    /// Whether a user is signed in but must authenticate before anything is shown.
    public var isLocked: Bool { screen == .home && session?.isUserAuthenticationRequired == true }

    /// Reads the sessions. If nobody is signed in, it imports the session of the app's earlier version, once.
    public func start() async {
        await first?.restore()
        if let migrate, let first, first.session.state == .signedOut {
            isMigrating = true
            // A failure changes nothing, and the next launch tries again.
            let outcome = try? await migrate(first.session)
            // Gives the model the new state now, without waiting for the report.
            if case .imported = outcome { await first.restore() }
            isMigrating = false
            switch outcome {
            case .imported: notice = .migrated
            case .unreadable(let problem): notice = .couldNotMigrate(problem)
            case .nothingFound, .sessionExists, .closed, nil: break
            }
        }
        await showCurrent()
    }

    /// Unlocks the app: first the Keychain may ask, when the session is read, then the app's own lock.
    public func unlock() async {
        if !isLocked { await start() }
        if isLocked { await session?.authenticateUser() }
    }

    /// Shows the current account, after a user has signed in or out or has chosen another account.
    public func showCurrent() async {
        // An error is ignored, because the first session reports errors of the store.
        try? await accounts?.restore()
        if let account = accounts?.current {
            show(account.model)
        } else if let first, accounts != nil, session !== first {
            await first.restore()
            show(first)
        }
        if session?.state?.isSignedIn == true, notice != .migrated { notice = nil }
    }

    /// Saves other settings and opens the sessions for them.
    public func apply(_ settings: AppSettings) async {
        guard settings != self.settings || session == nil else { return }
        self.settings = settings
        save(settings)
        notice = nil
        begin()
        await start()
    }

    /// Signs in a user who enters the shown code on another device (RFC 8628). Returns the error to show if the sign-in failed.
    public func signInOnAnotherDevice(show: @escaping @MainActor (DeviceSignIn) -> Void) async -> SessionError? {
        await trying { try await $0.signInOnAnotherDevice { signIn in await show(signIn) } }
    }

    /// Signs a user in with the token of another issuer, such as Apple (RFC 8693). Returns the error to show if it failed.
    public func signIn(exchanging token: Result<ExternalToken, SessionError>) async -> SessionError? {
        await trying { try await $0.signIn(exchanging: token.get()) }
    }

    /// Signs the user in to the other app of the settings, without asking the user (OpenID Connect Native SSO). A session in
    /// memory stands in for that app's session, which would be in its Keychain. Returns the `sub` of the user who is signed in.
    public func signInToOtherApp() async throws -> String? {
        var other = settings.configuration()
        other.clientID = settings.otherClientID.trimmed
        let there = try Session(other, storage: .inMemory)
        guard let here = session?.session else { return nil }
        let state = try await there.signIn(exchanging: here.deviceSSOToken())
        if case .signedIn(let subject, _) = state { return subject } else { return nil }
    }

    private func trying(_ signIn: (Session) async throws -> Void) async -> SessionError? {
        do {
            if let session { try await signIn(session.session) }
            return nil
        } catch {
            return SessionError.shown(error)
        }
    }

    /// Signs the current user out.
    public func signOut() async {
        notice = nil
        if let account = accounts?.current { await accounts?.remove(account) } else { await session?.signOut() }
        await showCurrent()
    }

    /// Signs out of the app, then of the issuer in the browser, which returns to the redirect URI.
    public func signOut(ofBrowserBy authenticator: some WebAuthenticator) async {
        guard let session = session?.session, let returnTo = URL(string: session.configuration.redirectURI) else {
            return
        }
        await signOut()
        do {
            // Some issuers return to the app only with the hint; Auth0 does not need it.
            try await session.signOutOfBrowser(
                using: authenticator, returnTo: returnTo, options: LogoutOptions(sendsIDTokenHint: !settings.isAuth0))
        } catch {
            notice = SessionError.shown(error).map(Notice.browserStillSignedIn)
        }
    }

    private func begin() {
        (first, session, accounts, history, fault) = (nil, nil, nil, nil, nil)
        do {
            let (session, accounts) = try open(settings)
            let model = SessionModel(session)
            (first, self.accounts) = (model, accounts)
            show(model)
        } catch {
            fault = SessionError.shown(error)
        }
    }

    private func show(_ model: SessionModel) {
        guard model !== session else { return }
        (session, history) = (model, History(of: model.session))
    }
}
