import Foundation

/// Callers that want the same token from the core, and wait for one call to it.
///
/// A screen full of pictures may ask for a token a hundred times while it is being renewed. The core would renew it only once
/// in any case. But here each further caller costs only an entry in a list instead of a call with a task and a future.
///
/// Only callers of the same epoch wait together. Nothing has happened to the session between their requests, so the answer to
/// the first caller's call is also newer than the requests of the others.
final class TokenCallers: Sendable {
    typealias Caller = UnsafeContinuation<String, any Error>

    /// What the callers of one group have in common.
    struct Wanted: Hashable, Sendable {
        var epoch: UInt64
        var minTtlSeconds: UInt32
        var allowExpired: Bool
    }

    /// The ticket of one caller.
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

    /// How many callers have waited for a call that another caller had started.
    var joined: Int { waiting.withLock { $0.joined } }

    /// How many callers are waiting.
    var count: Int { waiting.withLock { $0.groups.values.reduce(0) { $0 + $1.count } } }

    func ticket(for wanted: Wanted) -> Ticket {
        let number = waiting.withLock { waiting in
            waiting.count &+= 1
            return waiting.count
        }
        return Ticket(wanted: wanted, number: number)
    }

    /// Lets the caller wait, unless its task is already cancelled.
    ///
    /// - Returns: Whether this caller is the first. It must then start the call to the core, and call ``end(_:with:)`` at the
    ///   end.
    func enter(_ caller: Caller, _ ticket: Ticket) -> Bool {
        let entry: Entry = waiting.withLock { waiting in
            // Checked under the lock: a task that is cancelled later calls `leave`, which waits for the lock and finds the
            // caller.
            if Task.isCancelled { return .cancelled }
            let isFirst = waiting.groups[ticket.wanted] == nil
            if !isFirst { waiting.joined += 1 }
            waiting.groups[ticket.wanted, default: [:]][ticket.number] = caller
            return isFirst ? .first : .later
        }
        if entry == .cancelled { caller.resume(throwing: CancellationError()) }
        return entry == .first
    }

    /// Removes a caller whose task was cancelled.
    func leave(_ ticket: Ticket) {
        let caller = waiting.withLock { $0.groups[ticket.wanted]?.removeValue(forKey: ticket.number) }
        caller?.resume(throwing: CancellationError())
    }

    /// Passes the result of the call to all its callers. Callers that arrive later start another call.
    func end(_ wanted: Wanted, with result: Result<String, any Error>) {
        let callers = waiting.withLock { $0.groups.removeValue(forKey: wanted) } ?? [:]
        for caller in callers.values { caller.resume(with: result) }
    }
}
