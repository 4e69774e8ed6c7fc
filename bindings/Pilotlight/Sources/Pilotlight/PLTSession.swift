import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The state of a session, for Objective-C.
#if canImport(ObjectiveC)
@objc(PLTSessionState)
#endif
public enum PLTSessionState: Int, Sendable {
    /// The state is not known yet: call ``PLTSession/restore(completion:)``.
    case unknown = 0
    /// Nobody is signed in.
    case signedOut = 1
    /// The store cannot be read until the device is unlocked.
    case locked = 2
    /// A user is signed in.
    case signedIn = 3
    /// The session cannot continue without the user.
    case reauthenticationRequired = 4

    init(_ state: SessionState?) {
        self =
            switch state {
            case nil: .unknown
            case .signedOut: .signedOut
            case .locked: .locked
            case .signedIn: .signedIn
            case .reauthenticationRequired: .reauthenticationRequired
            }
    }
}

/// The outcome of an import, for Objective-C; see ``ImportOutcome``.
#if canImport(ObjectiveC)
@objc(PLTImportOutcome)
#endif
public enum PLTImportOutcome: Int, Sendable {
    /// The outcome is not known; the error says why. Nothing has changed: try again.
    case failed = 0
    /// The session was imported and stored.
    case imported = 1
    /// There is no such item, or no token in it.
    case nothingFound = 2
    /// A user is signed in already, or has to sign in again: that session is never replaced.
    case sessionExists = 3
    /// The session was imported before, or a user has signed in or out since.
    case closed = 4
    /// There is an item, but it cannot be imported; the log says why.
    case unreadable = 5

    init(_ outcome: ImportOutcome) {
        self =
            switch outcome {
            case .imported: .imported
            case .nothingFound: .nothingFound
            case .sessionExists: .sessionExists
            case .closed: .closed
            case .unreadable: .unreadable
            }
    }
}

/// A ``Session`` for Objective-C, with the calls that apps built on Auth0's tutorials for Lock 1 and SimpleKeychain need. Swift
/// code uses the underlying ``session``.
///
/// ```objc
/// PLTSession *session = [[PLTSession alloc] initWithDomain:@"tenant.eu.auth0.com" clientID:@"…" error:&error];
/// [session restoreWithCompletion:^(PLTSessionState state, NSError *error) { … }];
/// ```
///
/// Each block is called once, on the main thread. Errors have the domain `Pilotlight.SessionError` and the codes of
/// ``SessionError/errorCode``. The requests of ``data(for:completion:)`` and ``stepUp(for:completion:)`` to your API can also end
/// with the system's errors, in the domain `NSURLErrorDomain`, for example without a network.
#if canImport(ObjectiveC)
@objc(PLTSession)
#endif
#if canImport(ObjectiveC)
@objcMembers
#endif
public final class PLTSession: NSObject, Sendable {
    /// The underlying session, for Swift.
    public let session: Session

    /// The name of the notification `PLTSessionStateDidChangeNotification`. It is posted on the main queue when ``state`` or
    /// ``userIdentifier`` has changed, whichever call or process changed it. Its object is this `PLTSession`; it is not posted
    /// after this is deallocated. In Swift, use ``Session/states``.
    public static let stateDidChangeNotification = "PLTSessionStateDidChangeNotification"

    /// Posts the notifications.
    private let following = Locked<Task<Void, Never>?>(nil)

    /// Wraps a Swift session.
    public init(_ session: Session) {
        self.session = session
        super.init()
        follow()
    }

    /// Creates a session at Auth0, kept in the Keychain, that may read and change the user's metadata. Reads nothing and
    /// sends nothing.
    ///
    /// Its access token is for Auth0's Management API, so do not send it to your own: for that use
    /// ``init(domain:clientID:audience:metadataAccess:)``.
    ///
    /// - Throws: ``SessionError/configurationInvalid(field:message:)``
    public convenience init(domain: String, clientID: String) throws {
        try self.init(domain: domain, clientID: clientID, audience: nil, metadataAccess: true)
    }

    /// A session at Auth0, kept in the Keychain. Reads nothing and sends nothing.
    ///
    /// - Parameters:
    ///   - domain: The tenant's domain, such as `tenant.eu.auth0.com`.
    ///   - clientID: The application's client ID.
    ///   - audience: Your API's identifier: ``authorized(_:completion:)`` and ``data(for:completion:)`` send a token for it. Nil for none.
    ///   - metadataAccess: True for a token for Auth0's Management API, which is then the session's own; not together with
    ///     `audience`. Beside an `audience` the metadata needs "Multi-Resource Refresh Token" (<doc:SetUpAuth0>).
    /// - Throws: ``SessionError/configurationInvalid(field:message:)``
    public convenience init(domain: String, clientID: String, audience: String?, metadataAccess: Bool) throws {
        self.init(
            try Session(
                .auth0(domain: domain, clientID: clientID, audience: audience, metadataAccess: metadataAccess)))
    }

