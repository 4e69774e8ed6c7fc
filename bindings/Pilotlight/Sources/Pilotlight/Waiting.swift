/// Waits for `work`, which runs to its end whatever happens; a caller that is cancelled meanwhile gets
/// `CancellationError` at once.
///
/// A renewal must not be torn down half way: the issuer may already have rotated the refresh token. So the work has a
/// task of its own, and only the waiting is cancelled. A caller that is cancelled before it begins starts nothing.
func waitUnlessCancelled<Value: Sendable>(
    for work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let waiting = Waiting<Value>()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            guard waiting.begin(continuation) else { return }
            Task {
                do {
                    waiting.end(.success(try await work()))
                } catch {
                    waiting.end(.failure(error))
                }
            }
        }
    } onCancel: {
        waiting.end(.failure(CancellationError()))
    }
}

/// One continuation that several may want to end; the first one does.
final class Waiting<Value: Sendable>: Sendable {
    private enum Phase: Sendable {
        case idle
        case waiting(CheckedContinuation<Value, any Error>)
        case ended
    }

    private let phase = Locked(Phase.idle)

    /// False when it was ended before it began, which only a cancellation does; the continuation is resumed then.
    func begin(_ continuation: CheckedContinuation<Value, any Error>) -> Bool {
        let began = phase.withLock { phase in
            guard case .idle = phase else { return false }
            phase = .waiting(continuation)
            return true
        }
        if !began { continuation.resume(throwing: CancellationError()) }
        return began
    }

    func end(_ result: Result<Value, any Error>) {
        let continuation = phase.withLock { phase -> CheckedContinuation<Value, any Error>? in
            defer { phase = .ended }
            guard case .waiting(let continuation) = phase else { return nil }
            return continuation
        }
        continuation?.resume(with: result)
    }
}
