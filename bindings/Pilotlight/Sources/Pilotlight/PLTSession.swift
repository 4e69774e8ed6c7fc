import Foundation

/// The state of a session, for Objective-C.
#if canImport(ObjectiveC)
@objc(PLTSessionState)
#endif
public enum PLTSessionState: Int, Sendable {
    /// Not known yet: call ``PLTSession/restore(completion:)``.
    case unknown = 0
    /// Nobody is signed in.
    case signedOut = 1
    /// The store cannot be read until the device is unlocked.
    case locked = 2
    /// A user is signed in.
    case signedIn = 3
    /// The session cannot go on without the user.
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

/// A ``Session`` for Objective-C: the part that the apps of Auth0's tutorials for Lock 1 and SimpleKeychain need. Swift uses
/// ``Session`` itself, which ``session`` is.
///
/// ```objc
/// PLTSession *session = [[PLTSession alloc] initWithDomain:@"tenant.eu.auth0.com" clientID:@"…" error:&error];
/// [session restoreWithCompletion:^(PLTSessionState state, NSError *error) { … }];
/// ```
///
/// Each block is called once, on the main thread. An error is of the domain `Pilotlight.SessionError`; its codes are those of
/// ``SessionError/errorCode``.
#if canImport(ObjectiveC)
@objc(PLTSession)@objcMembers
#endif
public final class PLTSession: NSObject, Sendable {
    /// The same session for Swift.
    public let session: Session

    /// A session over one of Swift's.
    public init(_ session: Session) {
        self.session = session
        super.init()
    }

    /// A session at Auth0, kept in the Keychain, that may read and change the user's metadata. Reads nothing and sends
    /// nothing.
    ///
    /// - Throws: ``SessionError/configurationInvalid(field:message:)``
    public init(domain: String, clientID: String) throws {
        session = try Session(.auth0(domain: domain, clientID: clientID, metadataAccess: true))
        super.init()
    }

    /// The state as known in memory. O(1).
    public var state: PLTSessionState { PLTSessionState(session.state) }

    /// The user's identifier, where somebody is signed in. O(1).
    public var userIdentifier: String? {
        if case .signedIn(let subject, _) = session.state { subject } else { nil }
    }

    /// The access token, where a valid one is in memory; else nil. O(1).
    public var cachedAccessToken: String? { session.cachedAccessToken() }

    /// Reads the session from the store; see ``Session/restore()``.
    public func restore(completion: @escaping @MainActor @Sendable (PLTSessionState, (any Error)?) -> Void) {
        session.restore { self.hand($0, to: completion) }
    }

    /// Signs out here, and revokes the refresh token; see ``Session/signOut()``.
    public func signOut(completion: @escaping @MainActor @Sendable () -> Void) {
        session.signOut { _ in completion() }
    }

    /// A valid access token, renewed where necessary; see ``Session/accessToken(minTTL:forceRefresh:allowExpired:)``.
    public func accessToken(completion: @escaping @MainActor @Sendable (String?, (any Error)?) -> Void) {
        session.accessToken { result in
            switch result {
            case .success(let token): completion(token, nil)
            case .failure(let error): completion(nil, error)
            }
        }
    }

    /// The user's claims by their standard names, as property-list values; see ``Session/profile(refresh:)``.
    public func profile(completion: @escaping @MainActor @Sendable ([String: Any]?, (any Error)?) -> Void) {
        session.profile { result in
            switch result {
            case .success(let profile): completion(profile.claims.mapValues(\.anyValue), nil)
            case .failure(let error): completion(nil, error)
            }
        }
    }

    #if canImport(AuthenticationServices)
    /// Signs a user in through the system's browser sheet, over the window that the user looks at.
    @MainActor
    public func signIn(completion: @escaping @MainActor @Sendable (PLTSessionState, (any Error)?) -> Void) {
        session.signIn(using: SystemWebAuthenticator()) { self.hand($0, to: completion) }
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

extension SessionJSON {
    /// As Objective-C has it: `NSNull`, `NSNumber`, `NSString`, `NSArray`, `NSDictionary`.
    var anyValue: Any {
        switch self {
        case .null: NSNull()
        case .bool(let value): value
        case .integer(let value): value
        case .double(let value): value
        case .string(let value): value
        case .array(let values): values.map(\.anyValue)
        case .object(let members): members.mapValues(\.anyValue)
        }
    }
}
