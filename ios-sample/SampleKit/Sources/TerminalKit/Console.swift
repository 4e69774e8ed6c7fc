import Foundation
import Pilotlight

/// Where words come from and go to; tests put their own in.
public struct Console: Sendable {
    /// One line of input without its end; nil at the end of the input. May block.
    public var readLine: @Sendable () -> String?
    /// One line for the program that asked, flushed at once.
    public var out: @Sendable (String) -> Void
    /// One line for a person who watches.
    public var err: @Sendable (String) -> Void

    /// A console of one's own.
    public init(
        readLine: @escaping @Sendable () -> String?, out: @escaping @Sendable (String) -> Void,
        err: @escaping @Sendable (String) -> Void
    ) {
        self.readLine = readLine
        self.out = out
        self.err = err
    }

    /// The process's own. Written without a buffer, so that a script sees "open: …" while the program still waits.
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
