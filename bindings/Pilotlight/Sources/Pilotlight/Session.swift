import Foundation
internal import PilotlightCore

/// One user's session at one issuer. It signs the user in and out, keeps and renews the tokens, and fetches the profile
/// and the metadata.
///
/// ```swift
/// let session = try Session(.auth0(domain: "tenant.eu.auth0.com", clientID: "…"))
/// if try await session.restore().requiresSignIn { try await session.signIn(from: window) }
/// let request = try await session.authorized(url)
/// ```
///
/// Create one for each user and issuer at launch, and keep it: every part of the app may use it at the same time.
/// Calls without `async` read memory only. Calls with `async` may read or write the store and contact the issuer; the
/// documentation of each call says which. They throw ``SessionError``, whose case says what to do, or `CancellationError`.
/// Few throw others: ``data(for:audience:minTTL:using:)`` throws `URLError` if your API cannot be reached.
///
/// **Cancellation.** When the task that waits for a call is cancelled, the call throws `CancellationError` at once, but
/// the work continues to its end: aborting a renewal could lose the rotated refresh token, and with it the session. So
/// the state may still change after a cancelled call; ``states`` reports the change.
public final class Session: Sendable {
    /// The configuration that the session was created with.
    public let configuration: SessionConfiguration

    let core: any CoreSessionProtocol
    let broadcaster: SessionBroadcaster
    /// The broadcaster's cache, kept here because every request reads it.
    let tokens: TokenCache
    let epoch: SessionEpoch
    let tokenCallers = TokenCallers()
    /// Asks the user to authenticate before the session discloses anything; nil if the app has no such policy.
    var gate: AuthenticationGate? { ownGate ?? gates.first }
    private let ownGate: AuthenticationGate?
    let gates: SharedGates
    private let background: BackgroundActivity?
    private let lifecycle: LifecycleObserver?

    /// Checks the configuration and opens the store. Reads nothing from the store and sends nothing; call
    /// ``restore()`` next.
    ///
    /// - Parameters:
    ///   - configuration: Which issuer and which client: `.auth0(domain:clientID:)` or
    ///     `.openIDConnect(issuer:clientID:redirectURI:)`.
    ///   - storage: Where the session is kept; the Keychain by default.
    ///   - name: Distinguishes sessions of one app. A second `Session` with the same client, issuer, storage and name is
    ///     another handle to the same session: both share its state and its renewals. If the rest of its configuration or
    ///     its storage options differ, they apply to both from then on, and a warning is logged.
    ///   - readOnly: True for an extension that only reads: the session returns the tokens that the app stored, and
    ///     never renews, signs in or out, or writes. A call that needs the app throws ``SessionError/readOnly(message:)``.
    ///   - log: Where log lines go.
    ///   - metrics: Receives measurements of this session; if nil, none are taken. ``counters`` work in any case.
    ///   - userAuthentication: When the user has to authenticate on this device before this session discloses anything. If nil,
    ///     the policy of another handle to the same session applies; if no handle has a policy, the user is never asked.
    /// - Throws: ``SessionError/configurationInvalid(field:message:)``, which names the field: `storage` if this platform
    ///   has no such store.
    public convenience init(
        _ configuration: SessionConfiguration, storage: SessionStorage = .keychain(), name: String = "default",
        readOnly: Bool = false, log: SessionLog = .standard, metrics: (any SessionMetricsRecorder)? = nil,
        userAuthentication: UserAuthenticationPolicy? = nil
    ) throws {
        try self.init(
            configuration, storage: storage, name: name, readOnly: readOnly, log: log, metrics: metrics,
            userAuthentication: userAuthentication, dependencies: .system)
    }

    /// Creates a session like the other initializer, with `proxies` for the connections to the issuer. If the session is
    /// already open, the proxies of the first handle are used.
    ///
    /// - Parameters:
    ///   - configuration: As above.
    ///   - storage: As above.
    ///   - name: As above.
    ///   - readOnly: As above.
    ///   - log: As above.
    ///   - metrics: As above.
    ///   - userAuthentication: As above.
    ///   - proxies: Where the proxy is configured; the other initializer uses the system's settings.
    /// - Throws: As above.
    public convenience init(
        _ configuration: SessionConfiguration, storage: SessionStorage = .keychain(), name: String = "default",
        readOnly: Bool = false, log: SessionLog = .standard, metrics: (any SessionMetricsRecorder)? = nil,
        userAuthentication: UserAuthenticationPolicy? = nil, proxies: ProxySource
    ) throws {
        try self.init(
            configuration, storage: storage, name: name, readOnly: readOnly, log: log, metrics: metrics,
            userAuthentication: userAuthentication, proxies: proxies, dependencies: .system)
    }

