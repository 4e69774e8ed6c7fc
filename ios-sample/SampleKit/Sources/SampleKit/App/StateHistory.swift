import Foundation
import Observation
import Pilotlight

/// The states that a session went through, for the inspector. It holds no token and nothing that could become one.
@MainActor @Observable
public final class StateHistory {
    /// One state, and when it came.
    public struct Entry: Equatable, Identifiable, Sendable {
        /// Counts from 1.
        public let id: Int
        /// When this app heard of it.
        public let date: Date
        /// The state.
        public let state: SessionState
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

    /// Writes down what comes, until this object is gone.
    public func follow(_ session: Session) {
        listening?.cancel()
        listening = Task { [weak self, states = session.states] in
            for await state in states { self?.add(state, at: Date()) }
        }
    }

    /// Adds a state; one that is the same as the one before is none.
    func add(_ state: SessionState, at date: Date) {
        guard entries.first?.state != state else { return }
        count += 1
        entries.insert(Entry(id: count, date: date, state: state), at: 0)
        if entries.count > 100 { entries.removeLast() }
    }
}
