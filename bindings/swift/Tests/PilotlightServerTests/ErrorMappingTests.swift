import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

@Suite struct ErrorMappingTests {
    @Test func passingTroubleMeansRetryLaterAndEndsNoSession() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let state = session.state
        let renewal: @Sendable () async throws -> Void = { _ = try await session.accessToken(forceRefresh: true) }

        try await server.addFault("token", ["kind": "status", "status": 503, "headers": ["retry-after": "7"]])
        #expect(try await retry(renewal) == Retry(reason: .serverFault, after: 7))
        try await server.addFault("token", ["kind": "status", "status": 429, "headers": ["retry-after": "11"]])
        #expect(try await retry(renewal) == Retry(reason: .rateLimited, after: 11))
        try await server.addFault("token", ["kind": "html", "status": 200])
        #expect(try await retry(renewal) == Retry(reason: .unexpectedAnswer, after: nil))
        try await server.goOffline()
        #expect(try await retry(renewal) == Retry(reason: .network, after: nil))
        #expect(session.state == state)
        #expect(session.hasValidSession())
        try await server.goOnline()
        try await renewal()
        #expect(session.state?.isSignedIn == true)
        await server.stop()
    }

    @Test func aRevokedSessionNeedsTheUser() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        try await server.revoke("ada@example.com")
        #expect(
            try await signInReason { _ = try await session.accessToken(forceRefresh: true) } == .refreshTokenRejected)
        #expect(session.state == .reauthenticationRequired(reason: .refreshTokenRejected))
        #expect(session.cachedAccessToken() == nil)
        #expect(!session.hasValidSession())
        try await session.signIn(using: TestBrowser())
        #expect(session.state?.isSignedIn == true)
        await server.stop()
    }

    @Test func withoutSignInEverythingThatNeedsItSaysSo() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(try server.auth0(), storage: .inMemory, log: .none)
        #expect(try await signInReason { _ = try await session.accessToken() } == .signedOut)
        #expect(try await signInReason { _ = try await session.profile() } == .signedOut)
        #expect(try await signInReason { _ = try await session.metadata.get() } == .signedOut)
        #expect(try await signInReason { _ = try await session.metadata.update(["a": 1]) } == .signedOut)
        #expect(await session.signOut() == .nothingToRevoke)
        await server.stop()
    }

    @Test func aSignInThatFailsCanBeBegunAnew() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(try server.auth0(), storage: .inMemory, log: .none)
        do {
            try await session.signIn(using: TestBrowser(denyWith: "access_denied"))
            Issue.record("signed in")
        } catch SessionError.restartSignIn(let code, _) {
            #expect(code == "access_denied")
        }
        _ = try await session.beginSignIn()
        session.cancelSignIn()
        let late = try #require(URL(string: IdentityServer.redirectURI + "?code=c&state=s"))
        await #expect(throws: SessionError.signInCancelled) { try await session.completeSignIn(with: late) }
        #expect(session.state?.isSignedIn != true)
        #expect(try await session.signIn(using: TestBrowser()).isSignedIn)
        await server.stop()
    }

    @Test func badArgumentsAreNamedAndNothingIsSent() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession(metadataAccess: true)
        let before = try await server.counter("refresh_grants")
        #expect(try await argument { _ = try await session.metadata.update(["a.b": 1]) } == "metadata")
        #expect(try await argument { _ = try await session.metadata.update(["": 1]) } == "metadata")
        #expect(try await argument { _ = try await session.metadata.update(encoding: [1, 2]) } == "metadata")
        #expect(try await argument { _ = try await session.refresh(scopes: ["two words"]) } == "scopes")
        #expect(
            try await argument { _ = try await session.refresh(parameters: ["refresh_token": "x"]) } == "parameters")
        #expect(
            try await argument { _ = try await session.beginSignIn(SignInOptions(parameters: ["state": "x"])) }
                == "parameters")
        #expect(try await argument { _ = try await session.accessToken(minTTL: -1) } == "min_ttl")
        #expect(try await server.requests(to: "users") == 0)
        #expect(try await server.counter("refresh_grants") == before)
        await server.stop()
    }

    @Test func metadataThatDoesNotFitATypeIsNotQuoted() async throws {
        struct Strict: Decodable, Sendable { var size: Int }
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession(metadataAccess: true)
        try await server.setMetadata(of: "ada@example.com", ["size": "a-private-value"])
        do {
            _ = try await session.metadata.get(as: Strict.self)
            Issue.record("it fitted")
        } catch SessionError.fixArgument(_, let message) {
            #expect(message.contains("size"))
            #expect(!message.contains("a-private-value"))
        }
        await server.stop()
    }

    @Test func aTokenForAnotherAudienceIsAMatterOfConfiguration() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        do {
            _ = try await session.metadata.get()
            Issue.record("it was allowed")
        } catch SessionError.fixConfiguration(let field, _) {
            #expect(field == "audience")
        }
        await server.stop()
    }

    @Test func aStoreThatCannotBeWrittenIsReportedAndTheTokenStaysUsable() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let blocked = folder.file("file")
        try Data().write(to: blocked)
        let session = try Session(
            try server.auth0(), storage: .file(blocked.appendingPathComponent("session")), log: .none)
        do {
            try await session.signIn(using: TestBrowser())
            Issue.record("it was stored")
        } catch SessionError.checkStorage(_, let message) {
            #expect(!message.isEmpty)
        }
        await server.stop()
    }
}

/// What a `retryLater` says: the reason, and the seconds where there are some.
private func retry(_ work: () async throws -> Void) async throws -> Retry? {
    do {
        try await work()
        return nil
    } catch SessionError.retryLater(let reason, let retryAfter, _) {
        return Retry(reason: reason, after: retryAfter)
    }
}

private struct Retry: Equatable {
    var reason: RetryReason
    var after: TimeInterval?
}

private func signInReason(_ work: () async throws -> Void) async throws -> SignInReason? {
    do {
        try await work()
        return nil
    } catch SessionError.signIn(let reason, _) {
        return reason
    }
}

private func argument(_ work: () async throws -> Void) async throws -> String? {
    do {
        try await work()
        return nil
    } catch SessionError.fixArgument(let argument, _) {
        return argument
    }
}
