import Foundation
import Observation
import Pilotlight

/// What a session went through, for the inspector: its states, or its events. It holds no token and nothing that could
/// become one.
@MainActor @Observable
public final class History<Item: Equatable & Sendable> {
    /// One of them, and when it came.
    public struct Entry: Equatable, Identifiable, Sendable {
        /// Counts from 1.
        public let id: Int
        /// When this app was notified.
        public let date: Date
        /// What came.
        public let item: Item
    }

    /// The newest first, the last hundred.
    public private(set) var entries: [Entry] = []

    private var count = 0
    @ObservationIgnored private var listening: Task<Void, Never>?

    /// Nothing so far.
    public init() {}

    deinit {
        listening?.cancel()
    }

    /// Adds what came.
    func add(_ item: Item, at date: Date) {
        count += 1
        entries.insert(Entry(id: count, date: date, item: item), at: 0)
        if entries.count > 100 { entries.removeLast() }
    }
}

extension History<SessionState> {
    /// Writes down each change of state, until this object is gone.
    public func follow(_ session: Session) {
        listening?.cancel()
        listening = Task { [weak self, states = session.states] in
            for await state in states { self?.add(state, at: Date()) }
        }
    }
}

extension History<SessionEvent> {
    /// Writes down each event from now on, until this object is gone.
    public func follow(_ session: Session) {
        listening?.cancel()
        // Here, not in the task: nothing is repeated for a listener that comes later.
        var events = session.events.makeAsyncIterator()
        listening = Task { [weak self] in
            while let event = await events.next() { self?.add(event, at: Date()) }
        }
    }
}
