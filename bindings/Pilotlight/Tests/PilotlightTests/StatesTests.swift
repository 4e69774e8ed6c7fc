import Testing

@testable import Pilotlight

@Suite struct StatesTests {
    private static let signedIn = SessionState.signedIn(subject: "1", expiresAt: .distantFuture)

    @Test func aSignInIsRequiredWhereOnlyTheUserCanGoOn() {
        #expect(SessionState.signedOut.requiresSignIn)
        for reason in [ReauthenticationReason.refreshTokenRejected, .noRefreshToken, .lifetimeEnded, .idleTooLong] {
            #expect(SessionState.reauthenticationRequired(reason: reason).requiresSignIn)
        }
        #expect(!Self.signedIn.requiresSignIn && !SessionState.locked.requiresSignIn)
    }

    @Test func aListenerGetsTheLatestStateAndThenEveryChangeInOrder() async {
        let broadcaster = SessionBroadcaster()
        broadcaster.stateChanged(state: .locked)
        broadcaster.stateChanged(state: .signedOut)
        let states = SessionStates(broadcaster: broadcaster.states)
        var listener = states.makeAsyncIterator()
        broadcaster.stateChanged(state: Self.signedIn.core)
        broadcaster.stateChanged(state: .signedOut)
        broadcaster.end()
        var seen: [SessionState] = []
        while let state = await listener.next() { seen.append(state) }
        #expect(seen == [.signedOut, Self.signedIn, .signedOut])
    }

    @Test func beforeAnythingIsKnownAListenerWaits() async {
        let broadcaster = SessionBroadcaster()
        var listener = SessionStates(broadcaster: broadcaster.states).makeAsyncIterator()
        broadcaster.stateChanged(state: .locked)
        #expect(await listener.next() == .locked)
    }

    @Test func everyListenerGetsEverything() async {
        let broadcaster = SessionBroadcaster()
        let states = SessionStates(broadcaster: broadcaster.states)
        let changes: [SessionState] = (0..<100).map { .signedIn(subject: "\($0)", expiresAt: .distantFuture) }
        let listeners = (0..<5).map { _ in states.makeAsyncIterator() }
        for change in changes { broadcaster.stateChanged(state: change.core) }
        broadcaster.end()
        for var listener in listeners {
            var seen: [SessionState] = []
            while let state = await listener.next() { seen.append(state) }
            #expect(seen == changes)
        }
    }

    @Test func aListenerThatComesAfterTheEndGetsTheLastStateAndEnds() async {
        let broadcaster = SessionBroadcaster()
        broadcaster.stateChanged(state: .signedOut)
        broadcaster.end()
        var listener = SessionStates(broadcaster: broadcaster.states).makeAsyncIterator()
        #expect(await listener.next() == .signedOut)
        #expect(await listener.next() == nil)
    }

    @Test func listeningDoesNotKeepTheSessionAndEndsWithIt() async {
        var session: Session? = .preview()
        weak var weakly = session
        let states = session?.states
        let listening = Task {
            var seen: [SessionState] = []
            if let states { for await state in states { seen.append(state) } }
            return seen
        }
        session = nil
        let seen = await listening.value
        #expect(seen == [.signedIn(subject: "preview|1", expiresAt: .distantFuture)])
        #expect(weakly == nil)
    }

    @Test func aCancelledListenerEnds() async {
        let session = Session.preview()
        let listening = Task { for await _ in session.states {} }
        listening.cancel()
        await listening.value
        #expect(session.state != nil)
    }
}
