// A module of the app that has the same name for something as Pilotlight has for its main class.

/// The app's.
public struct Session: Sendable {
    /// The app's.
    public var title: String
    /// The app's.
    public init(title: String) { self.title = title }
}
