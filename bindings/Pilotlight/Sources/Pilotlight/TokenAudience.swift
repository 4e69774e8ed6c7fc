/// An API that an access token is for, beside the session's own:
/// ``Session/accessToken(for:minTTL:forceRefresh:allowExpired:)``.
public struct TokenAudience: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The API's identifier: Auth0's `audience`, other providers' `resource` (RFC 8707 2: an absolute URI).
    public let identifier: String
    /// The scopes to ask for there; none leave it to the issuer. Their order does not matter.
    public let scopes: Set<String>

    /// Names an API, and the scopes to ask for there.
    public init(_ identifier: String, scopes: Set<String> = []) {
        self.identifier = identifier
        self.scopes = scopes
    }

    /// Names an API; the scopes are left to the issuer.
    public init(stringLiteral identifier: String) {
        self.init(identifier)
    }
}