    deinit {
        following.withLock { $0?.cancel() }
    }

    private func follow() {
        var (states, known) = (session.states.makeAsyncIterator(), session.state.map(Shown.init))
        let task = Task { @MainActor [weak self] in
            while let state = await states.next() {
                guard let self else { return }
                let shown = Shown(state)
                if shown == known { continue }
                known = shown
                NotificationCenter.default.post(
                    name: Notification.Name(Self.stateDidChangeNotification), object: self)
            }
        }
        following.withLock { $0 = task }
    }

    /// Of a state what this class shows: a renewed token is no change.
    private struct Shown: Equatable {
        let state: PLTSessionState
        let userIdentifier: String?

        init(_ state: SessionState) {
            self.state = PLTSessionState(state)
            if case .signedIn(let subject, _) = state { userIdentifier = subject } else { userIdentifier = nil }
        }
    }

    /// The state in memory. O(1).
    public var state: PLTSessionState { PLTSessionState(session.state) }

    /// Whether the app should begin a sign-in; see ``SessionState/requiresSignIn``. False before ``restore(completion:)``. O(1).
    public var requiresSignIn: Bool { session.state?.requiresSignIn ?? false }

    /// The user's identifier (`sub`), if a user is signed in. O(1).
    public var userIdentifier: String? {
        if case .signedIn(let subject, _) = session.state { subject } else { nil }
    }

    /// The access token, if a valid one is in memory; otherwise nil. O(1).
    public var cachedAccessToken: String? { session.cachedAccessToken() }

    /// The last fetched claims of the user, by their standard names, as property-list values; nil if none were fetched. O(1)
    /// apart from the conversion.
    public var cachedProfile: [String: Any]? { session.cachedProfile.map { $0.claims.mapValues(\.anyValue) } }

    /// Reads the session from the store; see ``Session/restore()``.
    public func restore(completion: @escaping @MainActor @Sendable (PLTSessionState, (any Error)?) -> Void) {
        session.restore { self.hand($0, to: completion) }
    }

    /// Imports the session that an app with Lock 1 or SimpleKeychain stored as in Auth0's tutorials; see
    /// ``Session/importSession(from:)``. Call it at every launch, after ``restore(completion:)``: it takes effect once.
    /// ``importLockSession(reportingOutcome:)`` says what became of it.
    public func importLockSession(completion: @escaping @MainActor @Sendable (PLTSessionState, (any Error)?) -> Void) {
        importLockSession { _, state, error in completion(state, error) }
    }

    /// The same; the block gets the outcome first.
    #if canImport(ObjectiveC)
    @objc(importLockSessionReportingOutcome:)
    #endif
    public func importLockSession(
        reportingOutcome report:
            @escaping @MainActor @Sendable (PLTImportOutcome, PLTSessionState, (any Error)?) -> Void
    ) {
        session.importSession(from: .lockV1()) { result in
            switch result {
            case .success(let outcome): report(PLTImportOutcome(outcome), self.state, nil)
            case .failure(let error): report(.failed, self.state, error)
            }
        }
    }

    /// Signs out on this device, and revokes the refresh token; see ``Session/signOut()``.
    public func signOut(completion: @escaping @MainActor @Sendable () -> Void) {
        session.signOut { _ in completion() }
    }

    /// Gets a valid access token, renewed if necessary; see ``Session/accessToken(minTTL:forceRefresh:allowExpired:)``.
    public func accessToken(completion: @escaping @MainActor @Sendable (String?, (any Error)?) -> Void) {
        session.accessToken { give($0, to: completion) { $0 } }
    }

    /// Adds a valid access token to a request; see ``Session/authorized(_:minTTL:forceRefresh:)``.
    #if canImport(ObjectiveC)
    @objc(authorizeRequest:completion:)
    #endif
    public func authorized(
        _ request: URLRequest, completion: @escaping @MainActor @Sendable (URLRequest?, (any Error)?) -> Void
    ) {
        session.authorized(request) { give($0, to: completion) { $0 } }
    }

    /// Sends a request to your API with an access token; see ``Session/data(for:audience:minTTL:using:)``. If the API requires
    /// the user to authenticate in a certain way (RFC 9470), the error's code is that of
    /// ``SessionError/stepUpRequired(_:message:)`` and its `userInfo` has `PilotlightACRValues` and `PilotlightMaxAge`. Pass the
    /// error to `stepUp(for:completion:)`.
    #if canImport(ObjectiveC)
    @objc(dataForRequest:completion:)
    #endif
    public func data(
        for request: URLRequest,
        completion: @escaping @MainActor @Sendable (Data?, HTTPURLResponse?, (any Error)?) -> Void
    ) {
        session.data(for: request) { Self.answer($0, to: completion) }
    }

