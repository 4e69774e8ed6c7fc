import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

@Suite struct RenewalTests {
    /// A session whose token has already expired, at a server whose next tokens are good for a day.
    private func sessionInNeedOfRenewal(_ server: IdentityServer) async throws -> Session {
        try await server.change(["access_token_lifetime": 0])
        let session = try await server.signedInSession()
        try await server.change(["access_token_lifetime": 86_400])
        return session
    }

    @Test func twoHundredCallersShareOneRenewal() async throws {
        let server = try await IdentityServer.start()
        let session = try await sessionInNeedOfRenewal(server)
        #expect(session.cachedAccessToken() == nil)
        try await server.addFault("token", ["kind": "hold"])
        let tokens = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<200 { group.addTask { try await session.accessToken() } }
            try await server.waitUntilHeld("token")
            try await server.release("token")
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(tokens.count == 200)
        #expect(Set(tokens).count == 1)
        #expect(tokens.first == session.cachedAccessToken())
        #expect(try await server.counter("refresh_grants") == 1)
        await server.stop()
    }

    @Test func aCancelledCallerLeavesAtOnceAndTheRenewalGoesOn() async throws {
        let server = try await IdentityServer.start()
        let session = try await sessionInNeedOfRenewal(server)
        #expect(session.cachedAccessToken() == nil)
        try await server.addFault("token", ["kind": "hold"])
        let impatient = Task { try await session.accessToken() }
        try await server.waitUntilHeld("token")
        impatient.cancel()
        // The request is still held, so only the cancellation can have ended the wait.
        await #expect(throws: CancellationError.self) { try await impatient.value }
        try await server.release("token")
        #expect(try await session.accessToken() == session.cachedAccessToken())
        #expect(try await server.counter("refresh_grants") == 1)
        #expect(try await server.counter("spent_refresh_tokens_presented") == 0)
        await server.stop()
    }

    @Test func aCallerThatIsCancelledAlreadyGetsTheTokenAtHandButRenewsNothing() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            let atHand = try await session.accessToken()
            await #expect(throws: CancellationError.self) { try await session.accessToken(forceRefresh: true) }
            return atHand
        }
        #expect(try await cancelled.value == session.cachedAccessToken())
        #expect(try await server.counter("refresh_grants") == 0)
        await server.stop()
    }

    @Test func moreTimeThanAnyTokenHasIsABadArgument() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        #expect(session.cachedAccessToken(minTTL: 100_000) == nil)
        do {
            _ = try await session.accessToken(minTTL: 100_000)
            Issue.record("renewed")
        } catch SessionError.argumentInvalid(let argument, _) {
            #expect(argument == "minTTL")
        }
        // The issuer's tokens may have a longer lifetime by now, so it is asked, but only once.
        #expect(try await server.counter("refresh_grants") == 1)
        await server.stop()
    }

    @Test func theTokenAtHandIsAlwaysThePresentOne() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let adas = try #require(session.cachedAccessToken())
        #expect(session.cachedAccessToken(minTTL: 100_000) == nil)
        #expect(session.cachedAccessToken() == adas)
        let renewed = try await session.refresh()
        #expect(session.cachedAccessToken() == renewed)
        await session.signOut()
        #expect(session.cachedAccessToken() == nil)
        #expect(!session.hasValidSession())
        try await session.signIn(using: TestBrowser(signInAs: "grace@example.com"))
        let graces = try #require(session.cachedAccessToken())
        #expect(![adas, renewed].contains(graces))
        #expect(try await session.accessToken() == graces)
        await server.stop()
    }

    /// Another task on the main actor runs at the first suspension. So if it has not run, there was no
    /// suspension.
    @MainActor @Test func aTokenInMemoryCostsNoSuspensionOnTheMainActor() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        var otherRan = false
        let other = Task { otherRan = true }
        for _ in 0..<100 { _ = try await session.accessToken(minTTL: 60) }
        #expect(!otherRan)
        _ = try await session.accessToken(forceRefresh: true)
        #expect(otherRan)
        await other.value
        await server.stop()
    }
}
