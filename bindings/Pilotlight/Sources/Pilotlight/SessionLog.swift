internal import PilotlightCore

#if canImport(os)
import os
#endif

/// Where Pilotlight's log lines go. The lines contain no secrets and no personal data: no token, code, verifier, URL query or
/// claim. They may be shown and collected unchanged.
public struct SessionLog: Sendable {
    /// How important a line is.
    public enum Level: Hashable, Sendable {
        /// Details for debugging.
        case debug
        /// Normal events.
        case info
        /// Something is wrong, but was handled.
        case warning
        /// Something is wrong.
        case error
    }

    /// Receives one line. It is called on any thread and must return soon.
    public typealias Handler = @Sendable (_ level: Level, _ message: String) -> Void

    let handler: Handler?

    /// Sends the lines to `handler`.
    public init(_ handler: @escaping Handler) {
        self.handler = handler
    }

    private init() {
        handler = nil
    }

    /// Discards the lines.
    public static let none = SessionLog()

    #if canImport(os)
    /// Apple's unified logging, subsystem `Pilotlight`, category `session`. View the lines in Console or with `log stream
    /// --predicate 'subsystem == "Pilotlight"'`. Messages are public, because they contain nothing private.
    public static let standard: SessionLog = {
        let logger = Logger(subsystem: "Pilotlight", category: "session")
        return SessionLog { level, message in
            switch level {
            case .debug: logger.debug("\(message, privacy: .public)")
            case .info: logger.info("\(message, privacy: .public)")
            case .warning: logger.warning("\(message, privacy: .public)")
            case .error: logger.error("\(message, privacy: .public)")
            }
        }
    }()
    #else
    /// Discards the lines, on systems without unified logging.
    public static let standard = none
    #endif

    var sink: (any LogSink)? {
        handler.map(ForwardingLogSink.init)
    }
}

/// Forwards the core's log lines to a closure.
private final class ForwardingLogSink: LogSink {
    private let handler: SessionLog.Handler

    init(handler: @escaping SessionLog.Handler) {
        self.handler = handler
    }

    func log(level: PilotlightCore.LogLevel, message: String) {
        handler(SessionLog.Level(level), message)
    }
}

extension SessionLog.Level {
    fileprivate init(_ core: PilotlightCore.LogLevel) {
        switch core {
        case .debug: self = .debug
        case .info: self = .info
        case .warning: self = .warning
        case .error: self = .error
        }
    }
}
