#if canImport(Observation)
import Foundation
import Observation

/// Several users of one app, each with a session: lists, adds, switches and removes them. Observable, on the main actor.
///
/// ```swift
/// @State private var accounts = SessionAccounts(configuration)
/// var body: some View {
///     ContentView(session: accounts.current?.session)
///         .toolbar { AccountMenu(accounts) }
///         .task { try? await accounts.restore() }
/// }
/// ```
///
/// Each account is a session with its own name in one store (``Session/names(for:in:)``). The session `default`, which an
/// app had before, is one of them.
@available(iOS 17, macOS 14, *)
@MainActor @Observable
public final class SessionAccounts {
    /// One user of the app.
    @MainActor
    public struct Account: Identifiable {
        /// The session's name in the store.
        public nonisolated let id: String
        /// The session with its state and its profile, which has the user's name and picture.
        public let model: SessionModel

        /// The session.
        public var session: Session { model.session }

        /// The user's `sub`, while one is signed in.
        fileprivate var subject: String? {
            if case .signedIn(let subject, _)? = session.state { subject } else { nil }
        }
    }

    /// The accounts, in the order in which they were added. One that needs a new sign-in is among them
    /// (`.reauthenticationRequired`), one that has signed out is not. Empty until ``restore()`` has ended.
    public private(set) var all: [Account] = []
    /// The account that the app works with; nil where there is none.
    public private(set) var current: Account?

    @ObservationIgnored private let configuration: SessionConfiguration
    @ObservationIgnored private let storage: SessionStorage
    @ObservationIgnored private let log: SessionLog
    @ObservationIgnored private let metrics: (any SessionMetricsRecorder)?
    @ObservationIgnored private let userAuthentication: UserAuthenticationPolicy?
    @ObservationIgnored private let defaults: UserDefaults
    /// Older sessions of users that have signed in once more. Revoking one could end the newer one at the issuer, so each
    /// stays until its user is removed.
    @ObservationIgnored private var replaced: [Account] = []

    /// The accounts of one client at one issuer. No I/O before ``restore()``.
    ///
    /// - Parameters:
    ///   - configuration: Issuer and client.
    ///   - storage: Where the sessions are kept. In memory they are not found again.
    ///   - log: Where the sessions' log lines go.
    ///   - metrics: What takes measurements of the sessions; nil measures nothing.
    ///   - userAuthentication: When the user has to authenticate on this device before a session gives anything out.
    ///   - defaults: Where the name of the current account is kept, which is no secret. For extensions: those of the app
    ///     group.
    public init(
        _ configuration: SessionConfiguration, storage: SessionStorage = .keychain(), log: SessionLog = .standard,
        metrics: (any SessionMetricsRecorder)? = nil, userAuthentication: UserAuthenticationPolicy? = nil,
        defaults: UserDefaults = .standard
    ) {
        self.configuration = configuration
        self.storage = storage
        self.log = log
        self.metrics = metrics
        self.userAuthentication = userAuthentication
        self.defaults = defaults
    }

    /// Reads the stored sessions and which one is current. Uses the network only as ``Session/restore()`` does.
    /// Call it at launch, and when another process may have changed something. An account that is added, removed or made
    /// current meanwhile stays so.
    ///
    /// - Throws: As ``Session/names(for:in:)`` and ``Session/init(_:storage:name:readOnly:log:metrics:userAuthentication:)``. A session that cannot be
    ///   read does not stop the others: its model has the error.
    public func restore() async throws {
        let before = Set(sessions)
        var found: [Account] = []
        for name in try await Session.names(for: configuration, in: storage) {
            let account = try sessions.first { $0.id == name } ?? account(name)
            await account.model.restore()
            found.append(account)
        }
        // One that was added meanwhile need not be among the names.
        show(found + sessions.filter { !before.contains($0) })
    }

