import Foundation

/// Values as Objective-C has them.
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

    /// The other way round. Foundation does it, because only Foundation tells an `NSNumber` of a boolean from one of 1.
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
