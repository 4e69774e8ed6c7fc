import Foundation

/// The places that the app and its widget share, from the Info.plist, into which Xcode inserts the team's prefix.
public struct SharedPlaces: Sendable {
    /// `kSecAttrService` of the sessions.
    public let service: String
    /// The Keychain access group that both are entitled to.
    public let accessGroup: String
    /// The app group that both are entitled to: the settings, and the lock of a renewal.
    public let appGroup: String

    /// Reads the places from an Info.plist, in which `value` looks up a key; nil if one is missing.
    public init?(infoPlist value: (String) -> Any?) {
        guard let service = value("PilotlightService") as? String,
            let accessGroup = value("PilotlightAccessGroup") as? String,
            let appGroup = value("PilotlightAppGroup") as? String
        else { return nil }
        (self.service, self.accessGroup, self.appGroup) = (service, accessGroup, appGroup)
    }

    /// The user defaults that both read: the settings and the current account.
    public var defaults: UserDefaults { UserDefaults(suiteName: appGroup) ?? .standard }
}
