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
            listen(), receive: { subscriber.receive($0).max }, finish: { subscriber.receive(completion: .finished) })
        subscriber.receive(subscription: subscription)
    }
}

/// Hands over as many values as the subscriber has asked for, and keeps the others. A subscriber takes calls on any thread,
/// one after the other.
private final class StreamSubscription<Value: Sendable>: Subscription, @unchecked Sendable {
    private let stream: AsyncStream<Value>
    private let receive: (Value) -> Int?
    private let finish: () -> Void
    private let demand = StreamDemand()
    private let task = Locked<Task<Void, Never>?>(nil)

    init(_ stream: AsyncStream<Value>, receive: @escaping (Value) -> Int?, finish: @escaping () -> Void) {
        self.stream = stream
        self.receive = receive
        self.finish = finish
    }

    /// The first one starts it: nothing may come before the subscriber has this subscription.
    func request(_ asked: Subscribers.Demand) {
        demand.add(asked.max)
        task.withLock { task in
            if task == nil { task = Task { await self.handOver() } }
        }
    }

    func cancel() {
        task.withLock { $0 }?.cancel()
        demand.end()
    }

    private func handOver() async {
        for await value in stream {
            guard await demand.next() else { return }
            demand.add(receive(value))
        }
        if !Task.isCancelled { finish() }
    }
}
#endif
