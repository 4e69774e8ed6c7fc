import Foundation
import Pilotlight

/// The input and the output of the program; tests replace them.
public struct Console: Sendable {
    /// Reads one line of input without its line ending; nil at the end of the input. May block.
    public var readLine: @Sendable () -> String?
    /// Writes one line of the result, for the calling program, and flushes it at once.
    public var out: @Sendable (String) -> Void
    /// Writes one line for a person who watches.
    public var err: @Sendable (String) -> Void

    /// Creates a console.
    public init(
        readLine: @escaping @Sendable () -> String?, out: @escaping @Sendable (String) -> Void,
        err: @escaping @Sendable (String) -> Void
    ) {
        self.readLine = readLine
        self.out = out
        self.err = err
    }

    /// The console of the process. Its output is not buffered, so that a script sees "open: …" while the program still waits.
    public static let standard = Console(
        readLine: { Swift.readLine(strippingNewline: true) },
        out: { FileHandle.standardOutput.write(Data("\($0)\n".utf8)) },
        err: { FileHandle.standardError.write(Data("\($0)\n".utf8)) })
}

/// An answer: lines for a person, or one object for a program.
struct Answer: Sendable {
    var lines: [String]
    var json: [String: SessionJSON]
}

extension Console {
    func show(_ answer: Answer, asJSON: Bool) {
        if asJSON {
            out(SessionJSON.object(answer.json).text)
        } else {
            for line in answer.lines { out(line) }
        }
    }
}
