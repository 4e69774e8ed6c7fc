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

    /// The settings that the session was made with.
    public private(set) var settings: AppSettings
    /// The session; nil when the settings make none.
    public private(set) var session: SessionModel?
    /// What the session went through since the app's start.
    public private(set) var history = StateHistory()
    /// Where the sign-in is.
    public private(set) var signIn: SignInFlow?
    /// The access token's life.
    public private(set) var token: TokenPanel?

    private var fault: SessionError?
    private let store: any SettingsStore
    private let makeSession: @MainActor (AppSettings) throws -> Session

    /// An app that makes its sessions by `makeSession`. Nothing is read from the session's store before ``start()``.
    ///
    /// - Parameters:
    ///   - store: Where the settings are kept.
    ///   - override: Changes what was saved, as the launch arguments say; the result is saved.
    ///   - makeSession: The session of these settings.
    public init(
        store: any SettingsStore, override: ((AppSettings) -> AppSettings)? = nil,
        makeSession: @escaping @MainActor (AppSettings) throws -> Session
    ) {
        self.store = store
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
        switch session.state {
        case .signedIn: return .home
        case .locked: return .locked
        case .reauthenticationRequired(let reason): return .welcome(reason)
        case .signedOut: return .welcome(nil)
        case nil:
            // The session could not be read, and nothing is known of it.
            if case .authenticateUser = session.error { return .locked }
            return unavailable(session.error) ?? .loading
        }
    }

    /// Reads the session: at the launch, and again where a screen offers that.
    public func start() async {
        await session?.restore()
    }

    /// Saves other settings and opens the session that follows from them.
    public func apply(_ settings: AppSettings) async {
        guard settings != self.settings || session == nil else { return }
        self.settings = settings
        store.save(settings)
        open()
        await start()
    }

    /// Signs in through `authenticator`; a sign-in that was cancelled is quiet.
    public func signIn(using authenticator: some WebAuthenticator) async {
        await signIn?.signIn(using: authenticator)
        // The session itself: the report of its new state may still be on the way, and comes with the profile at the latest.
        if session?.session.state?.isSignedIn == true { await session?.loadProfile() }
    }

    /// Signs out.
    public func signOut() async {
        await session?.signOut()
    }

    private func open() {
        do {
            let made = try makeSession(settings)
            session = SessionModel(made)
            signIn = SignInFlow(made)
            token = TokenPanel(made)
            history = StateHistory()
            history.follow(made)
            fault = nil
        } catch {
            (session, signIn, token) = (nil, nil, nil)
            fault = error as? SessionError ?? .reportBug(message: "an error of the type \(type(of: error))")
        }
    }

    private func unavailable(_ error: SessionError?) -> Screen? {
        guard let error, let advice = Advice(error) else { return nil }
        if case .fixConfiguration = error { return .unavailable(advice, settingsHelp: true) }
        return .unavailable(advice, settingsHelp: false)
    }
}