    /// Creates a session like the first initializer, with `transport` for the requests to the issuer. If the session is
    /// already open, its transport does not change.
    ///
    /// - Parameters:
    ///   - configuration: As above.
    ///   - storage: As above.
    ///   - name: As above.
    ///   - readOnly: As above.
    ///   - log: As above.
    ///   - metrics: As above.
    ///   - userAuthentication: As above.
    ///   - transport: The HTTP client for the requests; the other initializers use ``SessionTransport/standard``.
    /// - Throws: As above. The error names `transport` for a background configuration, and if the session is already open
    ///   with a transport of another kind: a second handle cannot change how the requests of the first one are sent.
    public convenience init(
        _ configuration: SessionConfiguration, storage: SessionStorage = .keychain(), name: String = "default",
        readOnly: Bool = false, log: SessionLog = .standard, metrics: (any SessionMetricsRecorder)? = nil,
        userAuthentication: UserAuthenticationPolicy? = nil, transport: SessionTransport
    ) throws {
        try self.init(
            configuration, storage: storage, name: name, readOnly: readOnly, log: log, metrics: metrics,
            userAuthentication: userAuthentication, transport: transport, dependencies: .system)
    }

    convenience init(
        _ configuration: SessionConfiguration, storage: SessionStorage, name: String, readOnly: Bool, log: SessionLog,
        metrics: (any SessionMetricsRecorder)? = nil, userAuthentication: UserAuthenticationPolicy? = nil,
        proxies: ProxySource = .system,
        transport: SessionTransport = .standard, dependencies: Dependencies
    ) throws {
        let broadcaster = SessionBroadcaster()
        do {
            let core = try CoreSession.withNetwork(
                configuration: try configuration.core, storage: try storage.checked(), name: name, readOnly: readOnly,
                observer: broadcaster, log: log.sink,
                network: try transport.network(proxies: proxies), proofKeys: deviceKeys())
            if let metrics { core.recordMeasurements(sink: ForwardingMetricsSink(metrics)) }
            self.init(
                configuration: configuration, core: core, broadcaster: broadcaster,
                gate: userAuthentication.map { AuthenticationGate($0) },
                dependencies: dependencies.adapted(to: storage, readOnly: readOnly))
        } catch {
            throw SessionError.of(error)
        }
    }

    /// Creates a session with any core.
    init(
        configuration: SessionConfiguration, core: any CoreSessionProtocol, broadcaster: SessionBroadcaster,
        gate: AuthenticationGate? = nil, dependencies: Dependencies = .none
    ) {
        let background = dependencies.activities.map { activities in
            BackgroundActivity(activities) { time in
                switch time {
                case .asked: core.postponeProcessLock()
                case .granted: core.allowProcessLock()
                case .over: core.releaseProcessLock()
                }
            }
        }
        self.configuration = configuration
        self.core = core
        ownGate = gate
        let gates = SharedGates.of(core, adding: gate)
        self.gates = gates
        epoch = SessionEpoch(of: core)
        self.broadcaster = broadcaster
        tokens = broadcaster.tokens
        self.background = background
        // The closures do not retain the session, so it is deallocated as usual, and the observer with it.
        lifecycle = dependencies.notifications.map {
            LifecycleObserver(
                $0, onUnlock: { if core.state() == .locked { restoreInBackground(core, background) } },
                // The app itself makes the first restore, because it needs the error.
                onForeground: { [changes = gates.changes] in
                    changes.send(())
                    if core.state() != nil { restoreInBackground(core, background) }
                })
        }
    }

    deinit {
        broadcaster.end()
        if let ownGate { gates.leave(ownGate) }
    }

