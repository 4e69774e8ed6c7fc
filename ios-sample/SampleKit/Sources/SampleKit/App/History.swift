import Foundation
import Observation
import Pilotlight

/// The states and events of a session, for the inspector. It contains no token.
@MainActor @Observable
public final class History {
    /// A new state, or an event.
    public enum Moment: Equatable, Sendable { case state(SessionState), event(SessionEvent) }

    /// A state or an event, and when it was reported.
    public struct Entry: Identifiable, Sendable {
        /// Counts from 1.
        public let id: Int
        /// When this app was notified.
        public let date: Date
        /// The state or the event.
        public let moment: Moment
    }

    /// The last hundred entries, the newest first.
    public private(set) var entries: [Entry] = []
    @ObservationIgnored private var listening: [Task<Void, Never>] = []

    /// Records what happens to `session` from now on, until this object is deallocated.
    public init(of session: Session) {
        // Begins here and not in the tasks, because no event is repeated for a listener that begins later.
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
