import Foundation
import Observation
import Pilotlight

/// What a session went through, for the inspector: its states and its events. It holds no token.
@MainActor @Observable
public final class History {
    /// A new state, or an event.
    public enum Moment: Equatable, Sendable { case state(SessionState), event(SessionEvent) }

    /// One of them, and when it came.
    public struct Entry: Identifiable, Sendable {
        /// Counts from 1.
        public let id: Int
        /// When this app was notified.
        public let date: Date
        /// What came.
        public let moment: Moment
    }

    /// The newest first, the last hundred.
    public private(set) var entries: [Entry] = []
    @ObservationIgnored private var listening: [Task<Void, Never>] = []

    /// Writes down what happens to `session` from now on, until this object is gone.
    public init(of session: Session) {
        // Here, not in the tasks: no event is repeated for a listener that comes later.
        var (states, events) = (session.states.makeAsyncIterator(), session.events.makeAsyncIterator())
        listening = [
            Task { [weak self] in while let state = await states.next() { self?.add(.state(state)) } },
            Task { [weak self] in while let event = await events.next() { self?.add(.event(event)) } },
        ]
    }

    deinit {
        for task in listening { task.cancel() }
    }

    func add(_ moment: Moment) {
        entries.insert(Entry(id: (entries.first?.id ?? 0) + 1, date: Date(), moment: moment), at: 0)
        if entries.count > 100 { entries.removeLast() }
    }
}
