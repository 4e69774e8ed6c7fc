internal import PilotlightCore

/// The session's events, for `for await`. Use them for analytics, logs, and actions that happen once.
///
/// ```swift
/// // Begins to listen here, and not when the task runs.
/// var events = session.events.makeAsyncIterator()
/// Task {
///     while let event = await events.next() {
///         switch event {
///         case .signedOut, .ended: await cache.clear()
///         case .renewalFailed(_, let error, _): analytics.log("renewal_failed", error.message)
///         default: break
///         }
///     }
/// }
/// try await session.restore()
/// ```
///
/// Each event is sent once, in order, after the change: ``Session/state`` and the tokens in memory already show it, and
/// new tokens are in the store. No event contains a token.
///
/// Each loop is a separate listener. It gets the events **from then on**: nothing is repeated for a listener that begins
/// later. So make the iterator before ``Session/restore()``, as above: a `for await` in a task begins only when the task runs.
/// For the user interface, use ``SessionStates``, which begin with the current state. The loop ends when the ``Session`` is
/// deallocated or the loop's task is cancelled, and does not keep the session alive. Nothing is dropped: a slow listener gets
/// everything later.
public struct SessionEvents: AsyncSequence, Sendable {
    /// An event of the session.
    public typealias Element = SessionEvent

    let broadcaster: Broadcaster<SessionEvent>

    /// Begins to listen. What happens before the first `next()` waits there.
    public func makeAsyncIterator() -> Iterator {
        Iterator(events: broadcaster.listen().makeAsyncIterator())
    }

    /// One listener.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate var events: AsyncStream<SessionEvent>.Iterator

        /// Waits for the next event; nil when the session is deallocated or the task is cancelled.
        public mutating func next() async -> SessionEvent? {
            await events.next()
        }
    }
}
