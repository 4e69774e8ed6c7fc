import Foundation
import Pilotlight
import SampleKit

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Runs each verb with a restored session.
struct Verbs: Sendable {
    let session: Session
    let authenticator: TerminalAuthenticator
    /// The session of another app in the same store, if there is one to sign in with.
    var otherApp: Session?

    func answer(to verb: Invocation.Verb) async throws -> Answer {
        switch verb {
        case .help, .accounts:
            return Answer(lines: [], json: [:])
        case .signIn(let timeout):
            let (session, authenticator) = (session, authenticator)
            return Self.describe(
                try await within(timeout) { try await session.signIn(using: authenticator) })
        case .signInAsInAnotherApp:
            guard let otherApp else { throw UsageError("--of needs the client ID of the other app") }
            try await otherApp.restore()
            return Self.describe(try await session.signIn(exchanging: otherApp.deviceSSOToken()))
        case .signInOnAnotherDevice(let timeout):
            let (session, authenticator) = (session, authenticator)
            return Self.describe(
                try await within(timeout) {
                    try await session.signInOnAnotherDevice { authenticator.show($0) }
                })
        case .state:
            var answer = Self.describe(try await session.restore())
            if let key = session.boundKey {
                answer.lines.append("tokens bound to the key: \(key.thumbprint)")
                answer.json["bound_key"] = .string(key.thumbprint)
            }
            return answer
        case .token(let minTTL, let forceRefresh, let allowExpired, let otp):
            let token: String
            do {
                token = try await session.accessToken(
                    minTTL: minTTL, forceRefresh: forceRefresh, allowExpired: allowExpired)
            } catch SessionError.mfaRequired(let challenge, _) where otp != nil {
                _ = try await session.verify(.otp(otp ?? ""), for: challenge)
                token = try await session.accessToken(minTTL: minTTL)
            }
            return Answer(lines: [token], json: ["access_token": .string(token)])
        case .exchange(let audience, let type):
            let own = SubjectToken.accessToken
            let token = try await session.exchange(
                for: TokenAudience(audience), type: type.map(own.named) ?? own)
            return Answer(lines: [token], json: ["access_token": .string(token)])
        case .request(let url, let stepUp, let timeout):
            return try await request(URLRequest(url: url), stepUp: stepUp, timeout: timeout)
        case .website(let page):
            let url = try await session.sessionTransfer().url(for: page).absoluteString
            return Answer(lines: ["open: \(url)"], json: ["url": .string(url)])
        case .profile(let refresh):
            let profile = try await session.profile(refresh: refresh)
            return Answer(lines: profile.rows.map { "\($0.id): \($0.value)" }, json: profile.claims)
        case .metadataGet(let fields):
            return Self.describe(try await session.metadata.get(fields))
        case .metadataSet(let changes):
            return Self.describe(try await session.metadata.update(changes))
        case .signOut(let ofBrowser):
            var answer = try Self.describe(await session.signOut())
            guard ofBrowser, let returnTo = URL(string: session.configuration.redirectURI) else { return answer }
            try await session.signOutOfBrowser(
                using: authenticator, returnTo: returnTo, options: LogoutOptions(sendsIDTokenHint: true))
            answer.lines.append("signed out in the browser")
            answer.json["browser"] = "signed_out"
            return answer
        }
    }

    /// Sends a request. With `stepUp` the user authenticates first if the API requires it (RFC 9470).
    private func request(_ request: URLRequest, stepUp: Bool, timeout: TimeInterval) async throws -> Answer {
        var (data, response): (Data, HTTPURLResponse)
        do {
            (data, response) = try await session.data(for: request)
        } catch SessionError.stepUpRequired(let challenge, _) where stepUp {
            (data, response) = try await within(timeout) {
                try await session.stepUp(for: challenge, using: authenticator)
            }
        }
        let text = String(decoding: data, as: UTF8.self)
        return Answer(
            lines: ["status: \(response.statusCode)", text],
            json: ["status": .integer(Int64(response.statusCode)), "body": .string(text)])
    }

    /// Limits the wait for the user, who may never return from the browser or the other device.
    private func within<Value: Sendable>(
        _ timeout: TimeInterval, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: .seconds(timeout))
                return nil
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() ?? nil else { throw SessionError.signInCancelled }
            return value
        }
    }

    private static func describe(_ metadata: [String: SessionJSON]) -> Answer {
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

    private static func describe(_ outcome: SignOutOutcome) throws -> Answer {
        let (line, issuer) =
            switch outcome {
            case .revoked: ("signed out; revoked at the issuer", "revoked")
            case .nothingToRevoke: ("signed out", "nothing_to_revoke")
            case .revocationNotOffered:
                ("signed out here; the issuer offers no revocation", "revocation_not_offered")
            case .revocationPending:
                ("signed out here; the issuer cannot be reached and will be revoked later", "revocation_pending")
            case .revocationRefused:
                ("signed out here; the issuer refused to revoke the refresh token", "revocation_refused")
            case .readOnly:
                throw SessionError.readOnly(message: "a read-only session signs nobody out")
            }
        return Answer(lines: [line], json: ["signed_out": true, "issuer": .string(issuer)])
    }

    private static func words(for reason: ReauthenticationReason) -> String {
        switch reason {
        case .refreshTokenRejected: "the issuer refused the refresh token"
        case .noRefreshToken: "the access token has expired and there is no refresh token"
        case .lifetimeEnded: "the session has lasted as long as this app lets one last"
        case .idleTooLong: "the session was not used for longer than this app allows"
        }
    }

    private static func name(of reason: ReauthenticationReason) -> String {
        switch reason {
        case .refreshTokenRejected: "refresh_token_rejected"
        case .noRefreshToken: "no_refresh_token"
        case .lifetimeEnded: "lifetime_ended"
        case .idleTooLong: "idle_too_long"
        }
    }
}
