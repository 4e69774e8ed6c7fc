import Foundation

/// Keeps the process from being suspended while calls run, as far as the system allows it, and lets go in time.
///
/// iOS suspends an app moments after it left the screen, and a renewal that is cut off there may have got a refresh
/// token that is not stored yet. It also kills a process that is suspended while it holds a lock on a file in a shared
/// container (exception 0xdead10cc; Apple: "Understanding the exception types in a crash report"). So the system is
/// asked for time while there is work, and when the time is over the lock is given back at once. The work itself goes on:
/// to its end, or after the suspension.
///
/// All calls of a session's share one request, because each request blocks a thread of the system's for as long as it
/// lasts.
final class StayingAwake: Sendable {
    private struct Running: Sendable {
        var calls = 0
        var request: Request?
    }

    private let activities: any ExpiringActivities
    private let timeIsOver: @Sendable () -> Void
    private let running = Locked(Running())

    /// - Parameters:
    ///   - activities: Whom to ask.
    ///   - timeIsOver: What must be done before a suspension; called on any thread, must return soon.
    init(_ activities: any ExpiringActivities, timeIsOver: @escaping @Sendable () -> Void) {
        self.activities = activities
        self.timeIsOver = timeIsOver
    }

    /// Does `work`, awake.
    func during<Value: Sendable>(_ work: () async throws -> Value) async rethrows -> Value {
        begin()
        defer { end() }
        return try await work()
    }

    private func begin() {
        let request = running.withLock { running -> Request? in
            running.calls += 1
            // After an expiry there may be calls without a request; the next call asks again.
            guard running.request == nil else { return nil }
            running.request = Request()
            return running.request
        }
        guard let request else { return }
        activities.perform(reason: "Pilotlight: keeping the user signed in") { [self] expired in
            if expired { expire(request) } else { request.waitUntilOver() }
        }
    }

    private func end() {
        let request = running.withLock { running -> Request? in
            running.calls -= 1
            guard running.calls == 0 else { return nil }
            defer { running.request = nil }
            return running.request
        }
        request?.finish()
    }

    private func expire(_ request: Request) {
        running.withLock { running in
            if running.request === request { running.request = nil }
        }
        // Before the system hears that it may suspend.
        timeIsOver()
        request.finish()
    }
}

/// One request for time: the system's thread waits in it until it is over.
private final class Request: @unchecked Sendable {
    private let condition = NSCondition()
    private var isOver = false

    func waitUntilOver() {
        condition.lock()
        defer { condition.unlock() }
        while !isOver { condition.wait() }
    }

    func finish() {
        condition.lock()
        defer { condition.unlock() }
        isOver = true
        condition.broadcast()
    }
}

/// Who grants time before a suspension.
protocol ExpiringActivities: Sendable {
    /// Calls `body` with false on a thread that may block, and keeps the process awake until that call returns; calls it
    /// with true, on another thread, when the time is over, and also when there was none to begin with. Returns at once.
    func perform(reason: String, _ body: @escaping @Sendable (_ expired: Bool) -> Void)
}

#if os(iOS)
/// Works in app extensions too, unlike `UIApplication`'s background tasks (Apple:
/// "performExpiringActivity(withReason:using:)").
struct SystemActivities: ExpiringActivities {
    func perform(reason: String, _ body: @escaping @Sendable (_ expired: Bool) -> Void) {
        ProcessInfo.processInfo.performExpiringActivity(withReason: reason, using: body)
    }
}
#endif
