import Foundation
internal import PilotlightFFI

/// What lets a session's callers pass only when its user has authenticated, by the app's policy.
///
/// Callers who come while the user is asked wait for that answer: there is one dialogue at a time.
final class AuthenticationGate: Sendable {
    private struct State: Sendable {
        /// When the user authenticated last, by the clock that goes on while the device sleeps.
        var passed: UInt64?
        var question: Question?
        /// Counts sign-outs: an answer to a question from before one opens nothing.
        var closings: UInt64 = 0
        /// Who receives that it has opened or closed.
        var changes: Broadcaster<Void>?
    }

    private typealias Question = Task<Void, any Error>

    private let policy: UserAuthenticationPolicy
    private let now: @Sendable () -> UInt64
    /// Returns some time later, at the latest after so many seconds.
    let sleep: @Sendable (TimeInterval) async throws -> Void
    private let state = Locked(State())

    /// - Parameters:
    ///   - policy: The app's.
    ///   - now: Nanoseconds of a clock that goes on while the device sleeps.
    ///   - sleep: Returns some time later, at the latest after so many seconds.
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

    /// From now on these receive that it opens or is closed. That an authentication is not valid any more they see by
    /// ``timeLeft``.
    func announce(to changes: Broadcaster<Void>) {
        state.withLock { $0.changes = changes }
    }

    /// How long it stays open, in seconds; nil where it is closed, or open without an end.
    var timeLeft: TimeInterval? {
        guard let passed = state.withLock({ $0.passed }), case .seconds(let seconds) = policy.validity else {
            return nil
        }
        let left = age(of: passed).map { seconds - $0 } ?? 0
        return left > 0 ? left : nil
    }

    /// Whether a caller may pass without a question.
    var isOpen: Bool {
        isGood(state.withLock { $0.passed })
    }

    /// Asks the user, if that is due.
    ///
    /// - Throws: ``SessionError/userAuthenticationFailed(reason:message:)``; `CancellationError` where the caller's task is
    ///   cancelled, and the question stays for the others.
    func pass() async throws {
        if isOpen { return }
        guard policy.callsAsk else {
            throw SessionError.userAuthenticationFailed(
                reason: .required, message: "the user has to authenticate: the app calls authenticateUser()")
        }
        try await ask()
    }

    /// Asks the user, also where that is not due.
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

    /// The user has just shown who they are in another way: a sign-in.
    func open() {
        let moment = now()
        state.withLock { state in
            state.passed = moment
            return state.changes
        }?.send(())
    }

    /// Nobody is signed in any more.
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

    /// In seconds; nil where that moment is not over yet.
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
    /// Whether the user has to authenticate before this session gives anything out: then calls without `async` give nil. False
    /// where the session has no ``UserAuthenticationPolicy``, in this process; always true with
    /// ``UserAuthenticationPolicy/always(reason:authenticator:)``. O(1).
    public var isUserAuthenticationRequired: Bool {
        gate.map { !$0.isOpen } ?? false
    }

    /// Asks the user who they are, by the session's ``UserAuthenticationPolicy``, also where that is not due yet: for a screen
    /// that unlocks the app. Calls that are waiting for it go on. Does nothing without a policy. No network, no store.
    ///
    /// - Throws: ``SessionError/userAuthenticationFailed(reason:message:)``; `CancellationError`.
    public func authenticateUser() async throws {
        try await gate?.ask()
    }
}
