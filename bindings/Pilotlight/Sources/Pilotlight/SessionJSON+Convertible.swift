import Foundation

/// A value that metadata can hold, so that variables can be passed as they are: `metadata.update(["age": age])`.
///
/// Strings, Booleans, numbers, dates, URLs, UUIDs, and arrays, dictionaries and optionals of these conform to it. Conform
/// your own type if it can be represented as one JSON value. An enumeration with raw values only declares the conformance:
/// `enum Theme: String, SessionJSONConvertible { case light, dark }`.
public protocol SessionJSONConvertible {
    /// The value as JSON.
    var sessionJSON: SessionJSON { get }
}

extension SessionJSON: SessionJSONConvertible {
    /// Itself.
    public var sessionJSON: SessionJSON { self }
}

extension String: SessionJSONConvertible {
    /// A string.
    public var sessionJSON: SessionJSON { .string(self) }
}

extension Bool: SessionJSONConvertible {
    /// A Boolean.
    public var sessionJSON: SessionJSON { .bool(self) }
}

extension SessionJSONConvertible where Self: BinaryInteger {
    /// An integer. One that is larger than `Int64.max` cannot be represented: sending it throws, as it does for NaN.
    public var sessionJSON: SessionJSON { Int64(exactly: self).map(SessionJSON.integer) ?? .double(.nan) }
}

extension Int: SessionJSONConvertible {}
extension Int8: SessionJSONConvertible {}
extension Int16: SessionJSONConvertible {}
extension Int32: SessionJSONConvertible {}
extension Int64: SessionJSONConvertible {}
extension UInt: SessionJSONConvertible {}
extension UInt8: SessionJSONConvertible {}
extension UInt16: SessionJSONConvertible {}
extension UInt32: SessionJSONConvertible {}
extension UInt64: SessionJSONConvertible {}

extension Float: SessionJSONConvertible {
    /// The same number as a `Double`, with all its digits. JSON has no NaN and no infinity: sending one throws.
    public var sessionJSON: SessionJSON { .double(Double(self)) }
}

extension SessionJSONConvertible where Self: RawRepresentable, RawValue: SessionJSONConvertible {
    /// The raw value.
    public var sessionJSON: SessionJSON { rawValue.sessionJSON }
}

extension Double: SessionJSONConvertible {
    /// A number. JSON has no NaN and no infinity, so sending one of these throws.
    public var sessionJSON: SessionJSON { .double(self) }
}

extension Date: SessionJSONConvertible {
    /// An ISO 8601 string, as ``SessionJSON/dateValue`` reads it. A date outside the years 1 to 9999 cannot be represented:
    /// sending one throws, as it does for NaN.
    public var sessionJSON: SessionJSON {
        // Foundation crashes the app if it formats a date that no calendar has.
        guard isWithinYears1To9999 else { return .double(.nan) }
        return .string(Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(self))
    }
}

extension URL: SessionJSONConvertible {
    /// A string.
    public var sessionJSON: SessionJSON { .string(absoluteString) }
}

extension UUID: SessionJSONConvertible {
    /// A string.
    public var sessionJSON: SessionJSON { .string(uuidString) }
}

extension Array: SessionJSONConvertible where Element: SessionJSONConvertible {
    /// An array.
    public var sessionJSON: SessionJSON { .array(map(\.sessionJSON)) }
}

extension Dictionary: SessionJSONConvertible where Key == String, Value: SessionJSONConvertible {
    /// An object.
    public var sessionJSON: SessionJSON { .object(mapValues(\.sessionJSON)) }
}

extension Optional: SessionJSONConvertible where Wrapped: SessionJSONConvertible {
    /// The value, or `null`.
    public var sessionJSON: SessionJSON { self?.sessionJSON ?? .null }
}

extension SessionMetadata {
    /// As ``update(_:)``, with your own values: `update(["age": age, "phone": nil])`. Network.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As ``update(_:)``.
    @_documentation(visibility: internal) @_disfavoredOverload @discardableResult
    public func update(_ changes: [String: (any SessionJSONConvertible)?]) async throws -> [String: SessionJSON] {
        try await update(changes.json)
    }

    /// As ``replace(with:)``, with your own values. Network.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As ``update(_:)``.
    @_documentation(visibility: internal) @_disfavoredOverload @discardableResult
    public func replace(with metadata: [String: (any SessionJSONConvertible)?]) async throws -> [String: SessionJSON] {
        try await replace(with: metadata.json)
    }

    /// As ``merge(_:)``, with your own values. Network.
    ///
    /// - Returns: The metadata after the change.
    /// - Throws: As ``update(_:)``.
    @_documentation(visibility: internal) @_disfavoredOverload @discardableResult
    public func merge(_ changes: [String: (any SessionJSONConvertible)?]) async throws -> [String: SessionJSON] {
        try await merge(changes.json)
    }

    /// As ``updateOrWait(_:)``, with your own values.
    ///
    /// - Returns: The metadata after the change, or the number of the queued change.
    /// - Throws: As ``updateOrWait(_:)``.
    @_documentation(visibility: internal) @_disfavoredOverload @discardableResult
    public func updateOrWait(_ changes: [String: (any SessionJSONConvertible)?]) async throws -> MetadataUpdate {
        try await updateOrWait(changes.json)
    }
}

extension [String: (any SessionJSONConvertible)?] {
    fileprivate var json: [String: SessionJSON] {
        mapValues { $0?.sessionJSON ?? .null }
    }
}
