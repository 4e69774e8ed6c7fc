import Foundation

/// Where the app and its widget find the same things: from the Info.plist, in which Xcode filled in the team's prefix.
public struct SharedPlaces: Sendable {
    /// `kSecAttrService` of the sessions.
    public let service: String
    /// The Keychain access group that both are entitled to.
    public let accessGroup: String
    /// The app group that both are entitled to: the settings, and the lock of a renewal.
    public let appGroup: String

    /// Those of an Info.plist, which `value` looks a key up in; nil when one is missing.
    public init?(infoPlist value: (String) -> Any?) {
        guard let service = value("PilotlightService") as? String,
            let accessGroup = value("PilotlightAccessGroup") as? String,
            let appGroup = value("PilotlightAppGroup") as? String
        else { return nil }
        (self.service, self.accessGroup, self.appGroup) = (service, accessGroup, appGroup)
    }

    /// The user defaults that both read: the settings, and which account is current.
    public var defaults: UserDefaults { UserDefaults(suiteName: appGroup) ?? .standard }
}
