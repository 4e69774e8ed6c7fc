@_exported import Foundation

// What Combine's documentation promises of subscribers, subscriptions and demand. Unlike the other stubs this one works: the
// tests of the library's publishers run over it on Linux.

public enum Subscribers {
    /// How many values a subscriber wants; `max` is nil for any number.
    public struct Demand: Equatable, Sendable {
        public let max: Int?

        public static let unlimited = Demand(max: nil)
        public static let none = Demand(max: 0)
        public static func max(_ value: Int) -> Demand { Demand(max: value) }

        public static func += (one: inout Demand, more: Demand) {
            guard let left = one.max, let more = more.max else { return one = .unlimited }
            one = .max(left + more)
        }

        /// Takes one; false where none is left.
        mutating func take() -> Bool {
            guard let left = max else { return true }
            guard left > 0 else { return false }
            self = .max(left - 1)
            return true
        }
    }

    public enum Completion<Failure: Error> {
        case finished
        case failure(Failure)
    }
}

extension Subscribers.Completion: Sendable where Failure: Sendable {}

public protocol Cancellable {
    func cancel()
}

/// Cancels when nobody holds it any more.
public final class AnyCancellable: Cancellable, Hashable {
    private let body: () -> Void

    public init(_ cancel: @escaping () -> Void) {
        body = cancel
    }

    deinit {
        body()
    }

    public func cancel() {
        body()
    }

    public static func == (one: AnyCancellable, other: AnyCancellable) -> Bool { one === other }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }

    public func store(in set: inout Set<AnyCancellable>) {
        set.insert(self)
    }
}

public protocol Subscription: Cancellable {
    func request(_ demand: Subscribers.Demand)
}

public protocol Subscriber<Input, Failure> {
    associatedtype Input
    associatedtype Failure: Error
    func receive(subscription: any Subscription)
    func receive(_ input: Input) -> Subscribers.Demand
    func receive(completion: Subscribers.Completion<Failure>)
}

public protocol Publisher<Output, Failure> {
    associatedtype Output
    associatedtype Failure: Error
    func receive<S: Subscriber>(subscriber: S) where S.Input == Output, S.Failure == Failure
}

public struct AnyPublisher<Output, Failure: Error>: Publisher {
    private let hidden: any Publisher<Output, Failure>

    init(_ publisher: some Publisher<Output, Failure>) {
        hidden = publisher
    }

    public func receive<S: Subscriber>(subscriber: S) where S.Input == Output, S.Failure == Failure {
        hidden.receive(subscriber: subscriber)
    }
}

extension Publisher {
    public func eraseToAnyPublisher() -> AnyPublisher<Output, Failure> { AnyPublisher(self) }
}

extension Publisher where Failure == Never {
    public func sink(receiveValue: @escaping (Output) -> Void) -> AnyCancellable {
        sink(receiveCompletion: { _ in }, receiveValue: receiveValue)
    }
}

extension Publisher {
    public func sink(
        receiveCompletion: @escaping (Subscribers.Completion<Failure>) -> Void, receiveValue: @escaping (Output) -> Void
    ) -> AnyCancellable {
        let sink = Sink(receiveCompletion: receiveCompletion, receiveValue: receiveValue)
        receive(subscriber: sink)
        return AnyCancellable { sink.cancel() }
    }
}

/// Wants every value.
private final class Sink<Input, Failure: Error>: Subscriber, Cancellable {
    private let lock = NSLock()
    private let receiveCompletion: (Subscribers.Completion<Failure>) -> Void
    private let receiveValue: (Input) -> Void
    private var subscription: (any Subscription)?
    private var isOver = false

    init(
        receiveCompletion: @escaping (Subscribers.Completion<Failure>) -> Void,
        receiveValue: @escaping (Input) -> Void
    ) {
        self.receiveCompletion = receiveCompletion
        self.receiveValue = receiveValue
    }

    func receive(subscription: any Subscription) {
        lock.withLock { self.subscription = subscription }
        subscription.request(.unlimited)
    }

    func receive(_ input: Input) -> Subscribers.Demand {
        if lock.withLock({ !isOver }) { receiveValue(input) }
        return .none
    }

    func receive(completion: Subscribers.Completion<Failure>) {
        if end() != nil { receiveCompletion(completion) }
    }

    func cancel() {
        end()?.cancel()
    }

    /// What was subscribed to, once.
    @discardableResult
    private func end() -> (any Subscription)? {
        lock.withLock {
            isOver = true
            defer { subscription = nil }
            return subscription
        }
    }
}
