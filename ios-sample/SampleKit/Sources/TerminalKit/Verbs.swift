import Foundation
import Pilotlight
import SampleKit

/// What each verb does with a restored session.
struct Verbs: Sendable {
    let session: Session
    let authenticator: TerminalAuthenticator

    func answer(to verb: Invocation.Verb) async throws -> Answer {
        switch verb {
        case .help:
            return Answer(lines: [], json: [:])
        case .signIn(let timeout):
            return Self.describe(try await signIn(timeout: timeout))
        case .state:
            return Self.describe(try await session.restore())
        case .token(let minTTL, let forceRefresh):
            let token = try await session.accessToken(minTTL: minTTL, forceRefresh: forceRefresh)
            return Answer(lines: [token], json: ["access_token": .string(token)])
        case .profile(let refresh):
            let profile = try await session.profile(refresh: refresh)
            return Answer(
                lines: ProfileScreen.rows(of: profile).map { "\($0.id): \($0.value)" }, json: profile.claims)
        case .metadataGet(let fields):
            return Self.describe(try await session.metadata.get(fields))
        case .metadataSet(let changes):
            return Self.describe(try await session.metadata.update(changes))
        case .signOut:
            return Self.describe(await session.signOut())
        }
    }

    /// The browser belongs to the user, who may never come back: the wait ends some time.
    private func signIn(timeout: TimeInterval) async throws -> SessionState {
        let session = session
        let authenticator = authenticator
        return try await withThrowingTaskGroup(of: SessionState?.self) { group in
            group.addTask { try await session.signIn(using: authenticator) }
            group.addTask {
                try await Task.sleep(for: .seconds(timeout))
                return nil
            }
            defer { group.cancelAll() }
            guard let state = try await group.next() ?? nil else { throw SessionError.signInCancelled }
            return state
        }
    }

    private static func describe(_ metadata: [String: JSONValue]) -> Answer {
        Answer(lines: metadata.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }, json: metadata)
    }

    private static func describe(_ state: SessionState) -> Answer {
        switch state {
        case .signedOut:
            Answer(lines: ["signed out"], json: ["state": "signed_out"])
        case .locked:
            Answer(lines: ["locked"], json: ["state": "locked"])
        case .signedIn(let subject, let expiresAt):
            Answer(
                lines: ["signed in: \(subject)", "access token good until: \(expiresAt.formatted(.iso8601))"],
                json: [
                    "state": "signed_in", "subject": .string(subject),
                    "expires_at": .integer(Int64(expiresAt.timeIntervalSince1970)),
                ])
        case .reauthenticationRequired(let reason):
            Answer(
                lines: ["sign in again: \(words(for: reason))"],
                json: ["state": "reauthentication_required", "reason": .string(name(of: reason))])
        }
    }

    private static func describe(_ outcome: SignOutOutcome) -> Answer {
        switch outcome {
        case .revoked:
            Answer(lines: ["signed out; revoked at the issuer"], json: ["signed_out": true, "issuer": "revoked"])
        case .nothingToRevoke:
            Answer(lines: ["signed out"], json: ["signed_out": true, "issuer": "nothing_to_revoke"])
        case .revocationNotOffered:
            Answer(
                lines: ["signed out here; the issuer offers no revocation"],
                json: ["signed_out": true, "issuer": "revocation_not_offered"])
        case .revocationPending:
            Answer(
                lines: ["signed out here; the issuer cannot be reached and will be told later"],
                json: ["signed_out": true, "issuer": "revocation_pending"])
        case .revocationRefused:
            Answer(
                lines: ["signed out here; the issuer refused to revoke the refresh token"],
                json: ["signed_out": true, "issuer": "revocation_refused"])
        case .readOnly:
            Answer(lines: ["not signed out: the session is read-only"], json: ["signed_out": false])
        }
    }

    private static func words(for reason: ReauthenticationReason) -> String {
        switch reason {
        case .refreshTokenRejected: "the issuer refused the refresh token"
        case .noRefreshToken: "the access token has expired and there is no refresh token"
        }
    }

    private static func name(of reason: ReauthenticationReason) -> String {
        switch reason {
        case .refreshTokenRejected: "refresh_token_rejected"
        case .noRefreshToken: "no_refresh_token"
        }
    }
}
