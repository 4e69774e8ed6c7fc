import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

@Suite struct LegacyTests {
    private func legacy(_ server: IdentityServer) -> SessionConfiguration {
        .auth0(
            domain: server.issuer, clientID: IdentityServer.clientID, redirectURI: IdentityServer.redirectURI,
            legacy: true)
    }

    private func signedIn(_ server: IdentityServer, _ storage: SessionStorage = .inMemory) async throws -> Session {
        let session = try Session(legacy(server), storage: storage, log: .none)
        let state = try await session.legacy.signIn(
            username: "ada@example.com", password: "correct horse", device: "Ada's phone")
        #expect(state.isSignedIn)
        return session
    }

    @Test func aPasswordBringsASessionThatLivesByItsIDTokenAndIsRenewedByDelegation() async throws {
        let server = try await IdentityServer.start(["--legacy"])
        let folder = try TemporaryFolder()
        let first = try await signedIn(server, folder.store("session"))
        guard case .signedIn(let subject, let expiresAt) = first.state else {
            Issue.record("not signed in: \(String(describing: first.state))")
            return
        }
        #expect(subject == "auth0|ada")
        #expect(abs(expiresAt.timeIntervalSinceNow - 36_000) < 600)
        let idToken = try await first.legacy.idToken(minTTL: 3600)
        #expect(first.legacy.cachedIDToken() == idToken)

        // The next launch, and a token that must be good for longer than it is.
        let second = try Session(legacy(server), storage: folder.store("session", process: 1), log: .none)
        #expect(try await second.restore().isSignedIn)
        #expect(try await second.legacy.idToken() == idToken)
        #expect(try await server.counter("delegations_honoured") == 0)
        try await server.change(["id_token_lifetime": 2])
        let short = try Session(legacy(server), storage: .inMemory, log: .none)
        try await short.legacy.signIn(username: "ada@example.com", password: "correct horse", device: "Another")
        try await server.change(["id_token_lifetime": 36_000])
        let renewed = try await short.legacy.idToken(minTTL: 2)
        #expect(short.legacy.cachedIDToken(minTTL: 3600) == renewed)
        #expect(try await server.counter("delegations_honoured") == 1)

        #expect(await second.signOut() == .revoked)
        #expect(try await server.counter("families_revoked") == 1)
        await server.stop()
    }

    @Test func anAddOnsAnswerIsAFreeMap() async throws {
        let server = try await IdentityServer.start(["--legacy"])
        let session = try await signedIn(server)
        for grant in [LegacyAuth0.Grant.idToken, .refreshToken] {
            let aws = try await session.legacy.delegate(
                apiType: "aws", parameters: ["role": "arn:aws:iam::1:role/r"], grant: grant)
            #expect(aws["AssumedRoleUser"]?["Arn"] == "arn:aws:iam::1:role/r")
            #expect(aws["Credentials"]?["AccessKeyId"]?.stringValue != nil)
        }
        await #expect(throws: SessionError.self) {
            try await session.legacy.delegate(apiType: "aws", parameters: ["refresh_token": "x"])
        }
        await server.stop()
    }

    @Test func theProfileComesFromTokenInfo() async throws {
        let server = try await IdentityServer.start(["--legacy"])
        let session = try await signedIn(server)
        let profile = try await session.legacy.tokenInfo()
        #expect(profile.subject == "auth0|ada")
        #expect(profile.email == "ada@example.com")
        #expect(session.cachedProfile == profile)
        #expect(try await session.profile(refresh: true).subject == "auth0|ada")
        #expect(try await server.requests(to: "tokeninfo") == 2)
        let error = try await sessionError { try await session.legacy.tokenInfo(idToken: "a.b.c") }
        guard case .argumentInvalid("id_token", _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await server.stop()
    }

    @Test func errorsSayWhatToDo() async throws {
        let server = try await IdentityServer.start()
        let ordinary = try await server.signedInSession()
        let off = try await sessionError { try await ordinary.legacy.idToken() }
        guard case .configurationInvalid("legacy", _)? = off else {
            Issue.record("\(String(describing: off))")
            return
        }
        let session = try Session(legacy(server), storage: .inMemory, log: .none)
        func attempt(_ password: String) async throws -> SessionError? {
            try await sessionError {
                try await session.legacy.signIn(username: "ada@example.com", password: password, device: "Ada's phone")
            }
        }
        guard case .configurationInvalid("legacy", let words)? = try await attempt("correct horse") else {
            Issue.record("the endpoint is disabled")
            return
        }
        #expect(words.text.contains("endpoint_disabled"))
        try await server.change(["legacy": true])
        guard case .signInFailed("invalid_user_password", _)? = try await attempt("wrong") else {
            Issue.record("the password is wrong")
            return
        }
        #expect(session.state?.isSignedIn != true)
        #expect(try await attempt("correct horse") == nil)
        #expect(session.state?.isSignedIn == true)
        _ = try await session.legacy.idToken(minTTL: 60)
        let none = try await sessionError { try await session.accessToken(forceRefresh: true) }
        guard case .configurationInvalid("legacy", let text)? = none else {
            Issue.record("\(String(describing: none))")
            return
        }
        #expect(text.text.contains("idToken()"))
        await server.stop()
    }

    @Test func onlyTheIssuersWordEndsTheSession() async throws {
        let server = try await IdentityServer.start(["--legacy", "--ttl-id", "1"])
        let session = try await signedIn(server)
        try await server.change(["id_token_lifetime": 36_000])
        try await server.addFault("delegation", ["kind": "html", "status": 200], ["for_ever": true])
        let portal = try await sessionError { try await session.legacy.idToken(minTTL: 1) }
        guard case .temporarilyUnavailable(.unexpectedAnswer, _, _)? = portal else {
            Issue.record("\(String(describing: portal))")
            return
        }
        #expect(session.state?.isSignedIn == true)

        try await server.clearFaults()
        try await server.change(["id_token_lifetime": 1])
        let other = try await signedIn(server)
        try await server.revoke("ada@example.com")
        let refused = try await sessionError { try await other.legacy.idToken(minTTL: 1) }
        guard case .signInRequired(.refreshTokenRejected, _)? = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(other.state == .reauthenticationRequired(reason: .refreshTokenRejected))
        await server.stop()
    }
}

/// The error that `call` throws.
private func sessionError<Value>(_ call: () async throws -> Value) async throws -> SessionError? {
    do {
        _ = try await call()
        return nil
    } catch let error as SessionError {
        return error
    }
}
