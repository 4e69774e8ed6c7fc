import Foundation

/// Follows a session on the main actor and runs its calls, for ``SessionModel`` and `ObservableSession`.
@MainActor
final class SessionFollower {
    /// The values that a screen shows.
    struct Values: Equatable {
        var state: SessionState?
        var profile: SessionProfile?
        /// Whether the user has to authenticate first.
        var isLocked = false
        var error: SessionError?
        var calls = 0
    }

    let session: Session
    private(set) var values: Values {
        didSet { if values != oldValue { changed?(values) } }
    }
    /// Called with every change of the values.
    var changed: (@MainActor (Values) -> Void)?
    private var listening: [Task<Void, Never>] = []
    /// Waits until the user's authentication is no longer valid.
    private var closing: Task<Void, Never>?
    /// The longest sleep, in seconds: a sleeping device may not count it.
    private static let longestSleep: TimeInterval = 60

    /// Begins to follow the session. Reads memory only.
    init(_ session: Session) {
        self.session = session
        values = Values(
            state: session.state, profile: session.cachedProfile, isLocked: session.isUserAuthenticationRequired)
        listening = [
            Task { [weak self, states = session.states] in
                for await state in states {
                    guard let self else { return }
                    // A report may be late, so the session's own state takes precedence.
                    self.follow(self.session.state ?? state)
                }
            },
            Task { [weak self, changes = session.gates.changes.listen()] in
                for await _ in changes { self?.followGate() }
            },
        ]
        waitForClosing()
    }

    deinit {
        for task in listening { task.cancel() }
        closing?.cancel()
    }

    func dismissError() {
        values.error = nil
    }

    func run(_ work: @Sendable (Session) async throws -> Void) async {
        values.calls += 1
        defer { values.calls -= 1 }
        do {
            try await work(session)
            values.error = nil
        } catch let error as SessionError {
            values.error = error == .signInCancelled ? nil : error
        } catch is CancellationError {
            values.error = nil
        } catch {
            values.error = .ofAuthenticator(error)
        }
        // The report of the change may still be on its way.
        if let state = session.state { follow(state) }
    }

    private func follow(_ state: SessionState) {
        values.state = state
        showWhatMayBeSeen()
    }

    private func followGate() {
        showWhatMayBeSeen()
        waitForClosing()
    }

    private func showWhatMayBeSeen() {
        values.isLocked = session.isUserAuthenticationRequired
        values.profile = values.state == .signedOut ? nil : session.cachedProfile
    }

    /// The gate does not announce that an authentication is no longer valid, so this waits for that time and looks again.
    private func waitForClosing() {
        closing?.cancel()
        guard let gate = session.gate, gate.timeLeft != nil else { return }
        closing = Task { [weak self] in
            while let left = gate.timeLeft {
                do { try await gate.sleep(min(left, Self.longestSleep)) } catch { return }
            }
            self?.showWhatMayBeSeen()
        }
    }
}
