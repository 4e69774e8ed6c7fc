import Foundation
import Testing

@testable import Pilotlight

@Suite(.timeLimit(.minutes(1))) struct SignInTests {
    /// The core's answers arrive in a different order from its sign-ins: the first caller gets its answer last.
    @Test func aPageThatIsClosedCancelsItsOwnSignInAndNoOther() async throws {
        let secondPageIsOpen = Gate()
        let core = ScriptedCore(onBegin: { attempt in if attempt == 1 { await secondPageIsOpen.pass() } })
        let session = core.session(.none)
        let first = Task { try await session.signIn(using: Closes()) }
        while core.attempts == 0 { await Task.yield() }
        let close = Gate()
        let second = Task { try await session.signIn(using: Shows(opened: secondPageIsOpen, close: close)) }
        await #expect(throws: SessionError.signInCancelled) { try await first.value }
        #expect(core.cancelled == [1])
        close.open()
        _ = try await second.value
        #expect(core.cancelled == [1])
    }

    @Test func thePreviewsCoreDoesTheSame() async throws {
        let session = Session.preview(state: .signedOut)
        let close = Gate()
        let opened = Gate()
        let second = Task { try await session.signIn(using: Shows(opened: opened, close: close)) }
        await close.untilReached()
        // A sign-in that began earlier is cancelled later.
        session.core.cancelSignInAttempt(attempt: 0)
        close.open()
        #expect(try await second.value.isSignedIn)
    }

    /// Plays a user who closes the page.
    private struct Closes: WebAuthenticator {
        func authenticate(url: URL, redirectURI: URL) async throws -> URL { throw SessionError.signInCancelled }
    }

    /// Plays a user who takes time.
    private struct Shows: WebAuthenticator {
        let opened: Gate
        let close: Gate

        func authenticate(url: URL, redirectURI: URL) async throws -> URL {
            opened.open()
            await close.pass()
            return redirectURI
        }
    }
}
