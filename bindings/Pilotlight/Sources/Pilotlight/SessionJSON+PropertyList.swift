import Foundation

/// Conversions to and from the values of Objective-C.
extension SessionJSON {
    /// `NSNull`, `NSNumber`, `NSString`, `NSArray`, `NSDictionary`.
    var anyValue: Any {
        switch self {
        case .null: NSNull()
        case .bool(let value): value
        case .integer(let value): value
        case .double(let value): value
        case .string(let value): value
        case .array(let values): values.map(\.anyValue)
        case .object(let members): members.mapValues(\.anyValue)
        }
    }

    /// The JSON values of Objective-C's. Foundation converts them, because only Foundation can distinguish the `NSNumber` of a
    /// Boolean from that of 1.
    ///
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` for a value that JSON does not have.
    static func members(of values: [String: Any], argument: String) throws -> [String: SessionJSON] {
        guard JSONSerialization.isValidJSONObject(values),
            let text = try? JSONSerialization.data(withJSONObject: values)
        else {
            throw SessionError.argumentInvalid(
                argument: argument,
                message:
                    "\(argument) has a value that JSON does not have: use strings, numbers, NSNull, arrays and dictionaries"
            )
        }
        return try JSONText.object(String(decoding: text, as: UTF8.self))
    }
}
