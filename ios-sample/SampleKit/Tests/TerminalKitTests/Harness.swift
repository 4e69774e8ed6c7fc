import Foundation
import Pilotlight
import ServerSupport

@testable import TerminalKit

/// The result of one run of the program.
struct Run: Sendable {
    var code: ExitCode
    var out: [String]
    var err: [String]

    /// The last line of the output, as JSON.
    var json: SessionJSON {
        out.last.flatMap { try? JSONDecoder().decode(SessionJSON.self, from: Data($0.utf8)) } ?? .null
    }
}

/// Lines that several threads can write and read.
final class Lines: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    var all: [String] { lock.withLock { lines } }

    func append(_ line: String) {
        lock.withLock { lines.append(line) }
    }
}

/// Runs the program with the settings of a client at `server` and with one store, as a user and a browser would.
struct TestTerminal: Sendable {
    let server: IdentityServer
    let store: URL
    var redirectURI = IdentityServer.redirectURI

    func run(_ words: String..., input: @escaping @Sendable () -> String? = { nil }) async -> Run {
        await run(words, onOpen: { _ in }, input: input)
    }

    /// `onOpen` gets the URL that `sign-in` prints.
    func run(
        _ words: [String], onOpen: @escaping @Sendable (URL) -> Void, input: @escaping @Sendable () -> String?
    ) async -> Run {
        let out = Lines()
        let err = Lines()
        let console = Console(
            readLine: input,
            out: { line in
                out.append(line)
                guard line.hasPrefix("open: "), let url = URL(string: String(line.dropFirst(6))) else { return }
                onOpen(url)
            },
            err: { err.append($0) })
        let environment = [
            "PILOTLIGHT_DOMAIN": server.issuer, "PILOTLIGHT_CLIENT_ID": IdentityServer.clientID,
            "PILOTLIGHT_REDIRECT_URI": redirectURI, "PILOTLIGHT_STORE": store.path,
            "PILOTLIGHT_METADATA_ACCESS": "1",
        ]
        let code = await Terminal(arguments: words, environment: environment, console: console).run()
        return Run(code: code, out: out.all, err: err.all)
    }

    /// Signs in ada by pasting the callback.
    func signIn(_ more: String...) async -> Run {
        await inBrowser(["sign-in"] + more)
    }

    /// Runs a command that sends ada to a browser, and pastes the callback.
    func inBrowser(_ words: [String]) async -> Run {
        let (callbacks, callback) = AsyncStream.makeStream(of: String.self)
        return await run(
            words,
            onOpen: { url in
                Task {
                    let answer = try? await TestBrowser().authenticate(url: url, redirectURI: url)
                    callback.yield(answer?.absoluteString ?? "")
                    callback.finish()
                }
            },
            input: { waitFor { await callbacks.first { _ in true } } })
    }
}

/// Blocks the thread until an asynchronous answer is available, as a terminal's input does.
private func waitFor<Value: Sendable>(_ work: @escaping @Sendable () async -> Value?) -> Value? {
    let answer = Once<[Value]>()
    let done = DispatchSemaphore(value: 0)
    Task {
        answer.set(await work().map { [$0] } ?? [])
        done.signal()
    }
    done.wait()
    return answer.value?.first
}
