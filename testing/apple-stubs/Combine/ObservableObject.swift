/// Tells its subscribers that an object is about to change.
public final class ObservableObjectPublisher: Publisher {
    public typealias Output = Void
    public typealias Failure = Never

    private let relay = Relay<Void>()

    public init() {}

    public func receive<S: Subscriber>(subscriber: S) where S.Input == Void, S.Failure == Never {
        relay.add(subscriber, beginningWith: nil)
    }

    public func send() {
        relay.send(())
    }
}

public protocol ObservableObject: AnyObject {
    associatedtype ObjectWillChangePublisher: Publisher = ObservableObjectPublisher
    where ObjectWillChangePublisher.Failure == Never
    var objectWillChange: ObjectWillChangePublisher { get }
}

extension ObservableObject where ObjectWillChangePublisher == ObservableObjectPublisher {
    /// One for the object, which its published properties keep. Apple's also works for an object without any.
    public var objectWillChange: ObservableObjectPublisher {
        let properties = Mirror(reflecting: self).children.compactMap { $0.value as? any PublishedProperty }
        let publisher = properties.lazy.compactMap(\.objectWillChange).first ?? ObservableObjectPublisher()
        for property in properties { property.announceChanges(by: publisher) }
        return publisher
    }
}

private protocol PublishedProperty {
    var objectWillChange: ObservableObjectPublisher? { get }
    func announceChanges(by publisher: ObservableObjectPublisher)
}

/// A property of a class that announces its changes before they happen.
@propertyWrapper
public struct Published<Value> {
    fileprivate final class Storage: @unchecked Sendable {
        var value: Value
        var objectWillChange: ObservableObjectPublisher?
        let relay = Relay<Value>()

        init(_ value: Value) {
            self.value = value
        }
    }

    fileprivate let storage: Storage

    public init(wrappedValue: Value) {
        storage = Storage(wrappedValue)
    }

    public init(initialValue: Value) {
        storage = Storage(initialValue)
    }

    @available(*, unavailable, message: "@Published is only available on properties of classes")
    public var wrappedValue: Value {
        get { fatalError() }
        // swift-format-ignore: UseSingleLinePropertyGetter
        set { fatalError() }
    }

    public var projectedValue: AnyPublisher<Value, Never> {
        Values(storage: storage).eraseToAnyPublisher()
    }

    public static subscript<Object: AnyObject>(
        _enclosingInstance object: Object,
        wrapped wrappedKeyPath: ReferenceWritableKeyPath<Object, Value>,
        storage storageKeyPath: ReferenceWritableKeyPath<Object, Published<Value>>
    ) -> Value {
        get { object[keyPath: storageKeyPath].storage.value }
        set {
            let storage = object[keyPath: storageKeyPath].storage
            storage.objectWillChange?.send()
            storage.relay.send(newValue)
            storage.value = newValue
        }
    }

    private struct Values: Publisher {
        typealias Output = Value
        typealias Failure = Never

        let storage: Storage

        func receive<S: Subscriber>(subscriber: S) where S.Input == Value, S.Failure == Never {
            storage.relay.add(subscriber, beginningWith: storage.value)
        }
    }
}

extension Published: PublishedProperty {
    var objectWillChange: ObservableObjectPublisher? { storage.objectWillChange }

    func announceChanges(by publisher: ObservableObjectPublisher) {
        storage.objectWillChange = publisher
    }
}

extension Published: Sendable where Value: Sendable {}

extension Published where Value: ExpressibleByNilLiteral {
    public init() {
        self.init(wrappedValue: nil)
    }
}

/// Hands values on to those that want one just then; the others miss it.
private final class Relay<Output>: @unchecked Sendable {
    private let lock = NSLock()
    private var subscriptions: [ObjectIdentifier: RelaySubscription<Output>] = [:]

    func add<S: Subscriber>(_ subscriber: S, beginningWith first: Output?) where S.Input == Output, S.Failure == Never {
        let subscription = RelaySubscription(first, receive: { subscriber.receive($0) }) { [weak self] ended in
            self?.remove(ended)
        }
        lock.withLock { subscriptions[ObjectIdentifier(subscription)] = subscription }
        subscriber.receive(subscription: subscription)
    }

    func send(_ value: Output) {
        for subscription in lock.withLock({ Array(subscriptions.values) }) { subscription.send(value) }
    }

    private func remove(_ subscription: RelaySubscription<Output>) {
        lock.withLock { subscriptions[ObjectIdentifier(subscription)] = nil }
    }
}

private final class RelaySubscription<Output>: Subscription {
    private let lock = NSLock()
    private var first: Output?
    private var demand = Subscribers.Demand.none
    private var receive: ((Output) -> Subscribers.Demand)?
    private let ended: (RelaySubscription) -> Void

    init(
        _ first: Output?, receive: @escaping (Output) -> Subscribers.Demand,
        ended: @escaping (RelaySubscription) -> Void
    ) {
        self.first = first
        self.receive = receive
        self.ended = ended
    }

    func request(_ more: Subscribers.Demand) {
        lock.withLock { demand += more }
        guard let value = lock.withLock({ first }), more != .none else { return }
        lock.withLock { first = nil }
        send(value)
    }

    func send(_ value: Output) {
        guard let receive = lock.withLock({ demand.take() ? receive : nil }) else { return }
        let more = receive(value)
        lock.withLock { demand += more }
    }

    func cancel() {
        lock.withLock { receive = nil }
        ended(self)
    }
}
