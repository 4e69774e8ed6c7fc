/// What a view that requires a session shows, without the view: `requiresSession(otherwise:)` draws it.
struct RequiredSession: Equatable {
    /// What is shown.
    enum Part: Equatable {
        case progress
        case content
        case otherwise(SessionState)
        /// The session could not be read from the store.
        case failure(SessionError)
    }

    /// When to follow anew: for another session, and when the user wants to try again. Holds the session, so that no other one
    /// can come to its address meanwhile.
    struct Attempt: Equatable {
        var session: Session?
        var number = 0

        static func == (one: Self, other: Self) -> Bool {
            one.session === other.session && one.number == other.number
        }
    }

    /// The session that the rest is about.
    private(set) var session: Session?
    private(set) var state: SessionState?
    private(set) var error: SessionError?

    static func == (one: Self, other: Self) -> Bool {
        one.session === other.session && one.state == other.state && one.error == other.error
    }

    /// What to show for `current`; until it is followed, what is known of it in memory.
    func part(for current: Session?) -> Part {
        guard let current else { return .otherwise(.signedOut) }
        let isFollowed = current === session
        switch isFollowed ? state : current.state {
        case .signedIn: return .content
        case let state?: return .otherwise(state)
        case nil: return (isFollowed ? error : nil).map(Part.failure) ?? .progress
        }
    }

    /// Reads the session where that was not done yet, and follows its state until the task is cancelled. An error is kept until a
    /// state is known: a damaged item leaves a session that nobody is signed in to.
    @MainActor
    static func follow(_ session: Session?, show: @MainActor (RequiredSession) -> Void) async {
        guard let session else { return show(RequiredSession()) }
        // Before anything is read, so that no change is missed.
        var states = session.states.makeAsyncIterator()
        var shown = RequiredSession(session: session, state: session.state)
        show(shown)
        if shown.state == nil {
            do {
                shown.state = try await session.restore()
            } catch let error as SessionError {
                (shown.state, shown.error) = (session.state, error)
            } catch {
                // Cancelled: another attempt, or none, follows.
                return
            }
            show(shown)
        }
        while let reported = await states.next() {
            // A report may be late; the session itself knows best.
            shown = RequiredSession(session: session, state: session.state ?? reported)
            show(shown)
        }
    }
}