    /// Signs a user in beside the others, and makes them current. Network; persists. If the user has an account already, the new
    /// session replaces it.
    ///
    /// - Returns: The new account.
    /// - Throws: As ``Session/signIn(using:options:)``; then nothing has changed.
    @discardableResult
    public func add(
        using authenticator: some WebAuthenticator, options: SignInOptions = SignInOptions()
    ) async throws -> Account {
        let account = try account(Self.newName())
        try await account.session.signIn(using: authenticator, options: options)
        show(sessions + [account])
        // A restore may have found it first, and the same user may have signed in once more at the same time.
        let shown = all.first { $0 == account } ?? all.first { $0.subject == account.subject } ?? account
        makeCurrent(shown)
        return shown
    }

    /// Works with another account from now on. Persists its name; no network.
    public func makeCurrent(_ account: Account) {
        current = account
        defaults.set(account.id, forKey: Self.key(for: configuration))
    }

    /// Signs an account out (``Session/signOut()``, network) and takes it from the list. When it was the current one, the
    /// first of the others becomes it.
    public func remove(_ account: Account) async {
        let subject = account.subject
        for one in [account] + replaced.filter({ subject != nil && $0.subject == subject }) {
            await one.session.signOut()
        }
        show(sessions)
    }

    /// The name of the session that is current, for an extension that opens it alone.
    ///
    /// - Parameters:
    ///   - configuration: As at the initializer.
    ///   - defaults: As at the initializer.
    public static func currentName(
        for configuration: SessionConfiguration, in defaults: UserDefaults = .standard
    ) -> String? {
        defaults.string(forKey: key(for: configuration))
    }

    private func account(_ name: String) throws -> Account {
        let session = try Session(
            configuration, storage: storage, name: name, log: log, metrics: metrics,
            userAuthentication: userAuthentication)
        return Account(id: name, model: SessionModel(session))
    }

    /// Every session that somebody is signed in to.
    private var sessions: [Account] { all + replaced }

    /// Shows those that have not signed out: each once, in the order of their names, and of each user the newest session, which is
    /// the last one. Each call that waits says at its end what it found, together with what others have shown meanwhile.
    private func show(_ found: [Account]) {
        let shown = Dictionary(self.sessions.map { ($0.id, $0) }) { one, _ in one }
        let sessions = Dictionary(found.map { ($0.id, shown[$0.id] ?? $0) }) { one, _ in one }.values
            .filter { $0.session.state != .signedOut }
            .sorted { (Self.order($0.id), $0.id) < (Self.order($1.id), $1.id) }
        let newest = Dictionary(sessions.compactMap { one in one.subject.map { ($0, one.id) } }) { $1 }
        let isShown = { (one: Account) in one.subject.map { newest[$0] == one.id } ?? true }
        all = sessions.filter(isShown)
        replaced = sessions.filter { !isShown($0) }
        let kept = Self.currentName(for: configuration, in: defaults)
        let known = sessions.first { $0.id == kept }
        // The current session may have been replaced by the same user's newer one.
        current =
            all.first { $0.id == kept } ?? all.first { $0.subject != nil && $0.subject == known?.subject } ?? all.first
        if current?.id != kept { defaults.set(current?.id, forKey: Self.key(for: configuration)) }
    }

    /// Names sort by the time at which they were made. Others, such as `default`, come first.
    private static func newName() -> String {
        let milliseconds = Int64(Date().timeIntervalSince1970 * 1000)
        return prefix + String(repeating: "0", count: max(0, 15 - "\(milliseconds)".count))
            + "\(milliseconds)-\(UUID().uuidString)"
    }

    private static let prefix = "account-"

    private static func order(_ name: String) -> String {
        name.hasPrefix(prefix) ? name : ""
    }

    private static func key(for configuration: SessionConfiguration) -> String {
        "pilotlight.accounts.current.\(configuration.provider).\(configuration.clientID)"
    }
}

@available(iOS 17, macOS 14, *)
extension SessionAccounts.Account: Redacted {
    /// The session's name.
    public nonisolated var description: String { "Account(\(id))" }
}

@available(iOS 17, macOS 14, *)
extension SessionAccounts.Account: Equatable, Hashable {
    /// Whether both are the same stored session.
    public nonisolated static func == (one: Self, other: Self) -> Bool { one.id == other.id }

    /// By the session's name.
    public nonisolated func hash(into hasher: inout Hasher) {
        hasher.combine(id)
    }
}
#endif
