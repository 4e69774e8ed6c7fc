internal import PilotlightCore

/// What a session needs from the operating system besides the store and the network, which belong to the core. Tests
/// replace it.
struct Dependencies: Sendable {
    /// Grants time before a suspension; nil where processes are not suspended.
    var activities: (any ExpiringActivities)?
    /// The notifications of the device and the app; nil where there are none.
    var notifications: LifecycleNotifications?

    /// None of them: for previews.
    static let none = Dependencies()

    #if os(iOS) || os(tvOS) || os(visionOS)
    static let system = Dependencies(activities: SystemActivities(), notifications: .system)
    #elseif os(macOS)
    // macOS does not suspend processes.
    static let system = Dependencies(notifications: .system)
    #else
    static let system = none
    #endif

    /// Those that a session with that storage uses.
    func adapted(to storage: SessionStorage, readOnly: Bool) -> Dependencies {
        var adapted = self
        // A read-only session never locks, renews or writes: a suspension does no harm.
        if readOnly { adapted.activities = nil }
        // Reading shows the dialogue for Face ID, which the user did not ask for at that moment.
        if case .keychain(let options) = storage.core, options.accessControl != nil { adapted.notifications = nil }
        return adapted
    }
}
