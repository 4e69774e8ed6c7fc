internal import PilotlightCore

/// The session's states, for `for await`.
///
/// Each loop is a separate listener. It begins with the last reported state, as soon as there is one, then gets every
/// change in order, and ends when the ``Session`` is deallocated or the loop's task is cancelled. Listening
/// does not keep the session alive. Nothing is dropped: a slow listener gets all changes later.
///
/// Use the states for the user interface, and ``SessionEvents`` for analytics and logs.
public struct SessionStates: AsyncSequence, Sendable {
    /// A state of the session.
    public typealias Element = SessionState

    let broadcaster: Broadcaster<SessionState>

    /// Begins to listen.
    public func makeAsyncIterator() -> Iterator {
        Iterator(states: broadcaster.listen().makeAsyncIterator())
    }

    /// One listener.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var states: AsyncStream<SessionState>.Iterator

        /// Waits for the next state; nil when the session is deallocated or the task is cancelled.
        public mutating func next() async -> SessionState? {
            await states.next()
        }
    }
}
