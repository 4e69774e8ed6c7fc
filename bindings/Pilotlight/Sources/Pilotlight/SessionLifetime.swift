import Foundation
internal import PilotlightCore

/// When a session ends, whatever its tokens allow: then it gives no token and renews none, and the user has to sign in
/// again. For apps whose security rules say how long a sign-in may last, as NIST SP 800-63B-4 (2.2.3) does: 24 hours, and one
/// hour without use.
///
/// The time counts by a clock that nobody can set and that goes on while the device sleeps; after a restart of the app,
/// by the device's clock, which makes no session younger where it was set back. See <doc:LimitSessions>.
public struct SessionLifetime: Hashable, Sendable {
    /// How long a session lasts from the sign-in on, in seconds; nil sets no limit.
    public var absolute: TimeInterval?
    /// How long a session lasts from its last use on, in seconds; nil sets no limit. A use is each token that the app gets,
    /// also for a request that the session sends. At most as long as ``absolute``.
    public var idle: TimeInterval?
    /// How long before the end ``SessionEvent/willEnd(at:reason:)`` is announced, in seconds. Of a limit that is not twice as
    /// long, the second half.
    public var warning: TimeInterval

    /// A session lasts until its user signs out or the issuer ends it.
    public static let unlimited = SessionLifetime()

    /// Limits in seconds, whole or rounded up; nil sets none. They are checked when a session is made.
    public init(absolute: TimeInterval? = nil, idle: TimeInterval? = nil, warning: TimeInterval = 300) {
        self.absolute = absolute
        self.idle = idle
        self.warning = warning
    }
}

extension SessionLifetime {
    /// As the core takes it. Throws for what is no number of seconds.
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
