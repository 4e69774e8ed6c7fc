/// Where the app and its widget find the same things: from the Info.plist, in which Xcode filled in the team's prefix.
public struct SharedPlaces: Equatable, Sendable {
    /// `kSecAttrService` of the sessions.
    public let service: String
    /// The Keychain access group that both are entitled to.
    public let accessGroup: String
    /// The app group that both are entitled to: the settings, and the lock of a renewal.
    public let appGroup: String

    /// These places.
    public init(service: String, accessGroup: String, appGroup: String) {
        self.service = service
        self.accessGroup = accessGroup
        self.appGroup = appGroup
    }

    /// Those of an Info.plist, which `value` looks a key up in; nil when one is missing.
    public init?(infoPlist value: (String) -> Any?) {
        guard let service = value("PilotlightService") as? String,
            let accessGroup = value("PilotlightAccessGroup") as? String,
            let appGroup = value("PilotlightAppGroup") as? String
        else { return nil }
        self.init(service: service, accessGroup: accessGroup, appGroup: appGroup)
    }
}
