internal import PilotlightCore

/// What a session needs from the operating system besides the store and the network, which belong to the core. Tests
/// replace these dependencies.
struct Dependencies: Sendable {
    /// Grants background time; nil on systems that do not suspend processes.
    var activities: (any ExpiringActivities)?
    /// The notifications of the device and the app; nil on systems without them.
    var notifications: LifecycleNotifications?

    /// No dependencies, for previews.
    static let none = Dependencies()

    #if os(iOS) || os(tvOS) || os(visionOS)
    static let system = Dependencies(activities: SystemActivities(), notifications: .system)
    #elseif os(macOS)
    // macOS does not suspend processes.
    static let system = Dependencies(notifications: .system)
    #else
    static let system = none
    #endif

    /// The dependencies that a session with that storage uses.
    func adapted(to storage: SessionStorage, readOnly: Bool) -> Dependencies {
        var adapted = self
        // A read-only session never locks, renews or writes, so a suspension does no harm.
        if readOnly { adapted.activities = nil }
        // Reading in response to a notification would show a Face ID dialogue that the user did not expect.
        if case .keychain(let options) = storage.core, options.accessControl != nil { adapted.notifications = nil }
        return adapted
    }
}
