/// Waits for `work`, which always runs to its end. A caller that is cancelled in the meantime gets `CancellationError` at
/// once.
///
/// A renewal must not be stopped halfway: the issuer may already have rotated the refresh token. So the work runs in a
/// separate task, and only the waiting is cancelled. If the caller is cancelled before it begins, no work is started.
func waitUnlessCancelled<Value: Sendable>(
    for work: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let continuation = CancellableContinuation<Value>()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation {
            guard continuation.start($0) else { return }
            Task {
                do {
                    continuation.resume(with: .success(try await work()))
                } catch {
                    continuation.resume(with: .failure(error))
                }
            }
        }
    } onCancel: {
        continuation.resume(with: .failure(CancellationError()))
    }
}

/// A continuation that may be resumed several times, even before it starts; only the first time counts.
final class CancellableContinuation<Value: Sendable>: Sendable {
    private enum Phase: Sendable {
        case idle
        case started(CheckedContinuation<Value, any Error>)
        case resumed
    }

    private let phase = Locked(Phase.idle)

    /// Returns false if it was resumed before it started, which only a cancellation does; the caller then gets
    /// `CancellationError`.
    func start(_ continuation: CheckedContinuation<Value, any Error>) -> Bool {
        let started = phase.withLock { phase in
            guard case .idle = phase else { return false }
            phase = .started(continuation)
            return true
        }
        if !started { continuation.resume(throwing: CancellationError()) }
        return started
    }

    func resume(with result: Result<Value, any Error>) {
        let continuation = phase.withLock { phase -> CheckedContinuation<Value, any Error>? in
            defer { phase = .resumed }
            guard case .started(let continuation) = phase else { return nil }
            return continuation
        }
        continuation?.resume(with: result)
    }
}
