import Foundation
import Testing

@testable import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The calls for code without `async`, and the face for Objective-C, which is plain Swift elsewhere.
@Suite struct CompletionTests {
    private struct Browser: WebAuthenticator {
        func authenticate(url: URL, redirectURI: URL) async throws -> URL { redirectURI }
    }

    @MainActor @Test func eachHandlerGetsWhatTheCallReturns() async throws {
        let session = Session.preview(state: .signedOut)
        let signedIn = try await result { session.signIn(using: Browser(), completion: $0) }
        #expect(signedIn.isSignedIn)
        #expect(try await result { session.restore(completion: $0) } == signedIn)
        #expect(try await result { session.accessToken(completion: $0) } == session.cachedAccessToken())
        #expect(try await result { session.profile(completion: $0) }.name == "Ada Lovelace")
        let changed = try await result { session.updateMetadata(["country": "UK"], completion: $0) }
        #expect(changed["country"] == "UK")
        let request = URLRequest(url: try #require(URL(string: "https://api.example.com/")))
        let authorized = try await result { session.authorized(request, completion: $0) }
        #expect(authorized.value(forHTTPHeaderField: "Authorization")?.hasPrefix("Bearer ") == true)
        await withCheckedContinuation { continuation in
            session.signOut { _ in continuation.resume() }
        }
        #expect(session.state == .signedOut)
    }

    @MainActor @Test func eachHandlerGetsTheErrorToo() async {
        let error = SessionError.temporarilyUnavailable(reason: .network, retryAfter: nil, message: "m")
        let session = Session.preview(failingWith: error)
        await #expect(throws: error) { _ = try await result { session.profile(refresh: true, completion: $0) } }
    }

    @MainActor @Test func objectiveCSeesStatesTokensAndClaims() async throws {
        let session = PLTSession(Session.preview(state: nil))
        #expect(session.state == .unknown && session.userIdentifier == nil)
        let restored = await withCheckedContinuation { continuation in
            session.restore { state, error in continuation.resume(returning: (state, error == nil)) }
        }
        #expect(restored == (.signedOut, true))
        _ = try await session.session.signIn(using: Browser())
        #expect(session.state == .signedIn)
        #expect(session.userIdentifier != nil)
        let token = await withCheckedContinuation { continuation in
            session.accessToken { token, _ in continuation.resume(returning: token) }
        }
        #expect(token == session.cachedAccessToken)
        let name = await withCheckedContinuation { continuation in
            session.profile { claims, _ in continuation.resume(returning: claims?["name"] as? String) }
        }
        #expect(name == "Ada Lovelace")
        let error = SessionError.storageFailed(status: -34018, message: "m")
        let failing = PLTSession(Session.preview(failingWith: error))
        let code = await withCheckedContinuation { continuation in
            failing.restore { _, error in continuation.resume(returning: (error as NSError?)?.code) }
        }
        #expect(code == 10)
        await withCheckedContinuation { continuation in session.signOut { continuation.resume() } }
        #expect(session.state == .signedOut)
    }

    @MainActor
    private func result<Value: Sendable>(
        _ call: (@escaping Session.Completion<Value>) -> Task<Void, Never>
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            _ = call { continuation.resume(with: $0) }
        }
    }
}
