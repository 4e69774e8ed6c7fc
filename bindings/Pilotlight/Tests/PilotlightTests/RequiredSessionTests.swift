import Foundation
import Testing

@testable import Pilotlight

/// What a view with `requiresSession()` shows.
@MainActor @Suite struct RequiredSessionTests {
    private static let error = SessionError.storageFailed(status: 5, message: "m")

    /// Follows as the view's task does, and keeps everything that was shown.
    @MainActor private final class Follower {
        private(set) var shown = RequiredSession()
        private(set) var parts: [RequiredSession.Part] = []
        private var task: Task<Void, Never>?
        private let (changes, changing) = AsyncStream.makeStream(of: Void.self)

        /// As SwiftUI does when the task's id changes.
        func follow(_ session: Session?) {
            task?.cancel()
            task = Task {
                await RequiredSession.follow(session) { [weak self] in
                    self?.shown = $0
                    self?.parts.append($0.part(for: session))
                    self?.changing.yield()
                }
            }
        }

        func end() { task?.cancel() }

        func until(_ part: RequiredSession.Part) async {
            await until { $0.last == part }
        }

        func until(_ condition: ([RequiredSession.Part]) -> Bool) async {
            var changes = changes.makeAsyncIterator()
            while !condition(parts) { await changes.next() }
        }
    }

    @Test func itIsReadOnceAndFollowed() async throws {
        let (follower, session) = (Follower(), Session.preview(state: nil))
        #expect(follower.shown.part(for: session) == .progress)
        follower.follow(session)
        await follower.until(.otherwise(.signedOut))
        #expect(follower.parts.first == .progress)
        try await session.signIn(using: Browser())
        await follower.until(.content)
        await session.signOut()
        await follower.until(.otherwise(.signedOut))
        follower.end()
    }

    @Test func whatCannotBeReadIsShownAndTriedAgain() async throws {
        let (follower, session) = (Follower(), Session.preview(state: nil, failingWith: Self.error))
        follower.follow(session)
        await follower.until(.failure(Self.error))
        // The user tries again.
        follower.follow(session)
        await follower.until { $0 == [.progress, .failure(Self.error), .progress, .failure(Self.error)] }
        try #require(session.core as? PreviewCore).contents.withLock { $0.error = nil }
        follower.follow(session)
        await follower.until(.otherwise(.signedOut))
        follower.end()
    }

    @Test func anErrorGoesWhenAnotherCallReadsTheSession() async throws {
        let (follower, session) = (Follower(), Session.preview(state: nil, failingWith: Self.error))
        follower.follow(session)
        await follower.until(.failure(Self.error))
        try #require(session.core as? PreviewCore).contents.withLock { $0.error = nil }
        try await session.restore()
        await follower.until(.otherwise(.signedOut))
        follower.end()
    }

    @Test func anotherSessionIsShownAtOnceAndThenFollowed() async {
        let (follower, first, second) = (Follower(), Session.preview(), Session.preview(state: nil))
        follower.follow(first)
        await follower.until(.content)
        #expect(follower.shown.part(for: second) == .progress, "not the state of the first")
        #expect(follower.shown.part(for: nil) == .otherwise(.signedOut))
        follower.follow(second)
        await follower.until(.otherwise(.signedOut))
        await first.signOut()
        #expect(follower.shown.part(for: first) == .otherwise(.signedOut))
        follower.follow(nil)
        await follower.until(.otherwise(.signedOut))
        follower.end()
    }

    @Test func eachSessionAndEachTryIsAnotherAttempt() {
        let (one, other) = (Session.preview(), Session.preview())
        typealias Attempt = RequiredSession.Attempt
        #expect(Attempt(session: one) == Attempt(session: one))
        #expect(Attempt(session: one) != Attempt(session: other) && Attempt(session: one) != Attempt())
        #expect(Attempt(session: one) != Attempt(session: one, number: 1))
    }

    private struct Browser: WebAuthenticator {
        func authenticate(url: URL, redirectURI: URL) async throws -> URL { redirectURI }
    }
}
