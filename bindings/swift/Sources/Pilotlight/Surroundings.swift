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
}
