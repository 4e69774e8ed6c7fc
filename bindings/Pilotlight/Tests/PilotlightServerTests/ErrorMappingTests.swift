import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

@Suite struct ErrorMappingTests {
    /// If the issuer asks for a longer pause than a call waits, the app has to wait.
    @Test(arguments: [(503, RetryReason.serverFault), (429, .rateLimited)])
    func aBusyIssuerMeansRetryLaterAndIsLeftAloneUntilThen(status: Int, reason: RetryReason) async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let state = session.state
        try await server.addFault(
            "token", ["kind": "status", "status": .integer(Int64(status)), "headers": ["retry-after": "40"]])
        #expect(try await retry { try await session.refresh() } == Retry(reason: reason, after: 40))
        #expect(session.state == state)
        #expect(session.hasValidSession())
        let asked = try await server.requests(to: "token")
        let soon = try #require(try await retry { try await session.refresh() })
        #expect(soon.reason == reason)
        #expect((1...40).contains(soon.after ?? 0))
        #expect(try await server.requests(to: "token") == asked)
        await server.stop()
    }

    @Test func aPageInsteadOfAnAnswerMeansRetryLater() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        try await server.addFault("token", ["kind": "html", "status": 200])
        #expect(
            try await retry { try await session.refresh() } == Retry(reason: .unexpectedAnswer, after: nil))
        #expect(session.state?.isSignedIn == true)
        await server.stop()
    }

    @Test func aShortFaultIsNotSeenByTheApp() async throws {
        let server = try await IdentityServer.start(["--leeway", "10"])
        let session = try await server.signedInSession()
        let before = try await server.requests(to: "token")
        try await server.addFault("token", ["kind": "status", "status": 503])
        #expect(try await session.refresh() == session.cachedAccessToken())
        #expect(try await server.requests(to: "token") == before + 2)
        // The request was processed and its answer lost: the request is repeated with the same refresh token, within the overlap.
        try await server.addFault("token", ["kind": "reset"], ["after_processing": true])
        #expect(try await session.refresh() == session.cachedAccessToken())
        #expect(session.state?.isSignedIn == true)
        await server.stop()
    }

    @Test func withoutANetworkTheUserStaysSignedInAndTheExpiredTokenIsThereOnRequest() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        try await server.change(["access_token_lifetime": 0])
        let session = try Session(server.auth0(), storage: folder.store("session"), log: .none)
        try await session.signIn(using: TestBrowser())
        let state = session.state
        try await server.goOffline()
        #expect(try await retry { try await session.accessToken() } == Retry(reason: .network, after: nil))
        #expect(session.cachedAccessToken() == nil)
        let expired = try await session.accessToken(allowExpired: true)
        #expect(!expired.isEmpty)
        #expect(session.state == state)
        #expect(session.hasValidSession())

        // The next launch does not know about the last one's failure.
        let next = try Session(server.auth0(), storage: folder.store("session", process: 1), log: .none)
        #expect(try await next.restore().isSignedIn)
        #expect(try await next.accessToken(allowExpired: true) == expired)
        try await server.goOnline()
        try await server.change(["access_token_lifetime": 86_400])
        let last = try Session(server.auth0(), storage: folder.store("session", process: 2), log: .none)
        #expect(try await last.accessToken(allowExpired: true) != expired)
        await server.stop()
    }

    @Test func anOfflineSignOutIsHeardOfLater() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        try await server.goOffline()
        #expect(await session.signOut() == .revocationPending)
        #expect(session.state == .signedOut)
        try await server.goOnline()
        try await session.restore()
        try await server.waitUntilSeen("revoke")
        #expect(try await server.counter("families_revoked") == 1)
        await server.stop()
    }

    @Test func aReadOnlySessionGivesWhatIsThereAndNothingElse() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let store = SessionStorage.file(folder.file("session"))
        let widget = try Session(server.auth0(), storage: store, readOnly: true, log: .none)
        #expect(try await widget.restore() == .signedOut)
        let app = try Session(server.auth0(), storage: store, log: .none)
        try await app.signIn(using: TestBrowser())

        #expect(try await widget.restore() == app.state)
        #expect(try await widget.accessToken() == app.cachedAccessToken())
        let renewed = try await app.refresh()
        try await widget.restore()
        #expect(try await widget.accessToken() == renewed)

        let asked = try await server.requests(to: "token")
        #expect(try await needsTheApp { _ = try await widget.accessToken(forceRefresh: true) })
        #expect(try await needsTheApp { try await widget.signIn(using: TestBrowser()) })
        #expect(await widget.signOut() == .readOnly)
        #expect(try await server.requests(to: "token") == asked)
        #expect(app.state?.isSignedIn == true)
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
        let session = try Session(server.auth0(), storage: .inMemory, log: .none)
        #expect(try await signInReason { _ = try await session.accessToken() } == .signedOut)
        #expect(try await signInReason { _ = try await session.profile() } == .signedOut)
        #expect(try await signInReason { _ = try await session.metadata.get() } == .signedOut)
        #expect(try await signInReason { _ = try await session.metadata.update(["a": 1]) } == .signedOut)
        #expect(await session.signOut() == .nothingToRevoke)
        await server.stop()
    }

    @Test func aSignInThatFailsCanBeBegunAnew() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(server.auth0(), storage: .inMemory, log: .none)
        do {
            try await session.signIn(using: TestBrowser(denyWith: "access_denied"))
            Issue.record("signed in")
        } catch SessionError.signInFailed(let code, _) {
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
        #expect(try await argument { _ = try await session.accessToken(minTTL: -1) } == "minTTL")
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
        } catch SessionError.argumentInvalid(_, let message) {
            #expect(message.text.contains("size"))
            #expect(!message.text.contains("a-private-value"))
        }
        await server.stop()
    }

    @Test func aTokenForAnotherAudienceIsAMatterOfConfiguration() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        do {
            _ = try await session.metadata.get()
            Issue.record("it was allowed")
        } catch SessionError.configurationInvalid(let field, _) {
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
            server.auth0(), storage: .file(blocked.appendingPathComponent("session")), log: .none)
        do {
            try await session.signIn(using: TestBrowser())
            Issue.record("it was stored")
        } catch SessionError.storageFailed(_, let message) {
            #expect(!message.text.isEmpty)
        }
        await server.stop()
    }
}

/// The reason of a `temporarilyUnavailable`, and its seconds if it has any.
private func retry(_ work: () async throws -> some Any) async throws -> Retry? {
    do {
        _ = try await work()
        return nil
    } catch SessionError.temporarilyUnavailable(let reason, let retryAfter, _) {
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
    } catch SessionError.signInRequired(let reason, _) {
        return reason
    }
}

private func argument(_ work: () async throws -> Void) async throws -> String? {
    do {
        try await work()
        return nil
    } catch SessionError.argumentInvalid(let argument, _) {
        return argument
    }
}

private func needsTheApp(_ work: () async throws -> some Any) async throws -> Bool {
    do {
        _ = try await work()
        return false
    } catch SessionError.readOnly {
        return true
    }
}
