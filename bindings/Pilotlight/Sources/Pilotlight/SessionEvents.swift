internal import PilotlightCore

/// The session's events, for `for await`: for analytics, logs, and actions at one moment.
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
/// new tokens are in the store. No event holds a token.
///
/// Each loop over it is a separate listener. It gets what happens **from then on**: nothing is repeated for a listener
/// that comes later, so make the iterator before ``Session/restore()``, as above: a `for await` in a task begins only when the
/// task runs. For what a screen shows, use ``SessionStates``, which begin with
/// the current state. The loop ends when the ``Session`` is deallocated or its task is cancelled, and does not keep the session
/// alive. Nothing is dropped: a slow listener gets everything later.
public struct SessionEvents: AsyncSequence, Sendable {
    /// Something that happened.
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
