import Foundation
import Testing

@testable import Pilotlight

@Suite struct LifecycleObserverTests {
    private let center = NotificationCenter()
    private let unlock = Notification.Name("unlock")
    private let foreground = Notification.Name("foreground")
    private let signedIn = SessionState.signedIn(subject: "1", expiresAt: .distantFuture)

    private var dependencies: Dependencies {
        Dependencies(notifications: LifecycleNotifications(center: center, unlock: unlock, foreground: foreground))
    }

    /// Posts a notification, and waits until the expected number of restores was made.
    private func post(_ name: Notification.Name, to core: ScriptedCore, until restores: Int) async {
        center.post(name: name, object: nil)
        for _ in 0..<1_000_000 where core.restores < restores { await Task.yield() }
    }

    @Test func aLockedSessionComesBackAtTheUnlock() async throws {
        let core = ScriptedCore(state: nil, stored: .locked)
        let session = core.session(dependencies)
        #expect(try await session.restore() == .locked)
        core.store(signedIn)
        await post(unlock, to: core, until: 2)
        #expect(session.state == signedIn)
        #expect(core.restores == 2)
    }

    @Test func aSessionThatIsReadableDoesNotCareAboutTheUnlock() async throws {
        let core = ScriptedCore(state: signedIn, stored: signedIn)
        let session = core.session(dependencies)
        for _ in 0..<50 { center.post(name: unlock, object: nil) }
        // A restore that the earlier notifications had triggered would have begun before this one.
        await post(foreground, to: core, until: 1)
        #expect(core.restores == 1)
        #expect(session.state == signedIn)
    }

    @Test func atTheForegroundASessionLooksAgain() async throws {
        for state in [SessionState.locked, .signedOut, signedIn, .reauthenticationRequired(reason: .noRefreshToken)] {
            let core = ScriptedCore(state: state, stored: signedIn)
            let session = core.session(dependencies)
            await post(foreground, to: core, until: 1)
            #expect(core.restores == 1)
            #expect(session.state == signedIn)
        }
    }

    @Test func whatTheAppHasNotRestoredIsLeftToIt() async throws {
        let core = ScriptedCore(state: nil, stored: signedIn)
        let session = core.session(dependencies)
        center.post(name: unlock, object: nil)
        center.post(name: foreground, object: nil)
        try await session.restore()
        #expect(core.restores == 1)
    }

    @Test func aRestoreOfItsOwnAsksForTimeToo() async throws {
        let activities = FakeActivities()
        var dependencies = dependencies
        dependencies.activities = activities
        let core = ScriptedCore(state: .locked, stored: signedIn)
        let session = core.session(dependencies)
        await post(unlock, to: core, until: 1)
        await activities.untilReturned()
        #expect(activities.asked == 1)
        #expect(session.state == signedIn)
    }

    @Test func listeningEndsWithTheSessionAndDoesNotKeepIt() async throws {
        let core = ScriptedCore(state: .locked, stored: .locked)
        var session: Session? = core.session(dependencies)
        weak var weakly = session
        center.post(name: unlock, object: nil)
        #expect(core.looks == 1)
        session = nil
        #expect(weakly == nil)
        center.post(name: unlock, object: nil)
        center.post(name: foreground, object: nil)
        #expect(core.looks == 1)
    }

    @Test func aCoreIsGoneWithItsSession() {
        var core: ScriptedCore? = ScriptedCore(state: .locked)
        weak var weakly = core
        var session = core?.session(dependencies)
        core = nil
        #expect(weakly != nil)
        #expect(session != nil)
        session = nil
        #expect(weakly == nil)
    }

    @Test func whatShowsADialogueIsNotReadUnasked() {
        let control = KeychainAccessControl(.userPresence, prompt: "Open your account")
        for readOnly in [false, true] {
            #expect(
                dependencies.adapted(to: .keychain(accessControl: control), readOnly: readOnly).notifications == nil)
            #expect(dependencies.adapted(to: .keychain(), readOnly: readOnly).notifications != nil)
        }
    }
}
