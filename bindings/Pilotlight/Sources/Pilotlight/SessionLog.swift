internal import PilotlightCore

#if canImport(os)
import os
#endif

/// Where Pilotlight's log lines go. They hold no secrets and no personal data: no token, code, verifier, URL query or
/// claim. They may be shown and collected unchanged.
public struct SessionLog: Sendable {
    /// How important a line is.
    public enum Level: Hashable, Sendable {
        /// For finding a fault.
        case debug
        /// What happened.
        case info
        /// Something is wrong and was dealt with.
        case warning
        /// Something is wrong.
        case error
    }

    /// Takes one line. Called on any thread; must return soon.
    public typealias Handler = @Sendable (_ level: Level, _ message: String) -> Void

    let handler: Handler?

    /// Lines go to `handler`.
    public init(_ handler: @escaping Handler) {
        self.handler = handler
    }

    private init() {
        handler = nil
    }

    /// Lines go nowhere.
    public static let none = SessionLog()

    #if canImport(os)
    /// Apple's unified logging, subsystem `Pilotlight`, category `session`: see them in Console or with `log stream
    /// --predicate 'subsystem == "Pilotlight"'`. Messages are public, because they hold nothing private.
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
    /// Where there is no unified logging: nothing.
    public static let standard = none
    #endif

    var sink: (any LogSink)? {
        handler.map(ForwardingLogSink.init)
    }
}

/// The core's log sink over a closure.
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
