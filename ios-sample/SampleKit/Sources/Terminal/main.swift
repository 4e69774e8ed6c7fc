import Foundation
import TerminalKit

let terminal = Terminal(
    arguments: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
exit(await terminal.run().rawValue)
