import Foundation
import Pilotlight

/// The states of the app without an issuer, with the SDK's own test double: for previews, pictures and UI tests.
///
/// `expired`: the refresh token was refused. `empty`: the profile has only a subject. `factor`: a second factor is required.
/// `waiting`: metadata changes wait for the network. `migrated`: an earlier session was imported. `broken`: the store fails.
public enum StubState: String, CaseIterable, Sendable {
    case loading, welcome, expired, locked, home, empty, factor, offline, waiting, migrated, misconfigured, broken

    /// The app in that state.
    @MainActor
    public func model() -> AppModel {
        let migrate: @MainActor (Session) async throws -> ImportOutcome = {
            self == .migrated ? .imported(state: try await $0.signIn(using: Nobody())) : .nothingFound
        }
        return AppModel(migrate: migrate) { _ in
            if self == .misconfigured {
                throw SessionError.configurationInvalid(field: "domain", message: "domain is not a host")
            }
            return (session, nil)
        }
    }

    private var session: Session {
        let signedIn = SessionState.signedIn(subject: "auth0|ada", expiresAt: Date().addingTimeInterval(23 * 60 + 42))
        let ada = SessionProfile.preview(subject: "auth0|ada")
        let metadata: [String: SessionJSON] = [
            "first_name": "Ada", "last_name": "Lovelace", "country": "UK", "active": true,
        ]
        switch self {
        case .loading, .misconfigured: return .preview(state: nil)
        case .welcome, .migrated: return .preview(state: .signedOut, profile: ada)
        case .expired: return .preview(state: .reauthenticationRequired(reason: .refreshTokenRejected))
        case .locked: return .preview(state: .locked)
        case .home: return .preview(state: signedIn, profile: ada, metadata: metadata)
        case .empty:
            return .preview(state: signedIn, profile: .preview(subject: "auth0|ada", name: nil, email: nil))
        case .factor:
            let challenge = MFAChallenge(factors: ["otp", "push-notification"])
            return .preview(state: signedIn, profile: ada, failingWith: .mfaRequired(challenge, message: ""))
        case .offline, .waiting:
            return .preview(
                state: signedIn, profile: ada, metadata: metadata,
                waiting: self == .waiting ? [["country": "Italy"], ["active": false]] : [],
                failingWith: .temporarilyUnavailable(reason: .network, retryAfter: nil, message: "no connection"))
        case .broken:
            return .preview(
                state: nil, failingWith: .storageFailed(status: -34018, message: "errSecMissingEntitlement"))
        }
    }
}

/// A browser for previews, which shows nothing and returns at once.
private struct Nobody: WebAuthenticator {
    func authenticate(url: URL, redirectURI: URL) async throws -> URL { redirectURI }
}
