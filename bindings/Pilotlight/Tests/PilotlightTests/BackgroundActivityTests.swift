import Foundation
import Testing

@testable import Pilotlight

@Suite struct BackgroundActivityTests {
    @Test func timeIsAskedForWhileACallRunsAndNoLonger() async throws {
        let gate = Gate()
        let activities = FakeActivities()
        let session = ScriptedCore(work: { await gate.pass() }).session(Dependencies(activities: activities))
        let calling = Task { try await session.accessToken(forceRefresh: true) }
        await gate.untilReached()
        #expect(activities.asked == 1)
        #expect(activities.returned == 0)
        gate.open()
        #expect(try await calling.value == "renewed")
        await activities.untilReturned()
        _ = try await session.refresh()
        await activities.untilReturned()
        #expect(activities.asked == 2)
    }

    @Test func everyCallThatMayRenewOrWriteAsks() async throws {
        let activities = FakeActivities()
        let session = ScriptedCore().session(Dependencies(activities: activities))
        let callback = try #require(URL(string: "scripted://callback"))
        let calls: [@Sendable () async throws -> Void] = [
            { try await session.restore() }, { _ = try await session.accessToken(forceRefresh: true) },
            { try await session.refresh() }, { try await session.completeSignIn(with: callback) },
            { await session.signOut() }, { _ = try await session.profile() }, { _ = try await session.fetchUser() },
            { _ = try await session.metadata.get() }, { try await session.metadata.update(["a": 1]) },
        ]
        for (number, call) in calls.enumerated() {
            try await call()
            await activities.untilReturned()
            #expect(activities.asked == number + 1)
        }
    }

    @Test func whatAnswersFromMemoryAsksForNothing() async throws {
        let activities = FakeActivities()
        let session = ScriptedCore().session(Dependencies(activities: activities))
        #expect(try await session.accessToken() == "cached")
        #expect(session.cachedAccessToken() == "cached")
        #expect(session.hasValidSession())
        #expect(session.state == .signedOut)
        #expect(session.cachedProfile == nil)
        session.cancelSignIn()
        #expect(activities.asked == 0)
    }

    /// Each request blocks a thread of the system, which has 64 for the whole process.
    @Test func callsAtTheSameTimeShareOneRequest() async throws {
        let gate = Gate()
        let activities = FakeActivities()
        let session = ScriptedCore(work: { await gate.pass() }).session(Dependencies(activities: activities))
        let calls = (0..<200).map { _ in Task { try await session.accessToken(forceRefresh: true) } }
        await gate.untilReached(times: 200)
        #expect(activities.asked == 1)
        gate.open()
        for call in calls { _ = try await call.value }
        await activities.untilReturned()
        #expect(activities.asked == 1)
    }

    @Test func theFirstCallThatEndsDoesNotEndTheRequestOfTheOthers() async throws {
        let gate = Gate()
        let activities = FakeActivities()
        let session = ScriptedCore(work: { await gate.pass() }).session(Dependencies(activities: activities))
        let calling = Task { try await session.accessToken(forceRefresh: true) }
        await gate.untilReached()
        for _ in 0..<3 { try await session.restore() }
        #expect(activities.asked == 1)
        #expect(activities.returned == 0)
        gate.open()
        _ = try await calling.value
        await activities.untilReturned()
    }

    @Test func aCancelledCallerLeavesTheRequestToTheWork() async throws {
        let gate = Gate()
        let activities = FakeActivities()
        let session = ScriptedCore(work: { await gate.pass() }).session(Dependencies(activities: activities))
        let calling = Task { try await session.accessToken(forceRefresh: true) }
        await gate.untilReached()
        calling.cancel()
        await #expect(throws: CancellationError.self) { try await calling.value }
        #expect(activities.returned == 0)
        gate.open()
        await activities.untilReturned()
        #expect(activities.asked == 1)
    }

