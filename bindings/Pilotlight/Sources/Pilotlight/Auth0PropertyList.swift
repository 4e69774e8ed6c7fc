import Foundation

/// The file `Auth0.plist` (Auth0: "Auth0.swift": Configure Client ID and Domain).
struct Auth0PropertyList {
    private struct Keys: Decodable {
        var clientID: String?
        var domain: String?

        enum CodingKeys: String, CodingKey {
            case clientID = "ClientId"
            case domain = "Domain"
        }
    }

    let clientID: String
    let domain: String

    /// - Throws: ``SessionError/configurationInvalid(field:message:)`` if there is no such file or a key is missing.
    init(_ url: URL?) throws {
        guard let url, let bytes = try? Data(contentsOf: url) else {
            throw Self.invalid("is not in the bundle")
        }
        guard let keys = try? PropertyListDecoder().decode(Keys.self, from: bytes) else {
            throw Self.invalid("is no property list of strings")
        }
        guard let clientID = keys.clientID else { throw Self.invalid("has no ClientId") }
        guard let domain = keys.domain else { throw Self.invalid("has no Domain") }
        (self.clientID, self.domain) = (clientID, domain)
    }

    private static func invalid(_ problem: String) -> SessionError {
        .configurationInvalid(field: "Auth0.plist", message: "Auth0.plist \(problem)")
    }
}
