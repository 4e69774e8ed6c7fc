import Foundation
import Pilotlight

/// What `Session.init` takes of the thread that calls it, in a process that has just started: code and data are touched for the first
/// time then. Beside a thread that is started and ends.
enum Opening {
    private static let role = "PILOTLIGHT_BENCH_ROLE"
    private static let processes = 51

    /// Whether this process was started for that; then it has printed what it measured.
    static func isThisProcess() throws -> Bool {
        guard ProcessInfo.processInfo.environment[role] == "opening" else { return false }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let configuration = SessionConfiguration.auth0(
            domain: "tenant.example.com", clientID: "native-app", redirectURI: "com.example.app://callback")
        aThread()
        let thread = time { aThread() }
        var sessions: [Session] = []
        let openings = try (1...2).map { number in
            let storage = SessionStorage.file(folder.appendingPathComponent("\(number)"))
            return try time { sessions.append(try Session(configuration, storage: storage, log: .none)) }
        }
        print(thread, openings[0], openings[1])
        return true
    }

    static func measure() throws {
        let names = ["a thread that is started and ends", "the first Session.init", "the second Session.init"]
        let measured = try (1...processes).map { _ in try measuredInAnotherProcess(count: names.count) }
        let medians = names.indices.map { index in measured.map { $0[index] }.median }
        print("in a process that has just started")
        for (name, time) in zip(names, medians) {
            let name = name.padding(toLength: 40, withPad: " ", startingAt: 0)
            print("  \(name)\(String(format: "%9.1f µs %8.2f x", time / 1000, time / medians[0]))")
        }
        print("")
    }

    private static func measuredInAnotherProcess(count: Int) throws -> [Double] {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
        process.environment = ProcessInfo.processInfo.environment.merging([role: "opening"]) { $1 }
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let times = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard times.count == count else { throw Failed(status: process.terminationStatus) }
        return times
    }

    /// The process for one opening printed something else; what it said of it is above.
    private struct Failed: Error {
        var status: Int32
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
