import Foundation
import Pilotlight

/// Measures how long `Session.init` blocks the calling thread: in a process that has just started, where code and data are
/// touched for the first time, compared with starting and joining a thread; and with many sessions open.
///
/// Each measurement runs in a new process, which prints the times.
enum Opening {
    private static let role = "PILOTLIGHT_BENCH_OPENINGS"
    private static let processes = 51
    private static let sessions = 1000

    /// Whether this process was started for a measurement; if so, this has printed the times.
    static func isThisProcess() throws -> Bool {
        guard let count = ProcessInfo.processInfo.environment[role].flatMap(Int.init) else { return false }
        aThread()
        let thread = time { aThread() }
        print(thread, try timesOfOpening(count).map { "\($0)" }.joined(separator: " "))
        return true
    }

    static func measure() throws {
        let names = ["a thread that is started and ends", "the first Session.init", "the second Session.init"]
        let measured = try (1...processes).map { _ in try inAnotherProcess(openings: 2) }
        let medians = names.indices.map { index in measured.map { $0[index] }.median }
        print("in a process that has just started")
        for (name, time) in zip(names, medians) {
            let name = name.padding(toLength: 40, withPad: " ", startingAt: 0)
            print("  \(name)\(String(format: "%9.1f µs %8.2f x", time / 1000, time / medians[0]))")
        }
        let times = try inAnotherProcess(openings: sessions + 1).dropFirst(2)
        let (early, late) = (Array(times.prefix(100)).median, Array(times.suffix(100)).median)
        let line = "  the second to the 101st %.1f µs, the last hundred %.1f µs, %.2f x\n"
        print("\none of \(sessions) sessions")
        print(String(format: line, early / 1000, late / 1000, late / early))
    }

    /// The time of starting a thread, then the time of each opening.
    private static func inAnotherProcess(openings: Int) throws -> [Double] {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.environment = ProcessInfo.processInfo.environment.merging([role: "\(openings)"]) { $1 }
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let times = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard times.count == openings + 1 else { throw Failed(status: process.terminationStatus) }
        return times
    }

    /// The process did not print times; its own output, above, says why.
    private struct Failed: Error {
        var status: Int32
    }

    /// The time of opening each of `count` sessions, which all stay open until the last one is open.
    private static func timesOfOpening(_ count: Int) throws -> [Double] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let configuration = SessionConfiguration.auth0(
            domain: "tenant.example.com", clientID: "native-app", redirectURI: "com.example.app://callback")
        var sessions: [Session] = []
        return try (1...count).map { number in
            let storage = SessionStorage.file(folder.appendingPathComponent("\(number)"))
            return try time { sessions.append(try Session(configuration, storage: storage, log: .none)) }
        }
    }

    private static func aThread() {
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread { ended.signal() }
        ended.wait()
    }

    private static func time(_ work: () throws -> Void) rethrows -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        try work()
        return Double(DispatchTime.now().uptimeNanoseconds - start)
    }
}
