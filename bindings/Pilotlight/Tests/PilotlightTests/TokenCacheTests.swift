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

    @Test func theTextIsReadOnceInEachEpochOfTheSession() {
        let core = ScriptedCore()
        let session = core.session(.none)
        for _ in 0..<3 { #expect(session.cachedAccessToken() == "cached") }
        #expect(session.cachedAccessToken(minTTL: 3600) == "cached")
        #expect(core.tokenReads == 1)
        core.change()
        for _ in 0..<3 { #expect(session.cachedAccessToken() == "cached") }
        #expect(core.tokenReads == 2)
        core.loseToken()
        #expect(session.cachedAccessToken() == nil)
        #expect(session.tokens.isEmpty)
    }

    @Test func whatIsNotGoodForAsLongAsIsAskedForIsAskedOfTheCore() {
        let core = ScriptedCore()
        let session = core.session(.none)
        // By the clock of the leases the token has expired long ago, so the core is asked each time.
        core.expireToken(at: 1)
        for reads in 1...3 {
            #expect(session.cachedAccessToken() == "cached")
            #expect(core.tokenReads == reads)
        }
        core.expireToken(at: .max)
        #expect(session.cachedAccessToken() == "cached")
        #expect(session.cachedAccessToken(minTTL: 4_000_000_000) == "cached")
        #expect(core.tokenReads == 4)
        // The token's remaining lifetime is shorter than the longest one that can be requested.
        core.expireToken(at: UInt64(4_000_000_000) * 1_000_000_000)
        #expect(session.cachedAccessToken() == "cached")
        #expect(core.tokenReads == 5)
        #expect(session.cachedAccessToken(minTTL: 4_000_000_001) == "cached")
        #expect(core.tokenReads == 6)
    }

    @Test func aDoubleWithoutAnEpochIsAskedEachTime() {
        let session = Session.preview(state: .signedIn(subject: "s", expiresAt: .distantFuture))
        #expect(session.cachedAccessToken() != nil)
        #expect(session.tokens.isEmpty)
    }

    /// The core returns a token, and the user signs out before the caller has it.
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
