import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Which of the session's own tokens is exchanged, and the issuer's name for its type (`subject_token_type`, RFC 8693 3); see
/// ``Session/exchange(for:type:actor:resource:parameters:minTTL:forceRefresh:allowExpired:)``.
public struct SubjectToken: Hashable, Sendable {
    let core: OwnToken
    let name: String?

    /// The access token, `urn:ietf:params:oauth:token-type:access_token`.
    public static let accessToken = SubjectToken(core: .accessToken, name: nil)
    /// The ID token, `urn:ietf:params:oauth:token-type:id_token`.
    public static let idToken = SubjectToken(core: .idToken, name: nil)
    /// The refresh token, `urn:ietf:params:oauth:token-type:refresh_token`. It is sent to the issuer and never given to the app.
    /// Use it only if the issuer does not rotate the refresh token in an exchange; an issuer that does would end the session.
    public static let refreshToken = SubjectToken(core: .refreshToken, name: nil)

    /// The same token, with the issuer's own name for its type, a URI. At Auth0 the type is always a URI that you chose in a
    /// Custom Token Exchange profile.
    public func named(_ type: String) -> SubjectToken { SubjectToken(core: core, name: type) }
}

/// The token of a service or of another person who acts for the user (RFC 8693 2.1). The app gets it from elsewhere. Printing it
/// shows only its type.
public struct ActorToken: Hashable, Sendable {
    /// The token. It is sent and never stored.
    public var token: String
    /// Its type, a URI (`actor_token_type`).
    public var type: String

    /// Creates an actor's token.
    public init(_ token: String, type: String) {
        self.token = token
        self.type = type
    }
}

extension SubjectToken: Redacted {
    /// Which token, and the name of its type.
    public var description: String {
        let token =
            switch core {
            case .accessToken: "accessToken"
            case .idToken: "idToken"
            case .refreshToken: "refreshToken"
            }
        return name.map { "\(token).named(\($0))" } ?? token
    }
}

extension ActorToken: Redacted {
    /// Its type.
    public var description: String { "ActorToken(type: \(type))" }
}

extension Session {
    /// An access token for another API, good for at least `minTTL` seconds. The issuer exchanges one of the session's own tokens
    /// for it (token exchange, RFC 8693; Auth0: "Custom Token Exchange"); the result of an earlier exchange is reused. Network;
    /// stores nothing.
    ///
    /// ```swift
    /// let token = try await session.exchange(
    ///     for: "https://orders.example.com/", type: .accessToken.named("urn:acme:session"))
    /// ```
    ///
    /// The 32 most recently used tokens stay in memory, each for its audience, scopes, types, parameters and actor. A sign-out, a
    /// new sign-in, the end of the session and another authentication of the user discard them. Callers that ask for the same
    /// token share one request; other requests are sent one after the other. If the session is bound to a key, the new token is
    /// bound to it too.
    ///
    /// If the issuer does not accept the session's token, the session is renewed and the exchange is tried once more. A refresh
    /// token or an ID token in the answer is not kept.
    ///
    /// - Parameters:
    ///   - audience: Which API (`audience`), and which scopes.
    ///   - type: Which of the session's tokens is exchanged.
    ///   - actor: Who acts for the user.
    ///   - resource: The URI of the API (`resource`), for issuers that need it.
    ///   - parameters: Further parameters of the request, such as Auth0's `organization`.
    ///   - minTTL: How long the token must still be good, in seconds.
    ///   - forceRefresh: Exchange again even if there is a good token.
    ///   - allowExpired: If no new token can be obtained now, return the expired one.
    /// - Throws: ``SessionError/configurationInvalid(field:message:)`` naming `clientID` if the client may not use this grant or
    ///   the issuer has no exchange for this type, or naming `audience` or `scopes` if the issuer refuses them.
    ///   ``SessionError/argumentInvalid(argument:message:)`` naming `type` if the issuer does not accept a fresh token of this
    ///   session either, `actor` if it does not accept the actor's token, or an argument that cannot be sent.
    ///   ``SessionError/signInRequired(reason:message:)`` with `interactionRequired` or `accessDenied` if the issuer says so.
    ///   Otherwise as ``accessToken(minTTL:forceRefresh:allowExpired:)``. The issuer's answer to an exchange never ends the
    ///   session.
    public func exchange(
        for audience: TokenAudience, type: SubjectToken = .accessToken, actor: ActorToken? = nil,
        resource: String? = nil,
        parameters: [String: String] = [:], minTTL: TimeInterval = 0, forceRefresh: Bool = false,
        allowExpired: Bool = false
    ) async throws -> String {
        let seconds = try wholeSeconds(minTTL)
        let request = ExchangeRequest(
            audience: audience.identifier, scopes: audience.scopes.sorted(), resource: resource, subject: type.core,
            subjectType: type.name, actor: actor.map { ExchangeActor(token: $0.token, kind: $0.type) },
            parameters: parameters)
        return try await call {
            try await $0.exchange(
                request: request, minTtlSeconds: seconds, forceRefresh: forceRefresh, allowExpired: allowExpired)
        }
    }

    /// The request with an exchanged token: `Authorization: Bearer`, or, if the token is bound to a key, `Authorization: DPoP`
    /// with a proof for exactly this method and URL, which is valid for one request (RFC 9449 7.1). Pass the API's answer to
    /// ``keepProofNonce(of:)``. No network.
    ///
    /// - Parameters:
    ///   - request: A request to your API. The token goes to the host that the URL names, so never take a URL from elsewhere.
    ///   - exchangedToken: A token from ``exchange(for:type:actor:resource:parameters:minTTL:forceRefresh:allowExpired:)``.
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` if the URL is not `https` (`http` only on a loopback host).
    ///   If the token is bound, as ``authorized(_:minTTL:forceRefresh:)``.
    public func authorized(_ request: URLRequest, exchangedToken: String) async throws -> URLRequest {
        try request.requireSafeDestination()
        return try await requestToken(exchangedToken).carried(by: request)
    }
}
