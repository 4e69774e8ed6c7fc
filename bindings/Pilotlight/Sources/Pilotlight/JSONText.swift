import Foundation

/// Conversions of JSON text, the form in which objects are passed to and from the core. Dates in the callers' types are written
/// as ``SessionJSONConvertible`` writes them, and read as ``SessionJSON/dateValue`` reads them.
enum JSONText {
    /// Reads the core's answer, which is always the text of an object.
    static func object(_ text: String) throws -> [String: SessionJSON] {
        do {
            return try JSONDecoder().decode([String: SessionJSON].self, from: Data(text.utf8))
        } catch {
            // The error itself could quote the text, which is personal data.
            throw SessionError.internalFault(message: "the core's answer is not the text of a JSON object")
        }
    }

    /// Encodes an argument.
    static func text(of value: some Encodable, argument: String) throws -> String {
        do {
            let encoder = JSONEncoder()
            encoder.dateEncodingStrategy = .custom { try $0.sessionJSON.encode(to: $1) }
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw SessionError.argumentInvalid(argument: argument, message: "\(argument) cannot be written as JSON")
        }
    }

    /// Decodes the caller's own type.
    static func decode<Value: Decodable>(_ type: Value.Type, from text: String, argument: String) throws -> Value {
        do {
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .custom(Date.init(jsonFrom:))
            return try decoder.decode(type, from: Data(text.utf8))
        } catch let error as DecodingError {
            throw SessionError.argumentInvalid(
                argument: argument, message: "the JSON does not fit \(type): \(error.place)")
        }
    }
}

extension Date {
    /// As ``SessionJSON/dateValue``, where a caller's type has a date.
    fileprivate init(jsonFrom decoder: any Decoder) throws {
        let value = try SessionJSON(from: decoder)
        guard let date = value.dateValue else {
            let context = DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "it is not a moment")
            throw value.isNull
                ? DecodingError.valueNotFound(Date.self, context) : DecodingError.dataCorrupted(context)
        }
        self = date
    }
}

extension DecodingError {
    /// Where the JSON does not fit; never the value.
    fileprivate var place: String {
        switch self {
        case .typeMismatch(let type, let context): "expected \(type) for \(context.path)\(context.found)"
        case .valueNotFound(let type, let context): "\(context.path) is null and should be a \(type)"
        case .keyNotFound(let key, let context): "\(context.path) has no \"\(key.stringValue)\""
        case .dataCorrupted(let context): "\(context.path) has a value that is not accepted"
        @unknown default: "somewhere"
        }
    }
}

extension DecodingError.Context {
    /// The kind of value that was found, if the decoder names it; never the value.
    fileprivate var found: String {
        let kinds = [
            "string": "a string", "number": "a number", "bool": "a boolean", "array": "an array",
            "dictionary": "an object",
            "null": "null",
        ]
        let words = debugDescription.lowercased().components(separatedBy: "found ").dropFirst().first?.prefix(20) ?? ""
        return kinds.first { words.contains($0.key) }.map { ", found \($0.value)" } ?? ""
    }

    fileprivate var path: String {
        let path = codingPath.map(\.stringValue).joined(separator: ".")
        return path.isEmpty ? "the object" : "\"\(path)\""
    }
}
