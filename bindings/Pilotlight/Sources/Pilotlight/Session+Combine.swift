#if canImport(Combine)
import Combine

extension Session {
    /// ``states`` as a publisher: each subscriber gets the state as last reported, then every change in order. It never fails,
    /// and finishes when the ``Session`` is deallocated. Values come on any thread: use `receive(on:)` before a view.
    public var statePublisher: AnyPublisher<SessionState, Never> {
        let states = broadcaster.states
        return StreamPublisher { states.listen() }.eraseToAnyPublisher()
    }

    /// ``events`` as a publisher: each subscriber gets what happens after it subscribed. It never fails, and finishes when the
    /// ``Session`` is deallocated. Values come on any thread.
    public var eventPublisher: AnyPublisher<SessionEvent, Never> {
        let events = broadcaster.events
        return StreamPublisher { events.listen() }.eraseToAnyPublisher()
    }
}

/// A publisher of what a stream brings, one stream for each subscriber.
private struct StreamPublisher<Output: Sendable>: Publisher {
    typealias Failure = Never

    let listen: @Sendable () -> AsyncStream<Output>

    func receive<S: Subscriber>(subscriber: S) where S.Input == Output, S.Failure == Never {
        // Listens from now on, not only from when the first value is asked for.
        let subscription = StreamSubscription(
            listen(),
            to: .init(
                receive: { subscriber.receive($0).max }, finish: { subscriber.receive(completion: .finished) }))
        subscriber.receive(subscription: subscription)
    }
}

/// Hands over as many values as the subscriber has asked for, and keeps the others. Once it is over, it holds neither the
/// subscriber nor the stream: a subscriber may hold its subscription, and nothing would free the two.
private final class StreamSubscription<Value: Sendable>: Subscription, Sendable {
    /// A subscriber takes calls on any thread, one after the other.
    struct Downstream: @unchecked Sendable {
        let receive: (Value) -> Int?
        let finish: () -> Void
    }

    private struct Work: Sendable {
        let stream: AsyncStream<Value>
        let downstream: Downstream
        var task: Task<Void, Never>?
    }

    private let work: Locked<Work?>
    private let demand = StreamDemand()

    init(_ stream: AsyncStream<Value>, to downstream: Downstream) {
        work = Locked(Work(stream: stream, downstream: downstream))
    }

    /// The first one starts it: nothing may come before the subscriber has this subscription.
    func request(_ asked: Subscribers.Demand) {
        demand.add(asked.max)
        work.withLock { work in
            guard let stream = work?.stream, work?.task == nil else { return }
            work?.task = Task { await self.handOver(stream) }
        }
    }

    func cancel() {
        end()?.task?.cancel()
        demand.end()
    }

    private func handOver(_ stream: AsyncStream<Value>) async {
        for await value in stream {
            guard await demand.next(), let downstream = work.withLock({ $0?.downstream }) else { return }
            demand.add(downstream.receive(value))
        }
        end()?.downstream.finish()
    }

    /// What there was to do, once. Freed by the caller, because a subscriber that goes may cancel others.
    private func end() -> Work? {
        work.withLock { work in
            defer { work = nil }
            return work
        }
    }
}
#endif
