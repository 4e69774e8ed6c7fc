import Foundation

/// Where the settings are kept.
@MainActor
public protocol SettingsStore {
    /// What was saved last; nil when nothing was, or when it is of a release that had other settings.
    func load() -> AppSettings?
    /// Saves them.
    func save(_ settings: AppSettings)
}

/// In the user defaults of an app group, for the app and its widget.
public struct SharedSettingsStore: SettingsStore {
    private static let key = "settings"
    private let defaults: UserDefaults?

    /// Those of that app group.
    public init(appGroup: String) {
        defaults = UserDefaults(suiteName: appGroup)
    }

    /// What was saved last.
    public func load() -> AppSettings? {
        defaults?.data(forKey: Self.key).flatMap { try? JSONDecoder().decode(AppSettings.self, from: $0) }
    }

    /// Saves them.
    public func save(_ settings: AppSettings) {
        defaults?.set(try? JSONEncoder().encode(settings), forKey: Self.key)
    }
}

/// In memory: for previews and tests.
public final class VolatileSettingsStore: SettingsStore {
    private var settings: AppSettings?

    /// With these to begin with.
    public init(_ settings: AppSettings? = nil) {
        self.settings = settings
    }

    /// What was saved last.
    public func load() -> AppSettings? { settings }

    /// Saves them.
    public func save(_ settings: AppSettings) { self.settings = settings }
}
