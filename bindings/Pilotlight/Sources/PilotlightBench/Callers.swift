import Foundation
import IdentityServerSupport
import Pilotlight

#if canImport(Glibc)
import Glibc
#endif

/// Measures the cost of many callers that wait for one renewal, compared with what an app would write itself: an actor that keeps
/// a list of waiting callers.
enum Callers {
    /// The memory that the waiting callers take, in bytes, and the time between the first caller's answer and the last one's, in
    /// milliseconds.
    struct Cost: Sendable {
        var bytes: Double
        var milliseconds: Double
    }

    static func compare(_ plan: Plan, _ server: IdentityServer) async throws {
        guard Memory.used() != nil else { return print("no count of the memory in use on this system") }
        try await server.change(["access_token_lifetime": 1])
        let session = try await server.signedInSession(audience: "https://api.example.com/")
        var pilotlight: [Cost] = []
        var list: [Cost] = []
        for _ in 0..<plan.rounds {
            // The token has expired by then, so that each round renews.
            try await Task.sleep(nanoseconds: 1_200_000_000)
            try await server.addFault("token", ["kind": "hold"])
            pilotlight.append(
                try await cost(
                    plan.callers, wait: { _ = try await session.accessToken() },
                    ready: { try await server.waitUntilHeld("token") },
                    release: { try await server.release("token") }))
            try await server.addFault("token", ["kind": "hold"])
            let waiting = WaitingList()
            list.append(
                try await cost(
                    plan.callers, wait: { _ = await waiting.token() },
                    ready: { while await waiting.count < plan.callers { await Task.yield() } },
                    release: { await waiting.renewed("token") }))
            try await server.clearFaults()
        }
        print("\(plan.callers) callers wait for one renewal; medians of \(plan.rounds)")
        show("an actor with a list of who waits", list, over: list)
        show("await Session.accessToken()", pilotlight, over: list)
    }

    private static func cost(
        _ count: Int, wait: @escaping @Sendable () async throws -> Void,
        ready: @Sendable () async throws -> Void, release: @Sendable () async throws -> Void
    ) async throws -> Cost {
        let ended = Ended()
        let before = Memory.used() ?? 0
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                group.addTask {
                    try await wait()
                    ended.add()
                }
            }
            try await ready()
            // All callers are waiting when the memory does not grow any more.
            var (used, last) = (Memory.used() ?? 0, 0.0)
            while used != last {
                try await Task.sleep(nanoseconds: 100_000_000)
                (last, used) = (used, Memory.used() ?? 0)
            }
            try await release()
            try await group.waitForAll()
            return Cost(bytes: used - before, milliseconds: ended.between)
        }
    }

    private static func show(_ name: String, _ costs: [Cost], over list: [Cost]) {
        let (bytes, milliseconds) = (costs.map(\.bytes).median, costs.map(\.milliseconds).median)
        let name = name.padding(toLength: 40, withPad: " ", startingAt: 0)
        let memory = String(format: "%7.1f MB %6.2f x", bytes / 1e6, bytes / list.map(\.bytes).median)
        print("  \(name)\(memory) \(String(format: "%7.1f ms to the last", milliseconds))")
    }
}

/// When the first and the last caller got their answers.
private final class Ended: @unchecked Sendable {
    private let lock = NSLock()
    private var first = 0.0
    private var last = 0.0

    func add() {
        let now = Double(DispatchTime.now().uptimeNanoseconds)
        lock.lock()
        defer { lock.unlock() }
        if first == 0 { first = now }
        last = now
    }

    var between: Double { (last - first) / 1e6 }
}

/// What an app would write itself.
private actor WaitingList {
    private var waiting: [CheckedContinuation<String, Never>] = []

    var count: Int { waiting.count }

    func token() async -> String {
        await withCheckedContinuation { waiting.append($0) }
    }

    func renewed(_ token: String) {
        for caller in waiting { caller.resume(returning: token) }
        waiting = []
    }
}

/// The memory that the program has allocated and not freed, as glibc's malloc counts it; nil on other systems. The resident set
/// would also include memory that malloc keeps for later.
private enum Memory {
    private typealias Report = @convention(c) (Int32, UnsafeMutableRawPointer) -> Int32

    static func used() -> Double? {
        #if canImport(Glibc)
        // <malloc.h> is not part of a module.
        guard let symbol = dlsym(UnsafeMutableRawPointer(bitPattern: 0), "malloc_info") else { return nil }
        var (text, size) = (UnsafeMutablePointer<CChar>?.none, 0)
        guard let stream = open_memstream(&text, &size) else { return nil }
        _ = unsafeBitCast(symbol, to: Report.self)(0, UnsafeMutableRawPointer(stream))
        fclose(stream)
        defer { free(text) }
        // The totals of all heaps come last.
        guard let text, let whole = String(cString: text).components(separatedBy: "</heap>").last else { return nil }
        func bytes(_ kind: String) -> Double {
            let words = whole.components(separatedBy: "type=\"\(kind)\"").dropFirst().first?.components(
                separatedBy: "size=\"")
            return words.flatMap { $0.count > 1 ? Double($0[1].prefix { $0 != "\"" }) : nil } ?? 0
        }
        return bytes("current") + bytes("mmap") - bytes("fast") - bytes("rest")
        #else
        return nil
        #endif
    }
}
