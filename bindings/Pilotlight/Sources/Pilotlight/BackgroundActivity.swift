import Foundation

/// Asks the system for background time while calls run, so that the process is not suspended in the middle of one.
///
/// iOS suspends an app moments after it leaves the screen. A renewal that is interrupted then may have received a refresh
/// token that is not stored yet. iOS also kills a process that is suspended while it holds a lock on a file in a shared
/// container (exception 0xdead10cc; Apple: "Understanding the exception types in a crash report"). So this object asks
/// for time when a call begins. Until the time is granted the core takes no lock. When the time is over or refused, the
/// core releases the lock at once. The call itself continues, if necessary after the suspension.
///
/// All calls of a session share one request for time, because each request blocks a thread of the system until it ends.
final class BackgroundActivity: Sendable {
    private struct State: Sendable {
        var calls = 0
        var request: Request?
    }

    private let activities: any ExpiringActivities
    private let onChange: @Sendable (BackgroundTime) -> Void
    private let state = Locked(State())

    /// - Parameters:
    ///   - activities: Grants the time.
    ///   - onChange: Called with each answer of the system, in order. It is called on any thread, under a lock of this object,
    ///     and must return soon: when the time is over, the process may be suspended as soon as it has returned.
    init(_ activities: any ExpiringActivities, onChange: @escaping @Sendable (BackgroundTime) -> Void) {
        self.activities = activities
        self.onChange = onChange
    }

    /// Runs `work` while the system grants time.
    func run<Value: Sendable>(_ work: () async throws -> Value) async rethrows -> Value {
        begin()
        defer { end() }
        return try await work()
    }

    private func begin() {
        let request = state.withLock { state -> Request? in
            state.calls += 1
            // After an expiration there may be calls without a request; the next call asks again.
            guard state.request == nil else { return nil }
            state.request = Request()
            // Reported here: before the call begins, and before any answer.
            onChange(.asked)
            return state.request
        }
        guard let request else { return }
        activities.perform(reason: "Pilotlight: keeping the user signed in") { [self] expired in
            if expired { expire(request) } else if grant(request) { request.waitUntilFinished() }
        }
    }

    private func end() {
        let request = state.withLock { state -> Request? in
            state.calls -= 1
            guard state.calls == 0 else { return nil }
            defer { state.request = nil }
            return state.request
        }
        request?.finish()
    }

    /// Returns false if no call needs the time any more.
    private func grant(_ request: Request) -> Bool {
        state.withLock { state in
            // Ignored if another request is open, whose own answer counts, or if the time was over before this thread ran.
            guard state.request === request || state.request == nil, !request.isOver else { return false }
            onChange(.granted)
            return state.request != nil
        }
    }

    private func expire(_ request: Request) {
        state.withLock { state in
            request.isOver = true
            // Another request is open: its own answer counts.
            guard state.request === request || state.request == nil else { return }
            state.request = nil
            // This must come first: the system may suspend the process as soon as the request is finished.
            onChange(.over)
        }
        request.finish()
    }
}

/// What the system has said about background time.
enum BackgroundTime: Sendable {
    /// The system was asked and has not answered.
    case asked
    /// The process is not suspended before `over`.
    case granted
    /// The system granted no time, or the time is over.
    case over
}

/// One request for time. The system's thread waits in `waitUntilFinished()` until the request is finished.
private final class Request: @unchecked Sendable {
    private let condition = NSCondition()
    private var isFinished = false
    /// Whether the system has ended the time. Protected by the lock of the `BackgroundActivity`.
    var isOver = false

    func waitUntilFinished() {
        condition.lock()
        defer { condition.unlock() }
        while !isFinished { condition.wait() }
    }

    func finish() {
        condition.lock()
        defer { condition.unlock() }
        isFinished = true
        condition.broadcast()
    }
}

/// Grants background time.
protocol ExpiringActivities: Sendable {
    /// Calls `body` with false on a thread that may block, and keeps the process running until that call returns. Calls
    /// it with true, on another thread, when the time is over, and also when no time was granted. Returns at once.
    func perform(reason: String, _ body: @escaping @Sendable (_ expired: Bool) -> Void)
}

#if os(iOS) || os(tvOS) || os(visionOS)
/// Works in app extensions too, unlike `UIApplication`'s background tasks (Apple:
/// "performExpiringActivity(withReason:using:)").
struct SystemActivities: ExpiringActivities {
    func perform(reason: String, _ body: @escaping @Sendable (_ expired: Bool) -> Void) {
        ProcessInfo.processInfo.performExpiringActivity(withReason: reason, using: body)
    }
}
#endif
