internal import PilotlightCore

/// Hands everything to every listener, in order.
final class Broadcaster<Element: Sendable>: Sendable {
    private struct Listeners: Sendable {
        var latest: Element?
        // `[:]` would make one more generic type when the first session of a process is opened.
        var open = [Int: AsyncStream<Element>.Continuation]()
        var count = 0
        var ended = false
    }

    private let beginsWithLatest: Bool
    private let listeners = Locked(Listeners())

    /// With `beginsWithLatest` a listener first gets what was sent last.
    init(beginsWithLatest: Bool) {
        self.beginsWithLatest = beginsWithLatest
    }

    func send(_ element: Element) {
        // Under the lock, so that nobody who begins to listen just now gets something twice or not at all.
        listeners.withLock { listeners in
            if beginsWithLatest { listeners.latest = element }
            for continuation in listeners.open.values { continuation.yield(element) }
        }
    }

    func listen() -> AsyncStream<Element> {
        let (elements, continuation) = AsyncStream.makeStream(of: Element.self, bufferingPolicy: .unbounded)
        let number = listeners.withLock { listeners -> Int? in
            if let latest = listeners.latest { continuation.yield(latest) }
            if listeners.ended { return nil }
            listeners.count += 1
            listeners.open[listeners.count] = continuation
            return listeners.count
        }
        guard let number else {
            continuation.finish()
            return elements
        }
        continuation.onTermination = { [weak self] _ in self?.leave(number) }
        return elements
    }

    /// Nothing more will come.
    func end() {
        let open = listeners.withLock { listeners in
            listeners.ended = true
            defer { listeners.open = [:] }
            return listeners.open
        }
        // Outside the lock, because finishing calls `onTermination`, which takes it.
        for continuation in open.values { continuation.finish() }
    }

    private func leave(_ number: Int) {
        listeners.withLock { _ = $0.open.removeValue(forKey: number) }
    }
}

/// What the core reports of a session, for its listeners.
final class SessionBroadcaster: SessionObserver {
    let states = Broadcaster<SessionState>(beginsWithLatest: true)
    let events = Broadcaster<SessionEvent>(beginsWithLatest: false)
    /// The text of the session's token goes with every change of state, whichever handle made it.
    let tokens = TokenCache()
    /// So does its profile.
    let profiles = ProfileCache()

    func stateChanged(state: PilotlightCore.SessionState) {
        tokens.forget()
        profiles.forget()
        states.send(SessionState(state))
    }

    func happened(event: PilotlightCore.SessionEvent) {
        events.send(SessionEvent(event))
    }

    /// The session is gone.
    func end() {
        states.end()
        events.end()
    }
}
