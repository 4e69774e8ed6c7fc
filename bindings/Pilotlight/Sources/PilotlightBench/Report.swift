import Foundation

/// How much to measure.
struct Plan: Sendable {
    var batches = 101
    var calls = 10_000
    var callers = 10_000
    var rounds = 5

    init(_ arguments: [String]) {
        func number(after flag: String) -> Int? {
            guard let index = arguments.firstIndex(of: flag), index + 1 < arguments.count else { return nil }
            return Int(arguments[index + 1]).flatMap { $0 > 0 ? $0 : nil }
        }
        batches = number(after: "--batches") ?? batches
        calls = number(after: "--calls") ?? calls
        callers = number(after: "--callers") ?? callers
        rounds = number(after: "--rounds") ?? rounds
    }
}

/// The time of one call, in nanoseconds.
struct Times: Sendable {
    var cached: Double
    var asynchronous: Double
    var keeper: Double
}

/// The times of each batch, for each kind of call. The kinds take turns, so that a busy machine affects all of them alike.
struct Batches {
    var cached: [Double] = []
    var asynchronous: [Double] = []
    var keeper: [Double] = []

    var medians: Times {
        Times(cached: cached.median, asynchronous: asynchronous.median, keeper: keeper.median)
    }
}

extension [Double] {
    var median: Double {
        isEmpty ? 0 : sorted()[count / 2]
    }
}

/// One table of the output.
struct Report {
    var title: String
    var times: Times

    func show() {
        print("\(title)")
        row("an actor with a token and its expiry", times.keeper)
        row("Session.cachedAccessToken()", times.cached)
        row("await Session.accessToken()", times.asynchronous)
        print("")
    }

    private func row(_ name: String, _ nanoseconds: Double) {
        let ratio = nanoseconds / times.keeper
        let name = name.padding(toLength: 40, withPad: " ", startingAt: 0)
        print("  \(name)\(String(format: "%9.0f ns %8.2f x", nanoseconds, ratio))")
    }
}
