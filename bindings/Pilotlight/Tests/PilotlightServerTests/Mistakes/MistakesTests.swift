import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

/// Makes each mistake once, with the real core and a real server: the error must say what happened and where to change it. The
/// guide "What the errors say" is generated from the results.
@Suite struct MistakesTests {
    @Test func eachErrorSaysWhatHappenedAndWhereToChangeItAndThePageShowsThem() async throws {
        var rows: [String] = []
        for mistake in Mistake.all {
            let name = Comment(rawValue: mistake.name)
            let outcome: Mistake.Outcome
            do {
                outcome = try await mistake.outcome()
            } catch {
                Issue.record(error, name)
                continue
            }
            #expect(outcome.error?.shortName == mistake.error, name)
            for part in mistake.says {
                let wanted = part.replacingOccurrences(of: "{host}", with: "127.0.0.1:4000")
                #expect(outcome.description.contains(wanted), name)
            }
            for part in mistake.advises {
                #expect(outcome.suggestion.contains(part), name)
            }
            let names = ["client_id", "redirect_uri", "min_ttl", "callback_url", "return_to", "leeway_seconds"]
            #expect(!names.contains { outcome.description.contains($0) }, name)
            rows.append(row(mistake, outcome))
        }
        // On other hosts the Keychain and the file system have other messages.
        #if os(Linux)
        try compare(rows)
        #endif
    }

    @Test func everyMistakeIsThereOnce() {
        #expect(Mistake.all.count >= 49)
        #expect(Set(Mistake.all.map(\.name)).count == Mistake.all.count)
    }

    private func row(_ mistake: Mistake, _ outcome: Mistake.Outcome) -> String {
        let cell = { (text: String) in text.replacingOccurrences(of: "|", with: "\\|") }
        guard let error = outcome.error else { return "| \(mistake.name) | none: it works | | |" }
        let words = [outcome.description, outcome.suggestion].map(cell)
        return "| \(mistake.name) | `\(error.shortName)` | \(words[0]) | \(words[1]) |"
    }

    /// Compares the guide with the results; with `PILOTLIGHT_WRITE_MISTAKES=1` it writes the guide first.
    private func compare(_ rows: [String]) throws {
        let head = """
            What the errors say in \(rows.count) cases: mistakes of developers, faults of servers, and problems of users. A test makes \
            each of them with a real session and a real identity server (`127.0.0.1:4000` here), and generates this page.
            """
        let table = """
            | Mistake | Error | ``SessionError/errorDescription`` | ``SessionError/recoverySuggestion`` |
            |---|---|---|---|
            """
        let body = ([table] + rows).joined(separator: "\n")
        let text = "# What the errors say\n\n\(head)\n\n## Overview\n\n\(body)\n"
        let path = "../../../Sources/Pilotlight/Pilotlight.docc/Guides/QualityOfErrors.md"
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(path)
        if ProcessInfo.processInfo.environment["PILOTLIGHT_WRITE_MISTAKES"] != nil {
            try Data(text.utf8).write(to: file)
        }
        let found = (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) }
        #expect(
            found == text,
            "not what the table gives; PILOTLIGHT_WRITE_MISTAKES=1 scripts/swift.sh test --filter Mistakes writes it")
    }
}
