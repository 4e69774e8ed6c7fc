/// How many more values a subscriber has requested. Only one task may wait at a time.
final class StreamDemand: Sendable {
    private struct State {
        /// Nil means without limit.
        var left: Int? = 0
        var ended = false
        var waiting: CheckedContinuation<Bool, Never>?
    }

    private let state = Locked(State())

    /// Waits until one more value is requested, and counts it; returns false if no more will be.
    func next() async -> Bool {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Bool? in
                if state.ended { return false }
                guard let left = state.left else { return true }
                if left > 0 {
                    state.left = left - 1
                    return true
                }
                state.waiting = continuation
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// Adds to the demand; nil means without limit.
    func add(_ more: Int?) {
        let waiting = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let left = state.left, more != 0 else { return nil }
            let waiting = state.waiting
            state.waiting = nil
            state.left = more.map { left + $0 - (waiting == nil ? 0 : 1) }
            return waiting
        }
        waiting?.resume(returning: true)
    }

    /// Ends the demand: no more values are requested.
    func end() {
        let waiting = state.withLock { state in
            state.ended = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(returning: false)
    }
}
