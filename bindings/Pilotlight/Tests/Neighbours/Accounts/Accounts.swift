// A module of the app in which a type has the same name as Pilotlight's main class.

/// The app's.
public struct Session: Sendable {
    /// The app's.
    public var title: String
    /// The app's.
    public init(title: String) { self.title = title }
}