    #if canImport(ObjectiveC)
    @nonobjc
    #endif
    func stepUp(
        for error: any Error, using authenticator: some WebAuthenticator,
        completion: @escaping @MainActor @Sendable (Data?, HTTPURLResponse?, (any Error)?) -> Void
    ) {
        guard case SessionError.stepUpRequired(let challenge, _) = error else {
            let error = SessionError.argumentInvalid(argument: "error", message: "it is not stepUpRequired")
            Task { await completion(nil, nil, error) }
            return
        }
        session.stepUp(for: challenge, using: authenticator) { Self.answer($0, to: completion) }
    }

    @MainActor
    private static func answer(
        _ result: Result<(Data, HTTPURLResponse), any Error>,
        to completion: @MainActor (Data?, HTTPURLResponse?, (any Error)?) -> Void
    ) {
        switch result {
        case .success((let data, let response)): completion(data, response, nil)
        case .failure(let error): completion(nil, nil, error)
        }
    }

    /// Gets the user's claims by their standard names, as property-list values; see ``Session/profile(refresh:)``.
    public func profile(completion: @escaping @MainActor @Sendable ([String: Any]?, (any Error)?) -> Void) {
        session.profile { give($0, to: completion) { $0.claims.mapValues(\.anyValue) } }
    }

    /// Fetches the user's metadata (`user_metadata`), as property-list values; see ``SessionMetadata/get(_:)``.
    public func metadata(completion: @escaping @MainActor @Sendable ([String: Any]?, (any Error)?) -> Void) {
        session.fetchMetadata { give($0, to: completion) { $0.mapValues(\.anyValue) } }
    }

    /// Changes the user's metadata; `NSNull` deletes a key, and no changes change nothing. See ``SessionMetadata/update(_:)``.
    ///
    /// - Parameters:
    ///   - changes: Strings, numbers, `NSNull`, and arrays and dictionaries of these. For any other value the error is
    ///     ``SessionError/argumentInvalid(argument:message:)``, and nothing is sent.
    ///   - completion: Called with all the metadata after the change, or with the error.
    public func updateMetadata(
        _ changes: [String: Any], completion: @escaping @MainActor @Sendable ([String: Any]?, (any Error)?) -> Void
    ) {
        do {
            session.updateMetadata(try SessionJSON.members(of: changes, argument: "changes")) {
                give($0, to: completion) { $0.mapValues(\.anyValue) }
            }
        } catch {
            Task { await completion(nil, error) }
        }
    }

    #if canImport(AuthenticationServices) && !os(tvOS)
    /// Signs a user in through the system's browser sheet, over the key window.
    #if canImport(ObjectiveC)
    @objc(signInWithCompletion:)
    #endif
    @MainActor
    public func signIn(completion: @escaping @MainActor @Sendable (PLTSessionState, (any Error)?) -> Void) {
        session.signIn(using: SystemWebAuthenticator()) { self.hand($0, to: completion) }
    }

    /// Lets the session's user authenticate in the system's browser sheet as the API requires, and sends the request again; see
    /// ``Session/stepUp(for:using:parameters:via:)``.
    ///
    /// - Parameters:
    ///   - error: The error of ``data(for:completion:)``. For any other error the completion gets
    ///     ``SessionError/argumentInvalid(argument:message:)``.
    ///   - completion: Called with the API's answer, or with the error.
    #if canImport(ObjectiveC)
    @objc(stepUpForError:completion:)
    #endif
    @MainActor
    public func stepUp(
        for error: any Error,
        completion: @escaping @MainActor @Sendable (Data?, HTTPURLResponse?, (any Error)?) -> Void
    ) {
        stepUp(for: error, using: SystemWebAuthenticator(), completion: completion)
    }
    #endif

    @MainActor
    private func hand(
        _ result: Result<SessionState, any Error>, to completion: @MainActor (PLTSessionState, (any Error)?) -> Void
    ) {
        switch result {
        case .success(let state): completion(PLTSessionState(state), nil)
        case .failure(let error): completion(state, error)
        }
    }
}

@MainActor
private func give<Value, Shown>(
    _ result: Result<Value, any Error>, to completion: @MainActor (Shown?, (any Error)?) -> Void,
    as shown: (Value) -> Shown
) {
    switch result {
    case .success(let value): completion(shown(value), nil)
    case .failure(let error): completion(nil, error)
    }
}
