/// A parsed command line: flags with values, switches, and the remaining words.
///
/// It supports `--flag value`, `--flag=value`, repeated flags and `--`, after which all arguments are words. This sample needs
/// no more of an argument parser.
public struct ArgumentScanner: Sendable {
    /// The values of each flag, in order.
    public private(set) var values: [String: [String]] = [:]
    /// The switches that are set.
    public private(set) var switches: Set<String> = []
    /// The arguments that are neither.
    public private(set) var words: [String] = []

    /// Parses a command line.
    ///
    /// - Parameters:
    ///   - arguments: The command line, without the program's name.
    ///   - flags: The flags that take a value, without `--`.
    ///   - switches: The flags that take no value, without `--`.
    /// - Throws: ``UsageError`` for a flag that is not known, that lacks its value, or that has a value but takes none.
    public init(_ arguments: [String], flags: Set<String>, switches known: Set<String>) throws {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" {
                words += rest
                break
            }
            guard word.hasPrefix("--") else {
                words.append(word)
                continue
            }
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let (name, value) = (String(parts[0]), parts.dropFirst().first.map(String.init))
            if known.contains(name) {
                guard value == nil else { throw UsageError("--\(name) takes no value") }
                switches.insert(name)
            } else if flags.contains(name) {
                guard let value = value ?? rest.popFirst() else { throw UsageError("--\(name) needs a value") }
                values[name, default: []].append(value)
            } else {
                throw UsageError("there is no flag --\(name)")
            }
        }
    }

    /// The value of a flag that may be given once.
    ///
    /// - Throws: ``UsageError`` if it was given several times.
    public func value(_ flag: String) throws -> String? {
        guard values[flag, default: []].count <= 1 else { throw UsageError("--\(flag) is given more than once") }
        return values[flag]?.first
    }
}

/// The command line is wrong; `message` says how.
public struct UsageError: Error, Equatable, Sendable {
    /// The message for the user.
    public let message: String

    /// Creates an error.
    public init(_ message: String) {
        self.message = message
    }
}
