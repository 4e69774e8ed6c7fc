import Foundation
import Pilotlight

/// The states that the app can be shown in without an issuer: for previews, pictures and UI tests, by the launch argument
/// `-stub STATE`. They run on the SDK's own test double.
public enum StubState: String, CaseIterable, Sendable {
    /// The session is being read.
    case loading
    /// Nobody is signed in.
    case welcome
    /// The refresh token was refused: sign in again.
    case expired
    /// The device is locked.
    case locked
    /// Signed in, with everything there.
    case home
    /// Signed in, with a profile of nothing but its subject, and no metadata.
    case empty
    /// Signed in, with the profile of the last time, and no network.
    case offline
    /// Signed in, without a network, and changes of the metadata wait for it.
    case waiting
    /// The sign-in of the app's earlier version was taken over.
    case migrated = "migrated"
    /// The settings are wrong.
    case misconfigured
    /// The store cannot be read.
    case broken

    /// The state that launch arguments name, as `-stub home`; nil when they name none that there is.
    public init?(arguments: [String]) {
        guard let flag = arguments.firstIndex(of: "-stub"), arguments.indices.contains(flag + 1) else { return nil }
        self.init(rawValue: arguments[flag + 1])
    }

    /// The app in that state.
    @MainActor
    public func model() -> AppModel {
        let error: SessionError? =
            switch self {
            case .misconfigured: .configurationInvalid(field: "domain", message: "domain is not a host")
            case .broken: .storageFailed(status: -34018, message: "errSecMissingEntitlement")
            default: nil
            }
        return AppModel(store: VolatileSettingsStore(), migrate: migrate) { [self] _ in
            if let error, case .configurationInvalid = error { throw error }
            return session(failingWith: error)
        }
    }

    /// Whether the app begins by reading the session.
    public var starts: Bool { self != .loading }

    private var migrate: (@MainActor (Session) async throws -> ImportOutcome)? {
        guard self == .migrated else { return nil }
        return { .imported(state: try await $0.signIn(using: Nobody())) }
    }

    private func session(failingWith error: SessionError?) -> Session {
        let signedIn = SessionState.signedIn(subject: "auth0|ada", expiresAt: Date().addingTimeInterval(23 * 60 + 42))
        switch self {
        case .loading, .misconfigured, .broken:
            return .preview(state: nil, failingWith: error)
        case .welcome, .migrated:
            return .preview(state: .signedOut, profile: .preview(subject: "auth0|ada"))
        case .expired:
            return .preview(state: .reauthenticationRequired(reason: .refreshTokenRejected))
        case .locked:
            return .preview(state: .locked)
        case .home:
            return .preview(state: signedIn, profile: .preview(subject: "auth0|ada"), metadata: Self.metadata)
        case .empty:
            return .preview(state: signedIn, profile: .preview(subject: "auth0|ada", name: nil, email: nil))
        case .offline, .waiting:
            return .preview(
                state: signedIn, profile: .preview(subject: "auth0|ada"), metadata: Self.metadata,
                waiting: self == .waiting ? [["country": "Italy"], ["active": false]] : [],
                failingWith: .temporarilyUnavailable(reason: .network, retryAfter: nil, message: "no connection"))
        }
    }

    private static let metadata: [String: SessionJSON] = [
        "first_name": "Ada", "last_name": "Lovelace", "country": "UK", "active": true,
    ]
}

/// The preview's browser: it shows nothing, and nobody has to sign in.
private struct Nobody: WebAuthenticator {
    func authenticate(url: URL, redirectURI: URL) async throws -> URL { redirectURI }
}
