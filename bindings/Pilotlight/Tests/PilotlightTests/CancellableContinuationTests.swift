import Testing

@testable import Pilotlight

@Suite struct CancellableContinuationTests {
    @Test func theResultComesThrough() async throws {
        #expect(try await waitUnlessCancelled { 7 } == 7)
        await #expect(throws: SessionError.signInCancelled) {
            try await waitUnlessCancelled { throw SessionError.signInCancelled }
        }
    }

    @Test func aCancelledCallerStopsWaitingAndTheWorkGoesOn() async throws {
        let (begun, hasBegun) = AsyncStream.makeStream(of: Void.self)
        let (gate, openGate) = AsyncStream.makeStream(of: Void.self)
        let (done, isDone) = AsyncStream.makeStream(of: Bool.self)
        let caller = Task {
            try await waitUnlessCancelled {
                hasBegun.finish()
                for await _ in gate {}
                isDone.yield(Task.isCancelled)
            }
        }
        for await _ in begun {}
        caller.cancel()
        await #expect(throws: CancellationError.self) { try await caller.value }
        openGate.finish()
        var iterator = done.makeAsyncIterator()
        #expect(await iterator.next() == false)
    }

    @Test func aCallerThatIsCancelledAlreadyStartsNothing() async throws {
        let started = Locked(false)
        let caller = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await waitUnlessCancelled { started.withLock { $0 = true } }
        }
        await #expect(throws: CancellationError.self) { try await caller.value }
        #expect(started.withLock { $0 } == false)
    }
}
