internal import PilotlightCore

/// What a session needs of the operating system besides store and network, which are the core's. Tests put others in
/// its place.
struct Surroundings: Sendable {
    /// Who grants time before a suspension; nil where processes are not suspended.
    var activities: (any ExpiringActivities)?
    /// Who tells of the device and the app; nil where nobody does.
    var notices: SystemNotices?

    /// Nothing of it: for previews.
    static let none = Surroundings()

    #if os(iOS)
    static let system = Surroundings(activities: SystemActivities(), notices: .system)
    #else
    static let system = none
    #endif

    /// What of it a session with that storage uses.
    func fitting(_ storage: SessionStorage, readOnly: Bool) -> Surroundings {
        var fitting = self
        // It never locks, renews or writes: a suspension does it no harm.
        if readOnly { fitting.activities = nil }
        // Reading shows the dialogue for Face ID, which nobody has asked for in that moment.
        if case .keychain(let options) = storage.core, options.accessControl != nil { fitting.notices = nil }
        return fitting
    }
}