    /// Reads the session from the store. Call it once at launch, before the app shows anything. Later calls read the store
    /// again only if the device was locked before, or if other processes share the store. Pending revocations of an earlier
    /// sign-out are sent in the background; otherwise this uses no network.
    ///
    /// On iOS the session repeats this call automatically when the device is unlocked (if it was `.locked`) and when the
    /// app comes to the foreground. ``states`` reports the result. A session with access control does not repeat it,
    /// because reading shows a dialogue.
    ///
    /// - Returns: The state. `.locked` if the device is locked: on iOS the session is then read at the unlock, elsewhere
    ///   at the next call after it.
    /// - Throws: ``SessionError/storageFailed(status:message:)`` if the store fails or holds an item that cannot be read
    ///   (such an item is kept under another name, and reported once);
    ///   ``SessionError/userAuthenticationFailed(reason:message:)`` with access control; `CancellationError`.
    @discardableResult
    public func restore() async throws -> SessionState {
        SessionState(try await call(givesNothingOut: true) { try await $0.restore() })
    }

    /// The state in memory. O(1).
    ///
    /// Nil means that the store has not been read yet, so it is not known whether a user is signed in: call ``restore()``, and
    /// show neither the app nor a sign-in button until it returns. ``SessionState/signedOut`` means that the store was read and
    /// nobody is signed in. If the difference does not matter, use ``isSignedIn``.
    public var state: SessionState? {
        core.state().map(SessionState.init)
    }

    /// Whether a user is signed in, according to the state in memory; false until ``restore()`` has returned. O(1).
    public var isSignedIn: Bool {
        state?.isSignedIn ?? false
    }

    /// Every change of state, for `for await`; see ``SessionStates``.
    public var states: SessionStates {
        SessionStates(broadcaster: broadcaster.states)
    }

    /// The events from now on, for `for await`; see ``SessionEvents``. They contain no tokens.
    public var events: SessionEvents {
        SessionEvents(broadcaster: broadcaster.events)
    }

    /// Every call to the core goes through here. The call always runs to its end; the caller stops waiting if its task is
    /// cancelled. Errors become `SessionError`. If the app has an authentication policy, the user must pass it first, unless
    /// the call discloses nothing.
    func call<Value: Sendable>(
        givesNothingOut: Bool = false, _ work: @escaping @Sendable (any CoreSessionProtocol) async throws -> Value
    ) async throws -> Value {
        if !givesNothingOut { try await gate?.pass() }
        return try await waitUnlessCancelled { [core, background] in
            do {
                return try await withBackgroundTime(background) { try await work(core) }
            } catch {
                throw SessionError.of(error)
            }
        }
    }

    /// Makes one call to the core for all callers that want this token. The first of them starts it.
    func callForAll(_ wanted: TokenCallers.Wanted) {
        Task { [core, background, tokenCallers] in
            do {
                let token = try await withBackgroundTime(background) {
                    try await core.accessToken(
                        minTtlSeconds: wanted.minTtlSeconds, forceRefresh: false, allowExpired: wanted.allowExpired)
                }
                tokenCallers.end(wanted, with: .success(token))
            } catch {
                tokenCallers.end(wanted, with: .failure(SessionError.of(error)))
            }
        }
    }

    /// Waits for a call to end even if the task is cancelled: for calls that cannot fail.
    func uninterrupted<Value: Sendable>(
        _ work: @Sendable (any CoreSessionProtocol) async throws -> Value
    ) async rethrows -> Value {
        try await withBackgroundTime(background) { try await work(core) }
    }
}

/// Nil on systems without CryptoKit, where the core makes the keys.
private func deviceKeys() -> (any AppProofKeys)? {
    #if canImport(CryptoKit)
    DeviceKeys()
    #else
    nil
    #endif
}

/// No caller waits for this, so no caller gets its error. If an item cannot be decoded, the log says so; any other error
/// occurs again at the next call.
private func restoreInBackground(_ core: any CoreSessionProtocol, _ background: BackgroundActivity?) {
    Task { try? await withBackgroundTime(background) { try await core.restore() } }
}

private func withBackgroundTime<Value: Sendable>(
    _ background: BackgroundActivity?, _ work: () async throws -> Value
) async rethrows -> Value {
    guard let background else { return try await work() }
    return try await background.run(work)
}
