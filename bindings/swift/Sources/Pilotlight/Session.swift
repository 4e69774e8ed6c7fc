import Foundation
import PilotlightCore

/// One user's session at one issuer: signs in, keeps and renews the tokens, fetches the profile and the metadata,
/// signs out.
///
/// ```swift
/// let session = try Session(.auth0(domain: "tenant.eu.auth0.com", clientID: "…"), storage: .keychain())
/// if try await session.restore() == .signedOut { try await session.signIn(from: window) }
/// let request = try await session.authorized(URLRequest(url: url))
/// ```
///
/// Make one for each user and issuer, at launch, and keep it: every part of the app may use it at the same time.
/// Calls without `async` read memory only. Calls with `async` may read or write the store and talk to the issuer;
/// each says which. They throw ``SessionError``, whose case says what to do, or `CancellationError`.
///
/// **Cancellation.** When the task that waits for a call is cancelled, the call throws `CancellationError` at once,
/// but what was begun goes on to its end: a renewal that is torn down half way could lose the rotated refresh token,
/// and with it the user's sign-in. So after a cancelled call the state may still change; ``states`` tells.
public final class Session: Sendable {
    /// What the session was made with.
    public let configuration: SessionConfiguration

    let core: any CoreSessionProtocol
    let broadcaster: StateBroadcaster
    let tokens = TokenCache()
    let signIns = Locked(0)

    /// Checks the configuration and opens the store. Reads nothing from the store and sends nothing; call
    /// ``restore()`` next.
    ///
    /// - Parameters:
    ///   - configuration: Which issuer and which client: `.auth0(domain:clientID:)` or
    ///     `.openIDConnect(issuer:clientID:redirectURI:)`.
    ///   - storage: Where the session is kept.
    ///   - name: Tells sessions of one app apart. A second `Session` with the same configuration, storage and name is
    ///     another handle to the same session: both share its state and its one renewal.
    ///   - readOnly: True for an extension that only looks: it gives the tokens that the app put into the store, and
    ///     never renews, signs in or out, or writes. What needs the app throws ``SessionError/openApp(message:)``.
    ///   - log: Where log lines go.
    /// - Throws: ``SessionError/fixConfiguration(field:message:)`` naming the field;
    ///   it names `storage` when this platform has no such store.
    public init(
        _ configuration: SessionConfiguration, storage: SessionStorage, name: String = "default",
        readOnly: Bool = false, log: SessionLog = .standard
    ) throws {
        self.configuration = configuration
        broadcaster = StateBroadcaster()
        do {
            core = try CoreSession(
                configuration: configuration, storage: storage, name: name, readOnly: readOnly, observer: broadcaster,
                log: log.sink)
        } catch {
            throw SessionError.of(error)
        }
    }

    /// A session over another core: for ``preview(state:profile:metadata:accessToken:failingWith:)``.
    init(configuration: SessionConfiguration, core: any CoreSessionProtocol, broadcaster: StateBroadcaster) {
        self.configuration = configuration
        self.core = core
        self.broadcaster = broadcaster
    }

    deinit {
        broadcaster.end()
    }

    /// Reads the session from the store: once, at launch, before anything is shown. Later calls read it again only
    /// when the device was locked before. No network.
    ///
    /// - Returns: The state. `.locked` when the device is locked: the session comes back by itself at the next call
    ///   after the unlock.
    /// - Throws: ``SessionError/checkStorage(status:message:)`` when the store fails or holds what cannot be read
    ///   (which is kept aside under another name, and reported once).
    @discardableResult
    public func restore() async throws -> SessionState {
        try await call { try await $0.restore() }
    }

    /// The state as known in memory; nil until ``restore()`` or a sign-in has ended. O(1).
    public var state: SessionState? {
        core.state()
    }

    /// Every change of state, for `for await`; see ``SessionStates``.
    public var states: SessionStates {
        SessionStates(broadcaster: broadcaster)
    }

    /// Runs a call of the core's to its end, waits for it unless cancelled, and converts its error: the one way into
    /// the core.
    func call<Value: Sendable>(
        _ work: @escaping @Sendable (any CoreSessionProtocol) async throws -> Value
    ) async throws -> Value {
        let core = core
        return try await waitUnlessCancelled {
            do {
                return try await work(core)
            } catch {
                throw SessionError.of(error)
            }
        }
    }
}
