/// A command line, taken apart: flags with values, switches, and what is left.
///
/// It knows `--flag value`, `--flag=value`, repeated flags and `--`, after which everything is left as it is. That is
/// all this sample needs of an argument parser.
public struct ArgumentScanner: Sendable {
    /// The values of each flag, in order.
    public private(set) var values: [String: [String]] = [:]
    /// The switches that are set.
    public private(set) var switches: Set<String> = []
    /// What is neither.
    public private(set) var words: [String] = []

    /// Takes `arguments` apart, without the program's name.
    ///
    /// - Parameters:
    ///   - arguments: The words of the command line.
    ///   - flags: The flags that take a value, without `--`.
    ///   - switches: The flags that take none, without `--`.
    /// - Throws: ``UsageError`` for a flag that is not known, lacks its value or has one that it should not have.
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
    /// - Throws: ``UsageError`` when it was given several times.
    public func value(_ flag: String) throws -> String? {
        guard values[flag, default: []].count <= 1 else { throw UsageError("--\(flag) is given more than once") }
        return values[flag]?.first
    }
}

/// The command line is wrong; `message` says how.
public struct UsageError: Error, Equatable, Sendable {
    /// For the one who typed it.
    public let message: String

    /// Something is wrong with the command line.
    public init(_ message: String) {
        self.message = message
    }
}
