import Foundation

/// A JSON value (RFC 8259), for metadata and for claims that have no Swift type.
///
/// Write values as literals (`["country": "USA", "age": 36, "phone": nil]`), and read them with properties
/// (`metadata["country"]?.stringValue`).
public enum SessionJSON: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number without a fraction that fits 64 bits.
    case integer(Int64)
    /// Any other number. JSON has no NaN and no infinity, so these cannot be encoded.
    case double(Double)
    /// A string.
    case string(String)
    /// An array.
    case array([SessionJSON])
    /// An object.
    case object([String: SessionJSON])
}

extension SessionJSON {
    /// The Boolean; nil if this is something else.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The number, if it is an integer and fits an `Int`; nil if this is something else.
    public var intValue: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The number, with or without a fraction; nil if this is something else.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// The string; nil if this is something else.
    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The array; nil if this is something else.
    public var arrayValue: [SessionJSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The object; nil if this is something else.
    public var objectValue: [String: SessionJSON]? {
        if case .object(let value) = self { value } else { nil }
    }

    /// Whether this is `null`.
    public var isNull: Bool {
        self == .null
    }

    /// The member `key` of an object; nil if there is none or this is not an object.
    public subscript(key: String) -> SessionJSON? {
        objectValue?[key]
    }

    /// The element `index` of an array; nil if there is none or this is not an array.
    public subscript(index: Int) -> SessionJSON? {
        guard let array = arrayValue, array.indices.contains(index) else { return nil }
        return array[index]
    }
}

extension SessionJSON: Codable {
    /// Reads any JSON value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([SessionJSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: SessionJSON].self))
        }
    }

    /// Writes the JSON value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}
