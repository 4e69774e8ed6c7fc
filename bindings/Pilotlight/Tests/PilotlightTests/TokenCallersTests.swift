import PilotlightCore
import Testing

@testable import Pilotlight

/// Callers that want the same token wait for one call to the core, and each still gets what it asked for.
@Suite struct TokenCallersTests {
    private let gate = Gate()

    private func waitingCore() -> (ScriptedCore, Pilotlight.Session) {
        let core = ScriptedCore(work: { [gate] in await gate.pass() })
        core.loseToken()
        return (core, core.session(.none))
    }

    private func until(_ count: Int, wait session: Pilotlight.Session) async {
        while session.tokenCallers.count < count { await Task.yield() }
    }

    @Test func manyCallersMakeOneCall() async throws {
        let (core, session) = waitingCore()
        let callers = (0..<100).map { _ in Task { try await session.accessToken(minTTL: 60) } }
        await until(100, wait: session)
        #expect(core.tokenCalls == [.init(minTtlSeconds: 60)])
        gate.open()
        for caller in callers { #expect(try await caller.value == "renewed") }
        #expect(core.tokenCalls.count == 1)
        #expect(session.tokenCallers.count == 0)
    }

    @Test func whoWantsSomethingElseMakesAnotherCall() async throws {
        let (core, session) = waitingCore()
        let callers = [
            Task { try await session.accessToken() }, Task { try await session.accessToken(minTTL: 60) },
            Task { try await session.accessToken(allowExpired: true) },
        ]
        await until(3, wait: session)
        let forced = Task { try await session.accessToken(forceRefresh: true) }
        gate.open()
        for caller in callers + [forced] { #expect(try await caller.value == "renewed") }
        #expect(
            Set(core.tokenCalls) == [
                .init(), .init(minTtlSeconds: 60), .init(allowExpired: true), .init(forceRefresh: true),
            ])
    }

    @Test func aCallerWhoComesAfterAChangeOfTheSessionDoesNotGetAnEarlierAnswer() async throws {
        let (core, session) = waitingCore()
        let before = Task { try await session.accessToken() }
        await until(1, wait: session)
        core.change()
        let after = Task { try await session.accessToken() }
        await until(2, wait: session)
        gate.open()
        #expect(try await before.value == "renewed")
        #expect(try await after.value == "renewed")
        #expect(core.tokenCalls.count == 2)
    }

    @Test func aCancelledCallerStopsWaitingAndTheOthersDoNot() async throws {
        let (core, session) = waitingCore()
        let callers = (0..<10).map { _ in Task { try await session.accessToken() } }
        await until(10, wait: session)
        for caller in callers.prefix(9) { caller.cancel() }
        for caller in callers.prefix(9) {
            await #expect(throws: CancellationError.self) { try await caller.value }
        }
        #expect(session.tokenCallers.count == 1)
        gate.open()
        #expect(try await callers[9].value == "renewed")
        #expect(core.tokenCalls.count == 1)
    }

    @Test func theCallGoesOnWhenNobodyWaitsAnyMore() async throws {
        let (ended, ending) = AsyncStream.makeStream(of: Void.self)
        let core = ScriptedCore(work: { [gate] in
            await gate.pass()
            ending.yield()
        })
        core.loseToken()
        let session = core.session(.none)
        let caller = Task { try await session.accessToken() }
        await until(1, wait: session)
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
        #expect(session.tokenCallers.count == 0)
        gate.open()
        for await _ in ended { break }
    }

    @Test func aCallerWhoIsCancelledBeforeItBeginsStartsNothing() async throws {
        let (core, session) = waitingCore()
        let caller = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await session.accessToken()
        }
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
        #expect(core.tokenCalls.isEmpty && session.tokenCallers.count == 0)
    }

    @Test func anErrorIsEveryonesWhoWaits() async throws {
        let core = ScriptedCore(work: { [gate] in
            await gate.pass()
            throw Pilotlight.SessionError.deviceLocked(message: "m")
        })
        core.loseToken()
        let session = core.session(.none)
        let callers = (0..<3).map { _ in Task { try await session.accessToken() } }
        await until(3, wait: session)
        gate.open()
        for caller in callers {
            await #expect(throws: Pilotlight.SessionError.deviceLocked(message: "m")) { try await caller.value }
        }
    }
}
