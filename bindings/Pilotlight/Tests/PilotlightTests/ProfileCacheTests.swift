import PilotlightCore
import Testing

@testable import Pilotlight

@Suite struct ProfileCacheTests {
    @Test func aProfileIsCarriedOverOnce() throws {
        let core = ScriptedCore()
        let session = core.session(.none)
        #expect(session.cachedProfile == nil)
        try core.put(SessionProfile(claims: ["sub": "ada"]))
        for _ in 0..<3 { #expect(session.cachedProfile?.subject == "ada") }
        #expect(core.profileReads == 1)
        try core.put(SessionProfile(claims: ["sub": "grace"]))
        for _ in 0..<3 { #expect(session.cachedProfile?.subject == "grace") }
        #expect(core.profileReads == 2)
        core.put(nil)
        #expect(session.cachedProfile == nil)
        #expect(session.broadcaster.profiles.isEmpty)
    }

    @Test func aChangeOfStateForgetsIt() throws {
        let core = ScriptedCore()
        let session = core.session(.none)
        try core.put(SessionProfile(claims: ["sub": "ada"]))
        #expect(session.cachedProfile != nil)
        session.broadcaster.stateChanged(state: .signedOut)
        #expect(session.broadcaster.profiles.isEmpty)
    }
}
