#if canImport(Combine)
import Combine

extension Session {
    /// ``states`` as a publisher: each subscriber gets the last reported state, then every change in order. It never fails, and
    /// finishes when the ``Session`` is deallocated. Values arrive on any thread: use `receive(on:)` before you update a view.
    public var statePublisher: AnyPublisher<SessionState, Never> {
        let states = broadcaster.states
        return StreamPublisher { states.listen() }.eraseToAnyPublisher()
    }

    /// ``events`` as a publisher: each subscriber gets what happens after it subscribed. It never fails, and finishes when the
    /// ``Session`` is deallocated. Values arrive on any thread.
    public var eventPublisher: AnyPublisher<SessionEvent, Never> {
        let events = broadcaster.events
        return StreamPublisher { events.listen() }.eraseToAnyPublisher()
    }
}

/// Publishes the values of a stream, with a separate stream for each subscriber.
private struct StreamPublisher<Output: Sendable>: Publisher {
    typealias Failure = Never

    let listen: @Sendable () -> AsyncStream<Output>

    func receive<S: Subscriber>(subscriber: S) where S.Input == Output, S.Failure == Never {
        // Begins to listen now, not only when the subscriber requests the first value.
        let subscription = StreamSubscription(
            listen(),
            to: .init(
                receive: { subscriber.receive($0).max }, finish: { subscriber.receive(completion: .finished) }))
        subscriber.receive(subscription: subscription)
    }
}

/// Delivers as many values as the subscriber has requested, and buffers the rest. When it has ended, it retains neither the
/// subscriber nor the stream: a subscriber may retain its subscription, and the two would never be freed.
private final class StreamSubscription<Value: Sendable>: Subscription, Sendable {
    /// Sendable because a subscriber accepts calls on any thread, as long as they come one after the other.
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

    /// The first request starts the delivery: no value may arrive before the subscriber has this subscription.
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

    /// Takes the work out, so that only the first call gets it. The caller frees it outside the lock, because a subscriber
    /// that is deallocated may cancel other subscriptions.
    private func end() -> Work? {
        work.withLock { work in
            defer { work = nil }
            return work
        }
    }
}
#endif
