import Foundation
internal import PilotlightFFI

/// Lets a session's callers pass only if its user has authenticated as the app's policy requires.
///
/// Callers that arrive while the user is being asked wait for that answer: there is one dialogue at a time.
final class AuthenticationGate: Sendable {
    private struct State: Sendable {
        /// When the user last authenticated, by a clock that keeps running while the device sleeps.
        var passed: UInt64?
        var question: Question?
        /// Counts sign-outs: the answer to a question that was asked before a sign-out does not open the gate.
        var closings: UInt64 = 0
        /// Announces that the gate has opened or closed.
        var changes: Broadcaster<Void>?
    }

    private typealias Question = Task<Void, any Error>

    private let policy: UserAuthenticationPolicy
    private let now: @Sendable () -> UInt64
    /// Sleeps for at most that many seconds.
    let sleep: @Sendable (TimeInterval) async throws -> Void
    private let state = Locked(State())

    /// - Parameters:
    ///   - policy: The app's policy.
    ///   - now: The time in nanoseconds, by a clock that keeps running while the device sleeps.
    ///   - sleep: Sleeps for at most that many seconds.
    init(
        _ policy: UserAuthenticationPolicy, now: @escaping @Sendable () -> UInt64 = { pilotlight_steady_nanoseconds() },
        sleep: @escaping @Sendable (TimeInterval) async throws -> Void = {
            try await Task.sleep(nanoseconds: UInt64($0 * 1e9))
        }
    ) {
        self.policy = policy
        self.now = now
        self.sleep = sleep
    }

    /// From now on, announces in `changes` that the gate opens or closes. The expiry of an authentication is not announced; see
    /// ``timeLeft``.
    func announce(to changes: Broadcaster<Void>) {
        state.withLock { $0.changes = changes }
    }

    /// How long the gate stays open, in seconds; nil if it is closed, or open without a limit.
    var timeLeft: TimeInterval? {
        guard let passed = state.withLock({ $0.passed }), case .seconds(let seconds) = policy.validity else {
            return nil
        }
        let left = age(of: passed).map { seconds - $0 } ?? 0
        return left > 0 ? left : nil
    }

    /// Whether a caller may pass without the user being asked.
    var isOpen: Bool {
        isGood(state.withLock { $0.passed })
    }

    /// Asks the user if that is due.
    ///
    /// - Throws: ``SessionError/userAuthenticationFailed(reason:message:)``; `CancellationError` if the caller's task is
    ///   cancelled, and the question stays open for the other callers.
    func pass() async throws {
        if isOpen { return }
        guard policy.callsAsk else {
            throw SessionError.userAuthenticationFailed(
                reason: .required, message: "the user has to authenticate: the app calls authenticateUser()")
        }
        try await ask()
    }

    /// Asks the user even if that is not due.
    func ask() async throws {
        let question = state.withLock { state -> Question in
            if let question = state.question { return question }
            let closings = state.closings
            let question = Question { try await self.authenticate(closings: closings) }
            state.question = question
            return question
        }
        try await waitUnlessCancelled { try await question.value }
    }

    /// Opens the gate because the user has just authenticated in another way: with a sign-in.
    func open() {
        let moment = now()
        state.withLock { state in
            state.passed = moment
            return state.changes
        }?.send(())
    }

    /// Closes the gate because nobody is signed in any more.
    func close() {
        state.withLock { state in
            state.passed = nil
            state.closings += 1
            return state.changes
        }?.send(())
    }

    private func authenticate(closings: UInt64) async throws {
        do {
            try await policy.authenticator.authenticate(reason: policy.reason)
        } catch {
            state.withLock { $0.question = nil }
            throw Self.failure(error)
        }
        let moment = now()
        state.withLock { state in
            state.question = nil
            if state.closings == closings { state.passed = moment }
            return state.changes
        }?.send(())
    }

    private func isGood(_ passed: UInt64?) -> Bool {
        guard let passed else { return false }
        switch policy.validity {
        case .none: return false
        case .process: return true
        case .seconds(let seconds):
            return age(of: passed).map { $0 < seconds } ?? false
        }
    }

    /// How long ago `moment` was, in seconds; nil if it is in the future.
    private func age(of moment: UInt64) -> TimeInterval? {
        let (age, isFromTheFuture) = now().subtractingReportingOverflow(moment)
        return isFromTheFuture ? nil : TimeInterval(age) / 1e9
    }

    private static func failure(_ error: any Error) -> SessionError {
        switch error {
        case let error as SessionError: error
        case is CancellationError:
            .userAuthenticationFailed(reason: .cancelled, message: "the question whether it is the user was cancelled")
        default: .userAuthenticationFailed(reason: .failed, message: "the user did not authenticate")
        }
    }
}

extension Session {
    /// Whether the user has to authenticate before this session discloses anything; calls without `async` return nil until then.
    /// False if the session has no ``UserAuthenticationPolicy`` in this process; always true with
    /// ``UserAuthenticationPolicy/always(reason:authenticator:)``. O(1).
    public var isUserAuthenticationRequired: Bool {
        gate.map { !$0.isOpen } ?? false
    }

    /// Asks the user to authenticate as the session's ``UserAuthenticationPolicy`` says, even if that is not due yet: for a
    /// screen that unlocks the app. Calls that wait for the authentication then continue. Does nothing without a policy. No
    /// network, no store.
    ///
    /// - Throws: ``SessionError/userAuthenticationFailed(reason:message:)``; `CancellationError`.
    public func authenticateUser() async throws {
        try await gate?.ask()
    }
}