    @Test func aCallerThatIsCancelledAlreadyAsksForNothing() async throws {
        let activities = FakeActivities()
        let session = ScriptedCore().session(Dependencies(activities: activities))
        let calling = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await session.accessToken(forceRefresh: true)
        }
        await #expect(throws: CancellationError.self) { try await calling.value }
        #expect(activities.asked == 0)
    }

    @Test func whatFailsEndsTheRequestToo() async throws {
        let activities = FakeActivities()
        let error = SessionError.readOnly(message: "m")
        let session = ScriptedCore(work: { throw error }).session(Dependencies(activities: activities))
        await #expect(throws: error) { try await session.accessToken(forceRefresh: true) }
        await activities.untilReturned()
        #expect(await session.signOut() == .revocationPending)
        await activities.untilReturned()
    }

    @Test func whenTheTimeIsOverTheLockIsGivenBackFirstAndTheWorkGoesOn() async throws {
        let gate = Gate()
        let order = Locked<[String]>([])
        let activities = FakeActivities(onReturn: { order.withLock { $0.append("suspended") } })
        let core = ScriptedCore(
            onRelease: { order.withLock { $0.append("released") } }, work: { await gate.pass() })
        let session = core.session(Dependencies(activities: activities))
        let calling = Task { try await session.accessToken(forceRefresh: true) }
        await gate.untilReached()
        while core.lock.last != "allowed" { await Task.yield() }
        activities.expire()
        await activities.untilReturned()
        #expect(order.withLock { $0 } == ["released", "suspended"])
        gate.open()
        #expect(try await calling.value == "renewed")
        #expect(core.lock == ["postponed", "allowed", "released"])
    }

    @Test func afterTheTimeWasOverTheNextCallAsksAgain() async throws {
        let gate = Gate()
        let activities = FakeActivities()
        let session = ScriptedCore(work: { await gate.pass() }).session(Dependencies(activities: activities))
        let first = Task { try await session.accessToken(forceRefresh: true) }
        await gate.untilReached()
        activities.expire()
        await activities.untilReturned()
        let second = Task { try await session.accessToken(forceRefresh: true) }
        await gate.untilReached()
        try #require(activities.asked == 2)
        #expect(activities.returned == 1)
        gate.open()
        _ = try await (first.value, second.value)
        await activities.untilReturned()
    }

    @Test func withoutAnyTimeTheWorkIsDoneNevertheless() async throws {
        let gate = Gate()
        let activities = FakeActivities(.refuse)
        let core = ScriptedCore(work: { await gate.pass() })
        let session = core.session(Dependencies(activities: activities))
        let calling = Task { try await session.accessToken(forceRefresh: true) }
        await activities.untilReturned()
        #expect(core.lock == ["postponed", "released"])
        gate.open()
        #expect(try await calling.value == "renewed")
        activities.answer(.grant)
        _ = try await session.refresh()
        await activities.untilReturned()
        #expect(activities.asked == 2)
        #expect(core.lock.starts(with: ["postponed", "released", "postponed"]))
        #expect(core.lock.last != "released")
    }

    /// The call may reach the lock before the system's thread has answered.
    @Test func theLockIsPostponedBeforeTheCallBeginsAndAllowedWhenTimeIsGranted() async throws {
        let gate = Gate()
        let activities = FakeActivities(.hold)
        let core = ScriptedCore(work: { await gate.pass() })
        let session = core.session(Dependencies(activities: activities))
        let calling = Task { try await session.accessToken(forceRefresh: true) }
        await gate.untilReached()
        #expect(core.lock == ["postponed"])
        activities.grantHeld()
        while core.lock.count < 2 { await Task.yield() }
        #expect(core.lock == ["postponed", "allowed"])
        gate.open()
        _ = try await calling.value
        await activities.untilReturned()
    }

    /// The system's threads may run in any order.
    @Test func aGrantThatComesAfterTheTimeWasOverAllowsNothing() async throws {
        let gate = Gate()
        let activities = FakeActivities(.hold)
        let core = ScriptedCore(work: { await gate.pass() })
        let session = core.session(Dependencies(activities: activities))
        let calling = Task { try await session.accessToken(forceRefresh: true) }
        await gate.untilReached()
        activities.expire()
        activities.grantHeld()
        await activities.untilReturned()
        #expect(core.lock == ["postponed", "released"])
        gate.open()
        _ = try await calling.value
    }

    @Test func theEndOfAnEarlierRequestTakesNothingFromALaterOne() async throws {
        let gate = Gate()
        let activities = FakeActivities(.hold)
        let core = ScriptedCore(work: { await gate.pass() })
        let session = core.session(Dependencies(activities: activities))
        try await session.restore()
        let calling = Task { try await session.accessToken(forceRefresh: true) }
        await gate.untilReached()
        activities.expire(number: 1)
        #expect(core.lock == ["postponed", "postponed"])
        activities.expire(number: 2)
        #expect(core.lock == ["postponed", "postponed", "released"])
        gate.open()
        _ = try await calling.value
    }

    @Test func aGrantThatComesAfterTheWorkBlocksNothing() async throws {
        let activities = FakeActivities(.hold)
        let core = ScriptedCore()
        let session = core.session(Dependencies(activities: activities))
        #expect(try await session.accessToken(forceRefresh: true) == "renewed")
        activities.grantHeld()
        await activities.untilReturned()
        #expect(core.lock == ["postponed", "allowed"])
    }

    @Test func aReadOnlySessionAsksForNothing() async throws {
        let activities = FakeActivities()
        let configuration = SessionConfiguration.openIDConnect(
            issuer: "https://issuer.invalid", clientID: "c", redirectURI: "app://callback")
        for readOnly in [false, true] {
            let session = try Session(
                configuration, storage: .inMemory, name: "default", readOnly: readOnly, log: .none,
                dependencies: Dependencies(activities: activities))
            #expect(try await session.restore() == .signedOut)
            #expect(activities.asked == 1)
        }
    }
}
