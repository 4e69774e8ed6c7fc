import Foundation
import Pilotlight
import SampleKit

/// The program: reads the command line, runs the verb, and reports the result.
public struct Terminal: Sendable {
    private let arguments: [String]
    private let environment: [String: String]
    private let console: Console

    /// - Parameters:
    ///   - arguments: The command line without the program's name.
    ///   - environment: Environment variables.
    ///   - console: The input and the output.
    public init(arguments: [String], environment: [String: String], console: Console = .standard) {
        self.arguments = arguments
        self.environment = environment
        self.console = console
    }

    /// Runs the program to its end.
    public func run() async -> ExitCode {
        let invocation: Invocation
        do {
            invocation = try Invocation(arguments, environment: environment)
        } catch {
            console.err("error: \((error as? UsageError)?.message ?? "\(error)")")
            console.err("  what to do: see pilotlight-terminal --help")
            return .usage
        }
        do {
            try await perform(invocation)
            return .done
        } catch {
            return report(error, asJSON: invocation.json)
        }
    }

    private func perform(_ invocation: Invocation) async throws {
        guard let settings = invocation.settings else { return console.out(Help.text) }
        let authenticator = try TerminalAuthenticator(settings.redirectURI, console, json: invocation.json)
        var used = settings
        // A loopback redirect URI without a port gets one; the issuer must accept any port (RFC 8252 7.3).
        if invocation.opensBrowser { used.redirectURI = try authenticator.listen() ?? settings.redirectURI }
        let console = console
        let log = SessionLog { level, message in console.err("\(level): \(message)") }
        let storage = SessionStorage.file(invocation.store)
        if case .accounts = invocation.verb {
            let names = try await Session.names(for: used.configuration(), in: storage)
            let answer = Answer(lines: names, json: ["accounts": .array(names.map(SessionJSON.string))])
            return console.show(answer, asJSON: invocation.json)
        }
        let session = try used.makeSession(
            storage: storage, name: invocation.account, readOnly: invocation.readOnly,
            log: invocation.verbose ? log : .none)
        defer { if invocation.counters { console.err(Self.describe(session.counters)) } }
        try await session.restore()
        var verbs = Verbs(session: session, authenticator: authenticator)
        if case .signInAsInAnotherApp(let clientID) = invocation.verb {
            used.clientID = clientID
            verbs.otherApp = try used.makeSession(
                storage: storage, name: invocation.account, readOnly: true, log: .none)
        }
        let answer = try await verbs.answer(to: invocation.verb)
        console.show(answer, asJSON: invocation.json)
    }

    private static func describe(_ counters: SessionCounters) -> String {
        """
        requests: \(counters.requests), without an answer: \(counters.unansweredRequests); renewals: \(counters.renewals), failed: \
        \(counters.failedRenewals), retries: \(counters.retries); tokens from memory: \(counters.tokensFromMemory)
        """
    }

    private func report(_ error: any Error, asJSON: Bool) -> ExitCode {
        let code = ExitCode(error)
        let sessionError = error as? SessionError
        let message = sessionError?.message ?? (error is CancellationError ? "it was cancelled" : "\(error)")
        let advice = sessionError?.recoverySuggestion ?? ""
        console.err("error: \(message)")
        if !advice.isEmpty { console.err("  what to do: \(advice)") }
        if asJSON {
            var json: [String: SessionJSON] = [
                "kind": .string(code.name), "exit_code": .integer(Int64(code.rawValue)), "message": .string(message),
                "what_to_do": .string(advice),
            ]
            switch sessionError {
            case .temporarilyUnavailable(_, let seconds?, _): json["retry_after"] = .double(seconds)
            case .signInFailed(let issuerCode, _): json["code"] = .string(issuerCode)
            case .configurationInvalid(let field, _): json["field"] = .string(field)
            case .argumentInvalid(let argument, _): json["argument"] = .string(argument)
            default: break
            }
            console.out(SessionJSON.object(["error": .object(json)]).text)
        }
        return code
    }
}
