/// A further API, for which the session gets a separate access token; see
/// ``Session/accessToken(for:minTTL:forceRefresh:allowExpired:)``.
public struct TokenAudience: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The API's identifier: Auth0's `audience`, other providers' `resource` (RFC 8707 2: an absolute URI).
    public let identifier: String
    /// The scopes to request for the API; if empty, the issuer decides. Their order does not matter.
    public let scopes: Set<String>

    /// Names an API, and the scopes to request for it.
    public init(_ identifier: String, scopes: Set<String> = []) {
        self.identifier = identifier
        self.scopes = scopes
    }

    /// Names an API; the issuer decides on the scopes.
    public init(stringLiteral identifier: String) {
        self.init(identifier)
    }
}
