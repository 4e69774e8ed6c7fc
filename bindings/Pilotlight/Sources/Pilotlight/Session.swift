import Foundation
internal import PilotlightCore

/// One user's session at one issuer: signs in, keeps and renews the tokens, fetches the profile and the metadata,
/// signs out.
///
/// ```swift
/// let session = try Session(.auth0(domain: "tenant.eu.auth0.com", clientID: "…"))
/// if try await session.restore().requiresSignIn { try await session.signIn(from: window) }
/// let request = try await session.authorized(url)
/// ```
///
/// Make one for each user and issuer, at launch, and keep it: every part of the app may use it at the same time.
/// Calls without `async` read memory only. Calls with `async` may read or write the store and talk to the issuer;
/// each says which. They throw ``SessionError``, whose case says what to do, or `CancellationError`.
///
/// **Cancellation.** When the task that waits for a call is cancelled, the call throws `CancellationError` at once,
/// but the work continues to its end: a renewal that is aborted could lose the rotated refresh token
/// and so the session. So after a cancelled call the state may still change; ``states`` reports it.
public final class Session: Sendable {
    /// What the session was made with.
    public let configuration: SessionConfiguration

    let core: any CoreSessionProtocol
    let broadcaster: SessionBroadcaster
    /// The broadcaster's, here because every request passes by.
    let tokens: TokenCache
    let epoch: SessionEpoch
    let tokenCallers = TokenCallers()
    /// Asks who the user is before anything is given out; nil where the app has no such rule.
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
    ///   - storage: Where the session is kept; left out, the Keychain.
    ///   - name: Tells sessions of one app apart. A second `Session` with the same client, issuer, storage and name is
    ///     another handle to the same session: both share its state and its one renewal. If the rest of its configuration or
    ///     its storage options differ, they apply to both from then on, and a warning is logged.
    ///   - readOnly: True for an extension that only reads: it returns the tokens that the app stored, and
    ///     never renews, signs in or out, or writes. A call that needs the app throws ``SessionError/readOnly(message:)``.
    ///   - log: Where log lines go.
    ///   - metrics: Receives measurements of this session; with nil none are taken. ``counters`` work in any case.
    ///   - userAuthentication: When the user has to authenticate on this device before this session gives anything out. With nil
    ///     the policy of another handle to the same session applies; without one the user is never asked.
    /// - Throws: ``SessionError/configurationInvalid(field:message:)`` naming the field;
    ///   it names `storage` when this platform has no such store.
    public convenience init(
        _ configuration: SessionConfiguration, storage: SessionStorage = .keychain(), name: String = "default",
        readOnly: Bool = false, log: SessionLog = .standard, metrics: (any SessionMetricsRecorder)? = nil,
        userAuthentication: UserAuthenticationPolicy? = nil
    ) throws {
        try self.init(
            configuration, storage: storage, name: name, readOnly: readOnly, log: log, metrics: metrics,
            userAuthentication: userAuthentication, dependencies: .system)
    }

    /// The same with `proxies` for the connections to the issuer. If the session is open already, the proxies of the first
    /// handle are used.
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

    /// The same with `transport` for the requests to the issuer. If the session is open already, its transport does not
    /// change.
    ///
    /// - Parameters:
    ///   - configuration: As above.
    ///   - storage: As above.
    ///   - name: As above.
    ///   - readOnly: As above.
    ///   - log: As above.
    ///   - metrics: As above.
    ///   - userAuthentication: As above.
    ///   - transport: What sends the requests; the other initializers take ``SessionTransport/standard``.
    /// - Throws: As above; also naming `transport` for a background configuration, and when the session is open with a
    ///   transport of another kind: a second handle cannot change how the first one's requests are sent.
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

    /// A session over any core.
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
        // The closures do not hold the session, so that it ends as usual, and the observer with it.
        lifecycle = dependencies.notifications.map {
            LifecycleObserver(
                $0, onUnlock: { if core.state() == .locked { restoreInBackground(core, background) } },
                // The first restore is the app's own: it needs the error.
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

    /// Reads the session from the store: once, at launch, before anything is shown. Later calls read it again only
    /// when the device was locked before, or when other processes share the store. Sends pending revocations of an
    /// earlier sign-out in the background; otherwise uses no network.
    ///
    /// iOS apps call it once. The session repeats it automatically when the device is unlocked
    /// (if it was `.locked`) and when the app comes to the foreground. ``states`` reports the result. With access
    /// control it does not, because reading shows a dialogue.
    ///
    /// - Returns: The state. `.locked` when the device is locked: on iOS the session is read at the unlock, elsewhere
    ///   at the next call after it.
    /// - Throws: ``SessionError/storageFailed(status:message:)`` when the store fails or holds what cannot be read
    ///   (which is kept aside under another name, and reported once);
    ///   ``SessionError/userAuthenticationFailed(reason:message:)`` with access control; `CancellationError`.
    @discardableResult
    public func restore() async throws -> SessionState {
        SessionState(try await call(givesNothingOut: true) { try await $0.restore() })
    }

    /// The state as known in memory. O(1).
    ///
    /// Nil means that the store has not been read yet, so it is not known whether a user is signed in: call ``restore()``, and
    /// show neither the app nor a sign-in button until it returns. ``SessionState/signedOut`` means that it was read and
    /// nobody is signed in. Where the difference does not matter, use ``isSignedIn``.
    public var state: SessionState? {
        core.state().map(SessionState.init)
    }

    /// Whether a user is signed in, as far as is known in memory; false before ``restore()`` has ended. O(1).
    public var isSignedIn: Bool {
        state?.isSignedIn ?? false
    }

    /// Every change of state, for `for await`; see ``SessionStates``.
    public var states: SessionStates {
        SessionStates(broadcaster: broadcaster.states)
    }

    /// The events from now on, for `for await`; see ``SessionEvents``. They hold no tokens.
    public var events: SessionEvents {
        SessionEvents(broadcaster: broadcaster.events)
    }

    /// Runs a call of the core's to its end, waits for it unless cancelled, and converts its error: the one way into
    /// the core. The user has to authenticate first where the app says so, but for what gives nothing out.
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

    /// The core's call for the first of the callers who want this token, for all of them.
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

    /// Runs a call to its end, also when the task is cancelled: for what cannot fail.
    func uninterrupted<Value: Sendable>(
        _ work: @Sendable (any CoreSessionProtocol) async throws -> Value
    ) async rethrows -> Value {
        try await withBackgroundTime(background) { try await work(core) }
    }
}

/// Nil where the core has its own: on systems without CryptoKit.
private func deviceKeys() -> (any AppProofKeys)? {
    #if canImport(CryptoKit)
    DeviceKeys()
    #else
    nil
    #endif
}

/// No caller waits for it, so no caller gets its error: that of an item that cannot be decoded is in the log, and the
/// next call meets any other again.
private func restoreInBackground(_ core: any CoreSessionProtocol, _ background: BackgroundActivity?) {
    Task { try? await withBackgroundTime(background) { try await core.restore() } }
}

private func withBackgroundTime<Value: Sendable>(
    _ background: BackgroundActivity?, _ work: () async throws -> Value
) async rethrows -> Value {
    guard let background else { return try await work() }
    return try await background.run(work)
}
