import Foundation
import Observation
import Pilotlight

/// The app: its settings, the session that follows from them, and which screen is to be seen.
@MainActor @Observable
public final class AppModel {
    /// What is to be seen.
    public enum Screen: Equatable, Sendable {
        /// The session is being read.
        case loading
        /// Nobody is signed in, or the user has to sign in again, for the reason given.
        case welcome(ReauthenticationReason?)
        /// The session cannot be read until the device is unlocked, or until the user has shown who they are.
        case locked
        /// A user is signed in, also offline.
        case home
        /// There is no session to show; `settingsHelp` when the settings have to be changed.
        case unavailable(Advice, settingsHelp: Bool)
    }

    /// What the app has to say once, above the screen.
    public enum Notice: Equatable, Sendable {
        /// The sign-in of the app's earlier version was taken over: nobody had to sign in anew.
        case migrated
        /// There is one, and it cannot be taken over, for the reason given.
        case couldNotMigrate(ImportProblem)
        /// The user is signed out here, and the issuer's page in the browser may still know them.
        case browserStillSignedIn(Advice)
    }

    /// The settings that the session was made with.
    public private(set) var settings: AppSettings
    /// The session; nil when the settings make none.
    public private(set) var session: SessionModel?
    /// The states that the session went through since the app's start.
    public private(set) var states = History<SessionState>()
    /// What happened to it since.
    public private(set) var events = History<SessionEvent>()
    /// The access token's life.
    public private(set) var token: TokenPanel?
    /// What is to be said once.
    public private(set) var notice: Notice?

    private var fault: SessionError?
    private var isMigrating = false
    private let store: any SettingsStore
    private let makeSession: @MainActor (AppSettings) throws -> Session
    private let migrate: (@MainActor (Session) async throws -> ImportOutcome)?

    /// An app that makes its sessions by `makeSession`. Nothing is read from the session's store before ``start()``.
    ///
    /// - Parameters:
    ///   - store: Where the settings are kept.
    ///   - override: Changes what was saved, as the launch arguments say; the result is saved.
    ///   - migrate: Takes over the session that another library stored, where nobody is signed in.
    ///   - makeSession: The session of these settings.
    public init(
        store: any SettingsStore, override: ((AppSettings) -> AppSettings)? = nil,
        migrate: (@MainActor (Session) async throws -> ImportOutcome)? = nil,
        makeSession: @escaping @MainActor (AppSettings) throws -> Session
    ) {
        self.store = store
        self.migrate = migrate
        self.makeSession = makeSession
        settings = store.load() ?? AppSettings()
        if let override {
            settings = override(settings)
            store.save(settings)
        }
        open()
    }

    /// What is to be seen.
    public var screen: Screen {
        guard let session else { return unavailable(fault) ?? .loading }
        if isMigrating { return .loading }
        switch session.state {
        case .signedIn: return .home
        case .locked: return .locked
        case .reauthenticationRequired(let reason): return .welcome(reason)
        case .signedOut: return .welcome(nil)
        case nil:
            // The session could not be read, and nothing is known of it.
            if case .userAuthenticationFailed = session.error { return .locked }
            return unavailable(session.error) ?? .loading
        }
    }

    /// Reads the session: at the launch, and again where a screen offers that. Where nobody is signed in, that of the
    /// app's earlier version is looked for; the SDK takes over one at most, once.
    public func start() async {
        await session?.restore()
        guard let migrate, let session = session?.session, session.state == .signedOut else { return }
        isMigrating = true
        // A failure changed nothing, and the next launch tries again.
        let outcome = try? await migrate(session)
        // The model gets the new state here, not only when the report comes.
        if case .imported = outcome { await self.session?.restore() }
        isMigrating = false
        switch outcome {
        case .imported: notice = .migrated
        case .unreadable(let problem): notice = .couldNotMigrate(problem)
        case .nothingFound, .sessionExists, .closed, nil: break
        }
    }

    /// Saves other settings and opens the session that follows from them.
    public func apply(_ settings: AppSettings) async {
        guard settings != self.settings || session == nil else { return }
        self.settings = settings
        store.save(settings)
        notice = nil
        open()
        await start()
    }

    /// Signs in through `authenticator`; a second press while it works does nothing, and a sign-in that was cancelled is quiet.
    public func signIn(using authenticator: some WebAuthenticator) async {
        guard session?.isBusy == false else { return }
        notice = nil
        await session?.signIn(using: authenticator)
        // The session itself: the report of its new state may still be on the way, and comes with the profile at the
        // latest.
        if session?.session.state?.isSignedIn == true { await session?.loadProfile() }
    }

    /// Signs out.
    public func signOut() async {
        notice = nil
        await session?.signOut()
    }

    /// Signs out, and then out of the issuer's page in the browser, which comes back to the redirect URI. Closing that
    /// page is quiet; nothing of it changes that the user is signed out here.
    public func signOut(ofBrowserBy authenticator: some WebAuthenticator) async {
        await signOut()
        guard let session = session?.session, let returnTo = URL(string: session.configuration.redirectURI) else {
            return
        }
        do {
            try await session.signOutOfBrowser(using: authenticator, returnTo: returnTo)
        } catch {
            notice = Advice.about(error).map(Notice.browserStillSignedIn)
        }
    }

    /// Takes the notice away.
    public func dismissNotice() {
        notice = nil
    }

    private func open() {
        do {
            let made = try makeSession(settings)
            session = SessionModel(made)
            token = TokenPanel(made)
            (states, events) = (History(), History())
            states.follow(made)
            events.follow(made)
            fault = nil
        } catch {
            (session, token) = (nil, nil)
            fault = error as? SessionError ?? .internalFault(message: "an error of the type \(type(of: error))")
        }
    }

    private func unavailable(_ error: SessionError?) -> Screen? {
        guard let error, let advice = Advice(error) else { return nil }
        if case .configurationInvalid = error { return .unavailable(advice, settingsHelp: true) }
        return .unavailable(advice, settingsHelp: false)
    }
}
