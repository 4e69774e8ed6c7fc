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

/// A ``Session`` for Objective-C, with the calls that apps built on Auth0's tutorials for Lock 1 and SimpleKeychain need. Swift
/// code uses the underlying ``session``.
///
/// ```objc
/// PLTSession *session = [[PLTSession alloc] initWithDomain:@"tenant.eu.auth0.com" clientID:@"…" error:&error];
/// [session restoreWithCompletion:^(PLTSessionState state, NSError *error) { … }];
/// ```
///
/// Each block is called once, on the main thread. Errors have the domain `Pilotlight.SessionError` and the codes of
/// ``SessionError/errorCode``. If your API cannot be reached, `dataForRequest:completion:` gives an error of `NSURLErrorDomain`.
#if canImport(ObjectiveC)
@objc(PLTSession)
#endif
#if canImport(ObjectiveC)
@objcMembers
#endif
public final class PLTSession: NSObject, Sendable {
    /// The underlying session, for Swift.
    public let session: Session

    /// Wraps a Swift session.
    public init(_ session: Session) {
        self.session = session
        super.init()
    }

    /// Creates a session at Auth0, kept in the Keychain, that may read and change the user's metadata. Reads nothing and
    /// sends nothing.
    ///
    /// - Throws: ``SessionError/configurationInvalid(field:message:)``
    public init(domain: String, clientID: String) throws {
        session = try Session(.auth0(domain: domain, clientID: clientID, metadataAccess: true))
        super.init()
    }

    /// The state in memory. O(1).
    public var state: PLTSessionState { PLTSessionState(session.state) }

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
    public func importLockSession(completion: @escaping @MainActor @Sendable (PLTSessionState, (any Error)?) -> Void) {
        session.importSession(from: .lockV1()) { result in
            switch result {
            case .success: completion(self.state, nil)
            case .failure(let error): completion(self.state, error)
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

    /// Changes the user's metadata; `NSNull` deletes a key. See ``SessionMetadata/update(_:)``.
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
