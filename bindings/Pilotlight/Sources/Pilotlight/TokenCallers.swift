import Foundation

/// Callers who want the same of the core, and wait for one call of it.
///
/// A screen full of pictures asks for a token a hundred times while it is renewed. The core would make one renewal of it in any
/// case; here each caller costs an entry in a list instead of a call, with a task and its own future.
///
/// Only callers of one epoch wait together: nothing has happened to the session between their beginnings, so the answer to the
/// first one's call comes after all of them have asked.
final class TokenCallers: Sendable {
    typealias Caller = UnsafeContinuation<String, any Error>

    /// What they have in common.
    struct Wanted: Hashable, Sendable {
        var epoch: UInt64
        var minTtlSeconds: UInt32
        var allowExpired: Bool
    }

    /// One of them.
    struct Ticket: Sendable {
        let wanted: Wanted
        fileprivate let number: UInt64
    }

    private struct Waiting: Sendable {
        var groups = [Wanted: [UInt64: Caller]]()
        var count: UInt64 = 0
        var joined = 0
    }

    private enum Entry {
        case first
        case later
        case cancelled
    }

    private let waiting = Locked(Waiting())

    /// How many have waited for a call that another had made.
    var joined: Int { waiting.withLock { $0.joined } }

    /// How many wait.
    var count: Int { waiting.withLock { $0.groups.values.reduce(0) { $0 + $1.count } } }

    func ticket(for wanted: Wanted) -> Ticket {
        let number = waiting.withLock { waiting in
            waiting.count &+= 1
            return waiting.count
        }
        return Ticket(wanted: wanted, number: number)
    }

    /// Lets the caller wait, unless its task is cancelled already.
    ///
    /// - Returns: Whether it is the first; then the call has to be made, and ``end(_:with:)`` called.
    func enter(_ caller: Caller, _ ticket: Ticket) -> Bool {
        let entry: Entry = waiting.withLock { waiting in
            // Under the lock: a task that is cancelled later calls `leave`, which waits for the lock and finds the caller.
            if Task.isCancelled { return .cancelled }
            let isFirst = waiting.groups[ticket.wanted] == nil
            if !isFirst { waiting.joined += 1 }
            waiting.groups[ticket.wanted, default: [:]][ticket.number] = caller
            return isFirst ? .first : .later
        }
        if entry == .cancelled { caller.resume(throwing: CancellationError()) }
        return entry == .first
    }

    /// The caller's task was cancelled.
    func leave(_ ticket: Ticket) {
        let caller = waiting.withLock { $0.groups[ticket.wanted]?.removeValue(forKey: ticket.number) }
        caller?.resume(throwing: CancellationError())
    }

    /// The call has ended. Callers who come from now on make another one.
    func end(_ wanted: Wanted, with result: Result<String, any Error>) {
        let callers = waiting.withLock { $0.groups.removeValue(forKey: wanted) } ?? [:]
        for caller in callers.values { caller.resume(with: result) }
    }
}
