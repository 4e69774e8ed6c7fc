/// What ``SessionModel`` and `ObservableSession` have in common: follows a session on the main actor, and runs its calls.
@MainActor
final class SessionFollower {
    /// What a screen shows.
    struct Values: Equatable {
        var state: SessionState?
        var profile: SessionProfile?
        var error: SessionError?
        var calls = 0
    }

    let session: Session
    private(set) var values: Values {
        didSet { if values != oldValue { changed?(values) } }
    }
    /// Takes every change of the values.
    var changed: (@MainActor (Values) -> Void)?
    private var listening: Task<Void, Never>?

    /// Begins to follow the session. Reads memory only.
    init(_ session: Session) {
        self.session = session
        values = Values(state: session.state, profile: session.cachedProfile)
        listening = Task { [weak self, states = session.states] in
            for await state in states {
                guard let self else { return }
                // A report may be late; the session itself knows best.
                self.follow(self.session.state ?? state)
            }
        }
    }

    deinit {
        listening?.cancel()
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
            values.error = .signInFailed(code: "web_authentication_failed", message: "the authenticator failed")
        }
        // The report of the change may still be on its way.
        if let state = session.state { follow(state) }
    }

    private func follow(_ state: SessionState) {
        values.state = state
        values.profile = state == .signedOut ? nil : session.cachedProfile
    }
}
