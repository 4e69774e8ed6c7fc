import Foundation
internal import PilotlightCore

/// When a session ends, even if its tokens are still valid. After that it returns and renews no token, and the user has to
/// sign in again. For apps whose security rules limit how long a sign-in lasts. NIST SP 800-63B-4 (2.2.3), for example, allows
/// 24 hours, and one hour without use.
///
/// While the app runs, time is counted by a clock that cannot be set and that keeps running while the device sleeps. After a
/// restart of the app, the device's clock is used; setting it back does not make a session younger. See <doc:LimitSessions>.
public struct SessionLifetime: Hashable, Sendable {
    /// How long a session lasts after the sign-in, in seconds; nil means no limit.
    public var absolute: TimeInterval?
    /// How long a session lasts after its last use, in seconds; nil means no limit. Each token that the app gets is a use, and
    /// so is a token for a request that the session sends. This may not be longer than ``absolute``.
    public var idle: TimeInterval?
    /// How long before the end ``SessionEvent/willEnd(at:reason:)`` is sent, in seconds. If a limit is shorter than twice this
    /// time, the event is sent after half of the limit.
    public var warning: TimeInterval

    /// A session lasts until its user signs out or the issuer ends it.
    public static let unlimited = SessionLifetime()

    /// Creates limits in seconds, rounded up to whole seconds; nil means no limit. They are checked when a session is created.
    public init(absolute: TimeInterval? = nil, idle: TimeInterval? = nil, warning: TimeInterval = 300) {
        self.absolute = absolute
        self.idle = idle
        self.warning = warning
    }
}

extension SessionLifetime {
    /// The core's lifetime. Throws for a value that is not a valid number of seconds.
    var core: PilotlightCore.SessionLifetime {
        get throws {
            PilotlightCore.SessionLifetime(
                absoluteSeconds: try absolute.map { try Self.seconds($0, "absolute", from: 1) },
                idleSeconds: try idle.map { try Self.seconds($0, "idle", from: 1) },
                warningSeconds: try Self.seconds(warning, "warning", from: 0))
        }
    }

    private static func seconds(_ time: TimeInterval, _ name: String, from least: UInt64) throws -> UInt64 {
        guard let seconds = UInt64(exactly: time.rounded(.up)), seconds >= least else {
            throw SessionError.configurationInvalid(
                field: "lifetime",
                message: "lifetime.\(name) is \(time), and must be a number of seconds, at least \(least)")
        }
        return seconds
    }
}
