import Foundation

/// One browser sheet at a time, and the wait for its answer: what of ``SystemWebAuthenticator`` is not the system's own.
@MainActor
final class OneSheet {
    /// Takes the answer, on any thread; the first counts.
    typealias Answer = @Sendable (Result<URL, any Error>) -> Void

    private var shown: (waiting: Waiting<URL>, close: @MainActor () -> Void)?

    nonisolated init() {}

    /// Shows a sheet and waits for its answer. One that is there already is closed, and whoever waits for it gets
    /// ``SessionError/signInCancelled``. When the task is cancelled the sheet is closed too.
    ///
    /// - Parameter show: Shows it, and gives what closes it.
    func answer(to show: (@escaping Answer) -> @MainActor () -> Void) async throws -> URL {
        if let waiting = shown?.waiting {
            waiting.end(.failure(SessionError.signInCancelled))
            close(waiting)
        }
        let waiting = Waiting<URL>()
        do {
            let callback = try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    guard waiting.begin(continuation) else { return }
                    shown = (waiting, show { waiting.end($0) })
                }
            } onCancel: {
                waiting.end(.failure(CancellationError()))
            }
            if shown?.waiting === waiting { shown = nil }
            return callback
        } catch {
            // Also when the task was cancelled, with the sheet still there.
            close(waiting)
            throw error
        }
    }

    /// Closes the sheet that somebody waits for, not one that came after it.
    private func close(_ waiting: Waiting<URL>) {
        guard let shown, shown.waiting === waiting else { return }
        self.shown = nil
        shown.close()
    }
}
