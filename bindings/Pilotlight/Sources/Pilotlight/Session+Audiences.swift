import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension Session {
    /// An access token for a further API, good for at least `minTTL` seconds: the one in memory, or one obtained with the
    /// session's refresh token (network; persists). The session's own access token and scopes stay as they are.
    ///
    /// Each audience, with its scopes, has its own token, kept across launches and renewed separately; the latest 200 are kept.
    /// A valid token is returned from memory, even while another one is renewed. Callers for one audience share one
    /// request. Requests for several audiences are sent one after the other, because each may replace the refresh token. A
    /// sign-out, the end of the session and a new sign-in delete these tokens.
    ///
    /// Auth0 receives the parameter `audience`: the application needs a refresh token policy for the API (Auth0: "Multi-Resource
    /// Refresh Token"). Other providers receive `resource` (RFC 8707) and issue tokens only for APIs that the sign-in named: see
    /// ``SessionConfiguration/resources``. For the configuration's own `audience`, without scopes, you get the session's own
    /// token.
    ///
    /// ```swift
    /// let calendar = TokenAudience("https://calendar.example.com/", scopes: ["read:events"])
    /// let token = try await session.accessToken(for: calendar)
    /// ```
    ///
    /// - Parameters:
    ///   - audience: Which API, and which scopes.
    ///   - minTTL: How long the token must still be good, in seconds.
    ///   - forceRefresh: Renew the token even if it is still good.
    ///   - allowExpired: If the token cannot be renewed now, return the expired one.
    /// - Throws: As ``accessToken(minTTL:forceRefresh:allowExpired:)``, and
    ///   ``SessionError/configurationInvalid(field:message:)`` naming `audience` if the issuer refuses the audience or
    ///   returns a token for another one, which does not end the session, and naming `resources` if the configuration
    ///   does not list the audience there; ``SessionError/signInRequired(reason:message:)`` with `interactionRequired` if the
    ///   audience was added to the configuration after the sign-in; ``SessionError/argumentInvalid(argument:message:)`` for an
    ///   audience or a scope that may not be sent.
    public func accessToken(
        for audience: TokenAudience, minTTL: TimeInterval = 0, forceRefresh: Bool = false, allowExpired: Bool = false
    ) async throws -> String {
        let seconds = try wholeSeconds(minTTL)
        return try await call {
            try await $0.accessTokenFor(
                audience: audience.identifier, scopes: audience.scopes.sorted(), minTtlSeconds: seconds,
                forceRefresh: forceRefresh, allowExpired: allowExpired)
        }
    }

    /// The access token in memory for a further API, if it is good for at least `minTTL` seconds; otherwise nil, also
    /// before the first ``accessToken(for:minTTL:forceRefresh:allowExpired:)`` for that API. No `await`, no store, no network,
    /// on any thread.
    public func cachedAccessToken(for audience: TokenAudience, minTTL: TimeInterval = 0) -> String? {
        guard gate?.isOpen ?? true, let seconds = try? wholeSeconds(minTTL) else { return nil }
        return core.cachedAccessTokenFor(
            audience: audience.identifier, scopes: audience.scopes.sorted(), minTtlSeconds: seconds)
    }

    /// The request with an access token for a further API, and with a proof where the token is bound to a key; see
    /// ``authorized(_:minTTL:forceRefresh:)`` and ``accessToken(for:minTTL:forceRefresh:allowExpired:)``.
    ///
    /// - Throws: As both of these.
    public func authorized(
        _ request: URLRequest, for audience: TokenAudience, minTTL: TimeInterval = 0, forceRefresh: Bool = false
    ) async throws -> URLRequest {
        try request.requireSafeDestination()
        let token = try await accessToken(for: audience, minTTL: minTTL, forceRefresh: forceRefresh)
        return try await requestToken(token).carried(by: request)
    }
}
