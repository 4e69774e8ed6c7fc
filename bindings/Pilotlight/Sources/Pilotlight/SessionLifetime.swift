import Foundation
internal import PilotlightCore

/// When a session ends, whatever its tokens allow. After that it gives out and renews no token, and the user has to sign in
/// again. For apps whose security rules limit how long a sign-in lasts. NIST SP 800-63B-4 (2.2.3), for example, allows 24 hours,
/// and one hour without use.
///
/// While the app runs, time is counted by a clock that cannot be set and that runs while the device sleeps. After a restart of
/// the app the device's clock counts; setting it back makes no session younger. See <doc:LimitSessions>.
public struct SessionLifetime: Hashable, Sendable {
    /// How long a session lasts after the sign-in, in seconds; nil means no limit.
    public var absolute: TimeInterval?
    /// How long a session lasts after its last use, in seconds; nil means no limit. Each token that the app gets is a use, also
    /// for a request that the session sends. It may not be longer than ``absolute``.
    public var idle: TimeInterval?
    /// How long before the end ``SessionEvent/willEnd(at:reason:)`` is announced, in seconds. If a limit is shorter than twice
    /// that, the event comes after half of the limit.
    public var warning: TimeInterval

    /// A session lasts until its user signs out or the issuer ends it.
    public static let unlimited = SessionLifetime()

    /// Limits in seconds, rounded up to whole ones; nil means no limit. They are checked when a session is made.
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
