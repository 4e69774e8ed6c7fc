import Foundation
import Observation
import Pilotlight

/// The app: its settings, the accounts that follow from them, and which screen is to be seen.
@MainActor @Observable
public final class AppModel {
    /// What is to be seen. `welcome` may say why a new sign-in is needed, and `locked` waits for the device or the Keychain.
    public enum Screen: Equatable, Sendable {
        case loading, welcome(ReauthenticationReason?), locked, home, unavailable(SessionError)
    }

    /// What is said once: of the sign-in of the app's earlier version, or that the browser may still know who signed out here.
    public enum Notice: Equatable, Sendable {
        case migrated, couldNotMigrate(ImportProblem), browserStillSignedIn(SessionError)
    }

    /// The settings that the session was made with.
    public private(set) var settings: AppSettings
    /// The session of the current account, or the one that a first user signs in to; nil when the settings make none.
    public private(set) var session: SessionModel?
    /// The users of this app; nil in previews.
    public private(set) var accounts: SessionAccounts?
    /// What the session went through since the app's start.
    public private(set) var history: History?
    /// What is to be said once.
    public var notice: Notice?

    private var first: SessionModel?
    private var fault: SessionError?
    private var isMigrating = false
    private let save: (AppSettings) -> Void
    private let migrate: (@MainActor (Session) async throws -> ImportOutcome)?
    private let open: @MainActor (AppSettings) throws -> (Session, SessionAccounts?)

    /// An app. `migrate` takes over what another library stored; `open` makes the first user's session and all accounts.
    public init(
        settings: AppSettings = AppSettings(), save: @escaping (AppSettings) -> Void = { _ in },
        migrate: (@MainActor (Session) async throws -> ImportOutcome)? = nil,
        open: @escaping @MainActor (AppSettings) throws -> (Session, SessionAccounts?)
    ) {
        (self.settings, self.save, self.migrate, self.open) = (settings, save, migrate, open)
        begin()
    }

    /// What is to be seen.
    public var screen: Screen {
        guard let session, !isMigrating else { return fault.map(Screen.unavailable) ?? .loading }
        switch session.state {
        case .signedIn: return .home
        case .locked: return .locked
        case .reauthenticationRequired(let reason): return .welcome(reason)
        case .signedOut: return .welcome(nil)
        case nil:
            // The session could not be read, and nothing is known of it.
            if case .userAuthenticationFailed = session.error { return .locked }
            return session.error.map(Screen.unavailable) ?? .loading
        }
    }

    /// Whether a user is signed in, and nothing of it may be seen before they have shown who they are.
    public var isLocked: Bool { screen == .home && session?.isUserAuthenticationRequired == true }

    /// Reads the sessions. Where nobody is signed in, that of the app's earlier version is looked for; one is taken over, once.
    public func start() async {
        await first?.restore()
        if let migrate, let first, first.session.state == .signedOut {
            isMigrating = true
            // A failure changed nothing, and the next launch tries again.
            let outcome = try? await migrate(first.session)
            // The model gets the new state here, not only when the report comes.
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

    /// Unlocks what is locked: the Keychain may ask when the session is read, and then the app's own lock does.
    public func unlock() async {
        if !isLocked { await start() }
        if isLocked { await session?.authenticateUser() }
    }

    /// Shows the account that is current now: a user signed in or out, or chose another one.
    public func showCurrent() async {
        // What the first session says of the store is enough.
        try? await accounts?.restore()
        if let account = accounts?.current {
            show(account.model)
        } else if let first, accounts != nil, session !== first {
            await first.restore()
            show(first)
        }
        if session?.state?.isSignedIn == true, notice != .migrated { notice = nil }
    }

    /// Saves other settings and opens the sessions that follow from them.
    public func apply(_ settings: AppSettings) async {
        guard settings != self.settings || session == nil else { return }
        self.settings = settings
        save(settings)
        notice = nil
        begin()
        await start()
    }

    /// Signs a user in who enters the shown code on another device (RFC 8628). Returns what there is to say when nobody was.
    public func signInOnAnotherDevice(show: @escaping @MainActor (DeviceSignIn) -> Void) async -> SessionError? {
        await trying { try await $0.signInOnAnotherDevice { signIn in await show(signIn) } }
    }

    /// Signs a user in with what another issuer gave, such as Apple (RFC 8693). Returns what there is to say when nobody was.
    public func signIn(exchanging token: Result<ExternalToken, SessionError>) async -> SessionError? {
        await trying { try await $0.signIn(exchanging: token.get()) }
    }

    /// Signs the user in to the other app of the settings, without asking them (OpenID Connect Native SSO). That app's
    /// session is in its Keychain; here one in memory stands for it. Returns who is signed in there.
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

    /// Signs out, and then out of the issuer's page in the browser, which comes back to the redirect URI.
    public func signOut(ofBrowserBy authenticator: some WebAuthenticator) async {
        guard let session = session?.session, let returnTo = URL(string: session.configuration.redirectURI) else {
            return
        }
        await signOut()
        do {
            // Some issuers lead back to the app only with the hint; Auth0 needs none.
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
