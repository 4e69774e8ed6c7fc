import Foundation

@testable import Pilotlight

/// Grants time as iOS does: on its own threads, as long as the block runs or until it reports that the time is over.
final class FakeActivities: ExpiringActivities {
    private struct Requests: Sendable {
        var asked = 0
        var returned = 0
        var open: [Int: @Sendable (Bool) -> Void] = [:]
        var held: [@Sendable () -> Void] = []
        var answer: Answer
    }

    enum Answer: Sendable {
        case grant
        /// Grants no time at all.
        case refuse
        /// Answers only at `grantHeld()`.
        case hold
    }

    private let requests: Locked<Requests>
    private let onReturn: @Sendable () -> Void
    private let (returns, returning) = AsyncStream.makeStream(of: Void.self)

    init(_ answer: Answer = .grant, onReturn: @escaping @Sendable () -> Void = {}) {
        requests = Locked(Requests(answer: answer))
        self.onReturn = onReturn
    }

    /// How often time was requested.
    var asked: Int { requests.withLock { $0.asked } }
    /// How many of these requests have ended: the block has returned on the system's thread.
    var returned: Int { requests.withLock { $0.returned } }

    func answer(_ answer: Answer) {
        requests.withLock { $0.answer = answer }
    }

    func perform(reason: String, _ body: @escaping @Sendable (_ expired: Bool) -> Void) {
        let (number, answer) = requests.withLock { requests in
            requests.asked += 1
            if requests.answer != .refuse { requests.open[requests.asked] = body }
            return (requests.asked, requests.answer)
        }
        let run: @Sendable () -> Void = { [self] in
            Thread.detachNewThread { [self] in
                body(answer == .refuse)
                onReturn()
                requests.withLock { requests in
                    requests.returned += 1
                    requests.open[number] = nil
                }
                returning.yield()
            }
        }
        if answer == .hold { requests.withLock { $0.held.append(run) } } else { run() }
    }

    /// Ends the time of all open requests. Returns when they have been notified.
    func expire() {
        for body in requests.withLock({ $0.open.values.map { $0 } }) { body(true) }
    }

    /// Ends the time of one request; requests are numbered from 1.
    func expire(number: Int) {
        requests.withLock { $0.open[number] }?(true)
    }

    func grantHeld() {
        for run in requests.withLock({ requests in
            defer { requests.held = [] }
            return requests.held
        }) { run() }
    }

    /// Waits until `count` more requests have ended.
    func untilReturned(_ count: Int = 1) async {
        var returns = returns.makeAsyncIterator()
        for _ in 0..<count { _ = await returns.next() }
    }
}
