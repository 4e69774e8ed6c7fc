import PilotlightCore

/// The session's states as they come, for `for await`.
///
/// Each loop over it is a listener of its own: it begins with the state as last reported, as soon as there is one,
/// then gets every change in order, and ends when the ``Session`` is gone or the loop's task is cancelled. Listening
/// does not keep the session alive. Nothing is dropped: a slow listener gets all changes later.
public struct SessionStates: AsyncSequence, Sendable {
    /// A state of the session's.
    public typealias Element = SessionState

    let broadcaster: StateBroadcaster

    /// Begins to listen.
    public func makeAsyncIterator() -> Iterator {
        Iterator(states: broadcaster.listen().makeAsyncIterator())
    }

    /// One listener.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var states: AsyncStream<SessionState>.Iterator

        /// Waits for the next state; nil when the session is gone or the task is cancelled.
        public mutating func next() async -> SessionState? {
            await states.next()
        }
    }
}

/// Hands every change of state to every listener.
final class StateBroadcaster: StateObserver {
    private struct Listeners: Sendable {
        var latest: SessionState?
        var open: [Int: AsyncStream<SessionState>.Continuation] = [:]
        var count = 0
        var ended = false
    }

    private let listeners = Locked(Listeners())

    func stateChanged(state: SessionState) {
        // Under the lock, so that nobody who begins to listen just now gets a state twice or not at all.
        listeners.withLock { listeners in
            listeners.latest = state
            for continuation in listeners.open.values { continuation.yield(state) }
        }
    }

    func listen() -> AsyncStream<SessionState> {
        let (states, continuation) = AsyncStream.makeStream(of: SessionState.self, bufferingPolicy: .unbounded)
        let number = listeners.withLock { listeners -> Int? in
            if let latest = listeners.latest { continuation.yield(latest) }
            if listeners.ended { return nil }
            listeners.count += 1
            listeners.open[listeners.count] = continuation
            return listeners.count
        }
        guard let number else {
            continuation.finish()
            return states
        }
        continuation.onTermination = { [weak self] _ in self?.leave(number) }
        return states
    }

    /// No more states will come.
    func end() {
        let open = listeners.withLock { listeners in
            listeners.ended = true
            defer { listeners.open = [:] }
            return listeners.open
        }
        // Outside the lock, because finishing calls `onTermination`, which takes it.
        for continuation in open.values { continuation.finish() }
    }

    private func leave(_ number: Int) {
        listeners.withLock { _ = $0.open.removeValue(forKey: number) }
    }
}
