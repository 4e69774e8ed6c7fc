internal import PilotlightCore

/// Sends every element to every listener, in order.
final class Broadcaster<Element: Sendable>: Sendable {
    private struct Listeners: Sendable {
        var latest: Element?
        // `[:]` would instantiate one more generic type when a process opens its first session.
        var open = [Int: AsyncStream<Element>.Continuation]()
        var count = 0
        var ended = false
    }

    private let beginsWithLatest: Bool
    private let listeners = Locked(Listeners())

    /// With `beginsWithLatest` each listener first gets the last element that was sent.
    init(beginsWithLatest: Bool) {
        self.beginsWithLatest = beginsWithLatest
    }

    func send(_ element: Element) {
        // Under the lock, so that a listener that begins at this moment gets each element exactly once.
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

    /// Finishes all streams: no more elements will be sent.
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

/// Forwards what the core reports about a session to its listeners.
final class SessionBroadcaster: SessionObserver {
    let states = Broadcaster<SessionState>(beginsWithLatest: true)
    let events = Broadcaster<SessionEvent>(beginsWithLatest: false)
    /// The session's token. It is forgotten at every change of state, whichever handle caused the change.
    let tokens = TokenCache()
    /// The session's profile. It is forgotten like the token.
    let profiles = ProfileCache()

    func stateChanged(state: PilotlightCore.SessionState) {
        tokens.forget()
        profiles.forget()
        states.send(SessionState(state))
    }

    func happened(event: PilotlightCore.SessionEvent) {
        events.send(SessionEvent(event))
    }

    /// Ends all streams, because the session is being deallocated.
    func end() {
        states.end()
        events.end()
    }
}
