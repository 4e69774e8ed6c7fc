import Foundation
import Testing

@testable import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The calls for code without `async`, and the API for Objective-C, which is plain Swift on other platforms.
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
        #expect(session.state == .unknown && session.userIdentifier == nil && !session.requiresSignIn)
        let restored = await withCheckedContinuation { continuation in
            session.restore { state, error in continuation.resume(returning: (state, error == nil)) }
        }
        #expect(restored == (.signedOut, true) && session.requiresSignIn)
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
        #expect(session.cachedProfile?["name"] as? String == "Ada Lovelace")
        let url = try #require(URL(string: "https://api.example.com/"))
        let header = await withCheckedContinuation { continuation in
            session.authorized(URLRequest(url: url)) { request, _ in
                continuation.resume(returning: request?.value(forHTTPHeaderField: "Authorization"))
            }
        }
        #expect(header == token.map { "Bearer \($0)" })
        let error = SessionError.storageFailed(status: -34018, message: "m")
        let failing = PLTSession(Session.preview(failingWith: error))
        let code = await withCheckedContinuation { continuation in
            failing.restore { _, error in continuation.resume(returning: (error as NSError?)?.code) }
        }
        #expect(code == 10)
        await withCheckedContinuation { continuation in session.signOut { continuation.resume() } }
        #expect(session.state == .signedOut)
    }

    @MainActor @Test func objectiveCChangesMetadata() async throws {
        let session = PLTSession(Session.preview(metadata: ["country": "UK", "city": "Leeds"]))
        let changes: [String: Any] = [
            "city": NSNull(), "country": "France", "visits": 3, "news": true, "share": 0.5, "tags": ["a", "b"],
            "home": ["floor": 2],
        ]
        let answer = await withCheckedContinuation { continuation in
            session.updateMetadata(changes) { metadata, error in
                continuation.resume(returning: (metadata?.keys.sorted(), error == nil))
            }
        }
        #expect(answer == (["country", "home", "news", "share", "tags", "visits"], true))
        let now = try await session.session.metadata.get()
        #expect(now["visits"] == 3 && now["news"] == true && now["share"] == 0.5 && now["tags"] == ["a", "b"])
        #expect(now["home"] == ["floor": 2] && now["country"] == "France")
        let country = await withCheckedContinuation { continuation in
            session.metadata { metadata, _ in continuation.resume(returning: metadata?["country"] as? String) }
        }
        #expect(country == "France")
    }

    @MainActor @Test func aValueThatJSONDoesNotHaveIsRefusedBeforeAnythingIsSent() async throws {
        let session = PLTSession(Session.preview(metadata: ["country": "UK"]))
        let code = await withCheckedContinuation { continuation in
            session.updateMetadata(["since": Date()]) { _, error in
                continuation.resume(returning: (error as? SessionError)?.errorCode)
            }
        }
        #expect(code == 9)
        #expect(try await session.session.metadata.get() == ["country": "UK"])
    }

    @MainActor @Test func objectiveCImportsWhatLockStored() async throws {
        let session = PLTSession(Session.preview(state: .signedOut))
        let answer = await withCheckedContinuation { continuation in
            session.importLockSession { state, error in continuation.resume(returning: (state, error == nil)) }
        }
        let expected = try await session.session.importSession(from: .lockV1())
        #expect(answer == (PLTSessionState(session.session.state), true), "\(expected)")
    }

    @MainActor @Test func objectiveCSeesWhatBecameOfAnImport() async throws {
        func outcome(_ session: PLTSession) async -> (PLTImportOutcome, PLTSessionState, Int?) {
            await withCheckedContinuation { continuation in
                session.importLockSession { outcome, state, error in
                    continuation.resume(returning: (outcome, state, (error as NSError?)?.code))
                }
            }
        }
        #expect(await outcome(PLTSession(.preview(state: .signedOut))) == (.nothingFound, .signedOut, nil))
        #expect(await outcome(PLTSession(.preview())) == (.sessionExists, .signedIn, nil))
        let error = SessionError.storageFailed(status: nil, message: "m")
        #expect(await outcome(PLTSession(.preview(failingWith: error))) == (.failed, .signedIn, 10))
        #expect(PLTImportOutcome(.unreadable(problem: .malformed)) == .unreadable)
    }

    /// On the main queue, once for a change, and not after the session is gone.
    @MainActor @Test func objectiveCIsNotifiedOfEachChange() async throws {
        let inner = Session.preview(state: nil)
        var session: PLTSession? = PLTSession(inner)
        let id = session.map(ObjectIdentifier.init)
        let (changes, changing) = AsyncStream.makeStream(of: Bool.self)
        let observer = NotificationCenter.default.addObserver(
            forName: Notification.Name(PLTSession.stateDidChangeNotification), object: nil, queue: nil
        ) { notification in
            // Other tests post theirs at the same time.
            guard (notification.object as? PLTSession).map(ObjectIdentifier.init) == id else { return }
            changing.yield(MainActor.assumeIsolated { true })
        }
        var onMain = changes.makeAsyncIterator()
        try await inner.restore()
        #expect(await onMain.next() == true && session?.state == .signedOut)
        try await inner.signIn(using: Browser())
        #expect(await onMain.next() == true && session?.state == .signedIn)
        // A renewal is no change.
        inner.broadcaster.states.send(.signedIn(subject: "preview|1", expiresAt: .distantPast))
        await inner.signOut()
        #expect(await onMain.next() == true && session?.state == .signedOut)
        weak var weakly: PLTSession?
        weakly = session
        session = nil
        #expect(weakly == nil)
        try await inner.signIn(using: Browser())
        await Task.yield()
        NotificationCenter.default.removeObserver(observer)
        changing.finish()
        #expect(await onMain.next() == nil)
    }

    @MainActor @Test func noChangesOfMetadataChangeNothing() async {
        let session = PLTSession(Session.preview(metadata: ["country": "UK"]))
        let country = await withCheckedContinuation { continuation in
            session.updateMetadata([:]) { metadata, _ in continuation.resume(returning: metadata?["country"] as? String)
            }
        }
        #expect(country == "UK")
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
