#if canImport(Observation)
import Foundation
import Observation

/// The accounts of an app with several users, each with its session. Lists, adds, switches and removes them. Observable, on
/// the main actor.
///
/// ```swift
/// struct RootView: View {
///     @State private var accounts = SessionAccounts(.auth0(domain: "tenant.eu.auth0.com", clientID: "…"))
///     @State private var message = ""
///
///     var body: some View {
///         ContentView(session: accounts.current?.session, message: message)
///             .toolbar { AccountMenu(accounts) { message = $0.localizedDescription } }
///             .task {
///                 do { try await accounts.restore() } catch { message = error.localizedDescription }
///             }
///     }
/// }
/// ```
///
/// Each account is a session with its own name in one store (``Session/names(for:in:)``). The session named `default`, which
/// an app may have from before it used accounts, is one of them.
@available(iOS 17, macOS 14, *)
@MainActor @Observable
public final class SessionAccounts {
    /// One user of the app.
    @MainActor
    public struct Account: Identifiable {
        /// The session's name in the store.
        public nonisolated let id: String
        /// The session's model, with the state and the profile (the user's name and picture).
        public let model: SessionModel

        /// The session.
        public var session: Session { model.session }

        /// The user's `sub`, while one is signed in.
        fileprivate var subject: String? {
            if case .signedIn(let subject, _)? = session.state { subject } else { nil }
        }
    }

    /// The accounts, in the order in which they were added. An account that needs a new sign-in
    /// (`.reauthenticationRequired`) is included; one that has signed out is not. Empty until ``restore()`` has ended.
    public private(set) var all: [Account] = []
    /// The account that the app works with; nil if there is none.
    public private(set) var current: Account?

    @ObservationIgnored private let configuration: SessionConfiguration
    @ObservationIgnored private let storage: SessionStorage
    @ObservationIgnored private let log: SessionLog
    @ObservationIgnored private let metrics: (any SessionMetricsRecorder)?
    @ObservationIgnored private let userAuthentication: UserAuthenticationPolicy?
    @ObservationIgnored private let defaults: UserDefaults
    /// Older sessions of users who have signed in again. Revoking an older session could end the newer one at the issuer, so
    /// each stays until its user is removed.
    @ObservationIgnored private var replaced: [Account] = []

    /// Creates the accounts of one client at one issuer. No I/O before ``restore()``.
    ///
    /// - Parameters:
    ///   - configuration: The issuer and the client.
    ///   - storage: Where the sessions are kept. Sessions in memory are lost when the app ends.
    ///   - log: Where the sessions' log lines go.
    ///   - metrics: Receives measurements of the sessions; if nil, none are taken.
    ///   - userAuthentication: When the user has to authenticate on this device before a session discloses anything.
    ///   - defaults: Where the name of the current account is kept; it is not secret. If extensions need it, pass the defaults
    ///     of the app group.
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

    /// Reads the stored sessions, and which of them is current. Uses the network only as ``Session/restore()`` does.
    /// Call it at launch, and when another process may have changed the accounts. An account that is added, removed or made
    /// current in the meantime stays so.
    ///
    /// - Throws: As ``Session/names(for:in:)`` and ``Session/init(_:storage:name:readOnly:log:metrics:userAuthentication:)``. A
    ///   session that cannot be read does not stop the others: its model has the error.
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

    /// Signs in another user, and makes the new account current. Network; persists. If the user already has an account, the new
    /// session replaces its session.
    ///
    /// - Returns: The new account.
    /// - Throws: As ``Session/signIn(using:options:)``. After an error nothing has changed.
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

    /// Makes an account the current one. Persists its name; no network.
    public func makeCurrent(_ account: Account) {
        current = account
        defaults.set(account.id, forKey: Self.key(for: configuration))
    }

    /// Signs an account out (``Session/signOut()``, network) and removes it from the list. If it was the current one, the
    /// first of the others becomes current.
    public func remove(_ account: Account) async {
        let subject = account.subject
        for one in [account] + replaced.filter({ subject != nil && $0.subject == subject }) {
            await one.session.signOut()
        }
        show(sessions)
    }

    /// The name of the current account's session, for an extension that opens only this one.
    ///
    /// - Parameters:
    ///   - configuration: As for the initializer.
    ///   - defaults: As for the initializer.
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

    /// Every session with a signed-in user.
    private var sessions: [Account] { all + replaced }

    /// Shows the sessions that have not signed out, each once, in the order of their names; for each user the newest session,
    /// which is the last one. A call that has waited passes what it found together with what other calls have shown meanwhile.
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

    /// These names sort by their time of creation. Other names, such as `default`, come first.
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
    /// Whether both accounts have the same stored session.
    public nonisolated static func == (one: Self, other: Self) -> Bool { one.id == other.id }

    /// Hashes the session's name.
    public nonisolated func hash(into hasher: inout Hasher) {
        hasher.combine(id)
    }
}
#endif
