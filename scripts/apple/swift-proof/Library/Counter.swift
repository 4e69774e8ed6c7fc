import Foundation
import Observation
import os

final class Counter {
    private let lock = NSLock()
    private var count = 0

    func add() {
        lock.withLock { count += 1 }
    }

    func sign() -> Int {
        if count > 0 {
            return 1
        } else {
            return 0
        }
    }
}

func countTwice() async {
    let counter = Counter()
    counter.add()
    await Task { @MainActor in }.value
    Logger(subsystem: "Proof", category: "counter").info("\(counter.sign().description, privacy: .public)")
}

func pause() async throws {
    try await Task.sleep(nanoseconds: 1)
}

@available(iOS 17, macOS 14, *)
@Observable
final class Shown {
    var text = ""
}
