import Foundation
import Pilotlight

extension SessionProfile {
    /// One line of a profile: a claim's name, and its value as text.
    public struct Row: Equatable, Identifiable, Sendable {
        /// The claim's name.
        public let id: String
        /// The claim's value, as text.
        public let value: String
    }

    /// The lines of the profile: the standard claims that it has, then the others by name.
    public var rows: [Row] {
        let first = [
            "sub", "name", "given_name", "middle_name", "family_name", "nickname", "preferred_username", "email",
            "email_verified", "phone_number", "phone_number_verified", "address",
        ]
        let claims = claims
        return (first + Set(claims.keys).subtracting(first).sorted()).compactMap { name in
            claims[name].map { Row(id: name, value: Self.text(of: $0, named: name)) }
        }
    }

    /// The user's roles, from a custom claim; issuers require the name of such a claim to look like a URL.
    public var roles: [String] {
        (try? claim("https://example.com/roles", as: [String].self)) ?? []
    }

    private static func text(of value: SessionJSON, named name: String) -> String {
        switch (name, value) {
        case ("updated_at", _): value.dateValue?.formatted(.iso8601) ?? value.text
        case ("address", .object(let address)):
            address["formatted"]?.stringValue
                ?? ["street_address", "postal_code", "locality", "region", "country"]
                .compactMap { address[$0]?.stringValue }.joined(separator: ", ")
        default: value.text
        }
    }
}

extension SessionJSON {
    /// The value as readable text: a string without quotes, everything else as JSON with sorted keys.
    public var text: String {
        if case .string(let value) = self { return value }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
