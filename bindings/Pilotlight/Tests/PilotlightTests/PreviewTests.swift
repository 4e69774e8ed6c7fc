import Foundation
import Pilotlight
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite struct PreviewTests {
    private struct Authenticator: WebAuthenticator {
        var error: SessionError?

        func authenticate(url: URL, redirectURI: URL) async throws -> URL {
            if let error { throw error }
            return redirectURI
        }
    }

    @Test func behavesLikeASession() async throws {
        let session = Session.preview(state: nil, profile: .preview(name: "Grace"), accessToken: "t")
        #expect(session.state == nil)
        #expect(try await session.restore() == .signedOut)
        #expect(session.cachedAccessToken() == nil)
        await #expect(throws: SessionError.signInRequired(reason: .signedOut, message: "nobody is signed in")) {
            try await session.accessToken()
        }
        #expect(try await session.signIn(using: Authenticator()).isSignedIn)
        #expect(try await session.accessToken() == "t")
        #expect(session.hasValidSession(minTTL: 60))
        #expect(try await session.profile().name == "Grace")
        #expect(await session.signOut() == .revoked)
        #expect(session.state == .signedOut)
        #expect(session.cachedAccessToken() == nil)
    }

    /// This file sees what an app sees.
    @Test func anAppsTestsCanMakeWhatCallsReturn() async throws {
        let flush = MetadataFlush(applied: [1], dropped: [.init(id: 2, message: "m")], waiting: 0)
        #expect(flush.dropped.first?.id == 2)
        #expect(PendingMetadataUpdate(id: 1, changes: ["a": nil]).changes == ["a": .null])
        #expect(SessionCounters(renewals: 3).renewals == 3 && SessionCounters() == Session.preview().counters)
        #expect(BoundKey(thumbprint: "t", isInSecureEnclave: false).thumbprint == "t")
        let url = try #require(URL(string: "https://issuer.example.com/activate"))
        let transfer = SessionTransfer(token: "t", expiresAt: .distantFuture, host: "issuer.example.com")
        #expect(transfer.url(for: url).query == "session_transfer_token=t")
        let signIn = DeviceSignIn(userCode: "ABCD-EFGH", verificationURL: url, expiresAt: .distantFuture)
        #expect(signIn.userCode == "ABCD-EFGH")
        await #expect(throws: SessionError.signInCancelled) {
            try await Session.preview(state: .signedOut).completeDeviceSignIn(signIn)
        }
    }

    @Test func metadataIsMergedAtTheFirstLevel() async throws {
        let session = Session.preview(metadata: ["a": 1, "b": ["c": 2, "d": 3]])
        let after = try await session.metadata.update(["b": ["c": 4], "a": nil, "e": "f"])
        #expect(after == ["b": ["c": 4], "e": "f"])
        #expect(try await session.metadata.get(["e", "z"]) == ["e": "f"])
        #expect(try await session.metadata.update([:]) == after)
        try await session.metadata.removeAll()
        #expect(try await session.metadata.get().isEmpty)
    }

    @Test func changesWaitWhileThePreviewIsOffline() async throws {
        let error = SessionError.temporarilyUnavailable(reason: .network, retryAfter: nil, message: "m")
        let session = Session.preview(waiting: [["a": 1]], failingWith: error)
        #expect(session.metadata.pending.map(\.changes) == [["a": 1]])
        #expect(try await session.metadata.updateOrWait(["b": 2]) == .waiting(id: 2))
        #expect(try await session.metadata.flush() == MetadataFlush(applied: [], dropped: [], waiting: 2))
        #expect(try await session.metadata.cancel(1))
        #expect(try await !session.metadata.cancel(1))
        #expect(session.metadata.pending.map(\.id) == [2])
    }

    @Test func aSecondFactorIsAskedForUntilItIsThere() async throws {
        let error = SessionError.mfaRequired(
            MFAChallenge(factors: ["otp", "push-notification", "phone", "recovery-code"]), message: "m")
        let session = Session.preview(failingWith: error)
        await #expect(throws: error) { try await session.accessToken(forceRefresh: true) }
        guard case .mfaRequired(let challenge, _) = error else { return }
        #expect(session.timeLeft(for: challenge) == 600)
        let all = try await session.authenticators(for: challenge)
        #expect(all.map(\.kind) == [.otp, .outOfBand(channel: "auth0"), .outOfBand(channel: "sms"), .recoveryCode])
        #expect(try await session.challenge(all[0], for: challenge) == .otp)
        #expect(try await session.challenge(all[1], for: challenge) == .push)
        #expect(try await session.challenge(all[2], for: challenge) == .code)
        #expect(try await session.verify(.push, for: challenge) == nil)
        #expect(try await session.accessToken(forceRefresh: true) == "preview-access-token")
        #expect(session.timeLeft(for: challenge) == nil)
        #expect(try await session.authenticators(for: challenge).isEmpty)
        // `verify` does not clear another error.
        let broken = Session.preview(failingWith: .readOnly(message: "m"))
        _ = try await broken.verify(.otp("1"), for: challenge)
        await #expect(throws: SessionError.readOnly(message: "m")) { try await broken.accessToken(forceRefresh: true) }
    }

    @Test func whatWaitedGoesBeforeTheNextChange() async throws {
        let session = Session.preview(metadata: ["a": 0], waiting: [["a": 1, "c": 3], ["a": nil]])
        var events = session.events.makeAsyncIterator()
        #expect(try await session.metadata.updateOrWait(["b": 2]) == .done(["b": 2, "c": 3]))
        #expect(session.metadata.pending.isEmpty)
        for id: UInt64 in 1...3 { #expect(await events.next() == .metadataUpdateSent(id: id)) }
        let broken = Session.preview(failingWith: .storageFailed(status: nil, message: "m"))
        await #expect(throws: SessionError.self) { try await broken.metadata.updateOrWait(["b": 2]) }
    }

    @Test func aCancelledSignInIsGivenUp() async throws {
        let session = Session.preview(state: .signedOut)
        await #expect(throws: SessionError.signInCancelled) {
            try await session.signIn(using: Authenticator(error: .signInCancelled))
        }
        #expect(session.state == .signedOut)
        let late = try #require(URL(string: "pilotlight-preview://callback"))
        await #expect(throws: SessionError.signInCancelled) { try await session.completeSignIn(with: late) }
    }

    @Test func showsAnyError() async {
        let error = SessionError.temporarilyUnavailable(reason: .network, retryAfter: nil, message: "m")
        let session = Session.preview(failingWith: error)
        await #expect(throws: error) { try await session.profile() }
        await #expect(throws: error) { try await session.metadata.get() }
        // Signing out cannot fail.
        #expect(await session.signOut() == .revoked)
    }

    @Test func aTokenGoesOnlyWhereItIsSafe() async throws {
        let session = Session.preview(accessToken: "t")
        for safe in ["https://api.example.com/x", "http://127.0.0.1:8080/", "http://localhost/", "http://[::1]:80/"] {
            var request = URLRequest(url: try #require(URL(string: safe)))
            request.setValue("Basic old", forHTTPHeaderField: "authorization")
            request.setValue("kept", forHTTPHeaderField: "X-Other")
            let authorized = try await session.authorized(request)
            let ofURL = try await session.authorized(try #require(request.url))
            #expect(ofURL.url == request.url && ofURL.httpMethod == "GET")
            #expect(ofURL.value(forHTTPHeaderField: "Authorization") == "Bearer t")
            #expect(authorized.value(forHTTPHeaderField: "Authorization") == "Bearer t")
            #expect(authorized.value(forHTTPHeaderField: "X-Other") == "kept")
        }
        for unsafe in ["http://api.example.com/", "ftp://127.0.0.1/", "file:///x", "http://127.0.0.1.example.com/"] {
            let request = URLRequest(url: try #require(URL(string: unsafe)))
            do {
                _ = try await session.authorized(request)
                Issue.record("a token went to \(unsafe)")
            } catch SessionError.argumentInvalid(let argument, _) {
                #expect(argument == "request")
            }
            let url = try #require(request.url)
            await #expect(throws: SessionError.self) { _ = try await session.authorized(url) }
        }
    }

    @Test(arguments: [-1, .nan, .infinity, 4_294_967_295.5]) func aMinTTLThatIsNoTimeIsRefused(minTTL: Double) async {
        let session = Session.preview()
        #expect(session.cachedAccessToken(minTTL: minTTL) == nil)
        #expect(!session.hasValidSession(minTTL: minTTL))
        do {
            _ = try await session.accessToken(minTTL: minTTL)
            Issue.record("accepted \(minTTL)")
        } catch SessionError.argumentInvalid(let argument, _) {
            #expect(argument == "minTTL")
        } catch {
            Issue.record(error)
        }
    }

    /// Another task on the main actor runs at the first suspension. So if it has not run, there was no
    /// suspension.
    @MainActor @Test func aTokenInMemoryCostsNoSuspensionOnTheMainActor() async throws {
        let session = Session.preview(accessToken: "t")
        var otherRan = false
        let other = Task { otherRan = true }
        for _ in 0..<100 {
            #expect(try await session.accessToken() == "t")
            _ = try await session.authorized(URLRequest(url: try #require(URL(string: "https://api.example.com"))))
        }
        #expect(!otherRan)
        await other.value
        #expect(otherRan)
    }
}
