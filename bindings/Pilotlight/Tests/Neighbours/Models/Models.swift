// A module of an app, with type names that apps often use.

/// The app's.
public struct Address: Sendable {
    /// The app's.
    public var street: String
    /// The app's.
    public init(street: String) { self.street = street }
}

/// The app's.
public struct UserProfile: Sendable {
    /// The app's.
    public var address: Address
    /// The app's.
    public init(address: Address) { self.address = address }
}

/// The app's.
public protocol Provider {
    associatedtype Value
    func provide() -> Value
}

/// The app's.
public struct Metadata: Sendable {
    /// The app's.
    public var values: [String: JSONValue]
    /// The app's.
    public init(values: [String: JSONValue]) { self.values = values }
}

/// The app's.
public indirect enum JSONValue: Sendable {
    case text(String)
    case list([JSONValue])
}
