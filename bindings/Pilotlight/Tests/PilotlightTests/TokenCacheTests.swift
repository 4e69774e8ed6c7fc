import PilotlightCore
import Testing

@testable import Pilotlight

@Suite struct TokenCacheTests {
    @Test func aChangeOfStateForgetsTheText() {
        let session = ScriptedCore().session(.none)
        #expect(session.tokens.isEmpty)
        #expect(session.cachedAccessToken() == "cached")
        #expect(!session.tokens.isEmpty)
        session.broadcaster.stateChanged(state: .signedOut)
        #expect(session.tokens.isEmpty)
    }

    /// The core answers with a text, and before the caller has it the user signs out.
    @Test func aTextThatIsReadDuringAChangeOfStateIsNotKept() {
        let hook = Locked<(@Sendable () -> Void)?>(nil)
        let session = ScriptedCore(onCachedToken: { hook.withLock { $0 }?() }).session(.none)
        let broadcaster = session.broadcaster
        hook.withLock { $0 = { broadcaster.stateChanged(state: .signedOut) } }
        #expect(session.cachedAccessToken() == "cached")
        #expect(session.tokens.isEmpty)
        hook.withLock { $0 = nil }
        #expect(session.cachedAccessToken() == "cached")
        #expect(!session.tokens.isEmpty)
    }
}
