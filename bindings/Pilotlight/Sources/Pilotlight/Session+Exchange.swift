import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Which of the session's own tokens is exchanged, and how the issuer calls its type (`subject_token_type`, RFC 8693 3):
/// ``Session/exchange(for:type:actor:resource:parameters:minTTL:forceRefresh:allowExpired:)``.
public struct SubjectToken: Hashable, Sendable {
    let core: OwnToken
    let name: String?

    /// The access token, `urn:ietf:params:oauth:token-type:access_token`.
    public static let accessToken = SubjectToken(core: .accessToken, name: nil)
    /// The ID token, `urn:ietf:params:oauth:token-type:id_token`.
    public static let idToken = SubjectToken(core: .idToken, name: nil)
    /// The refresh token, `urn:ietf:params:oauth:token-type:refresh_token`. It goes to the issuer and not to the app. For an issuer that
    /// leaves it as it is: one that replaces it for an exchange would end the session.
    public static let refreshToken = SubjectToken(core: .refreshToken, name: nil)

    /// The same token under the issuer's own name for its type, a URI. At Auth0 it is always one of yours, with a Custom Token Exchange
    /// profile.
    public func named(_ type: String) -> SubjectToken { SubjectToken(core: core, name: type) }
}

/// Who acts for the user (RFC 8693 2.1): a service or another person, by a token that the app has from elsewhere. Printing it shows its type.
public struct ActorToken: Hashable, Sendable {
    /// The token. It is sent and never stored.
    public var token: String
    /// Its type, a URI (`actor_token_type`).
    public var type: String

    /// An actor's token.
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
    /// An access token for another API, good for at least `minTTL` seconds: one of the session's own tokens, exchanged at the issuer (token
    /// exchange, RFC 8693; Auth0: "Custom Token Exchange"), or the one that was exchanged before. Network; stores nothing.
    ///
    /// ```swift
    /// let token = try await session.exchange(
    ///     for: "https://orders.example.com/", type: .accessToken.named("urn:acme:session"))
    /// ```
    ///
    /// The 32 tokens that were used last stay in memory, each for its audience, scopes, types, parameters and actor. They go with the
    /// sign-out, a new sign-in, the end of the session and another authentication of the user. Callers for the same share one request;
    /// other requests are sent one after the other. A token of a session that is bound to a key is bound to it too.
    ///
    /// Where the issuer does not accept the token that is shown, the session is renewed and the exchange tried again, once. A refresh token
    /// or an ID token that comes along is not kept.
    ///
    /// - Parameters:
    ///   - audience: Which API (`audience`), and which scopes.
    ///   - type: Which of the session's tokens is exchanged.
    ///   - actor: Who acts for the user.
    ///   - resource: Where the API is, for issuers that want that (`resource`).
    ///   - parameters: Further parameters of the request, such as Auth0's `organization`.
    ///   - minTTL: How long the token must still be good, in seconds.
    ///   - forceRefresh: Exchange anew even where there is a good one.
    ///   - allowExpired: When it cannot be exchanged now, return the expired one.
    /// - Throws: ``SessionError/configurationInvalid(field:message:)`` naming `clientID` when the client may not use this grant or the issuer
    ///   has nothing for this type, and `audience` or `scopes`. ``SessionError/argumentInvalid(argument:message:)`` naming `type` when the
    ///   issuer accepts no fresh token of the session's either, `actor` when it does not accept that, and what cannot be sent.
    ///   ``SessionError/signInRequired(reason:message:)`` with `interactionRequired` or `accessDenied` when the issuer says so, which ends
    ///   nothing. Else as ``accessToken(minTTL:forceRefresh:allowExpired:)``. The issuer's answer never ends the session.
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

    /// The request with a token that was exchanged: `Authorization: Bearer`, or `DPoP` with a proof for exactly this method and URL where the
    /// token is bound to a key (RFC 9449 7.1), which is good for one request. Give the API's answer to ``keepProofNonce(of:)``. No network.
    ///
    /// - Parameters:
    ///   - request: A request to your API. The token goes to the host that the URL names, so never take a URL from elsewhere.
    ///   - exchangedToken: What ``exchange(for:type:actor:resource:parameters:minTTL:forceRefresh:allowExpired:)`` returned.
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` when the URL is not `https` (`http` only on a loopback host); where the
    ///   token is bound, as ``authorized(_:minTTL:forceRefresh:)``.
    public func authorized(_ request: URLRequest, exchangedToken: String) async throws -> URLRequest {
        try request.requireSafeDestination()
        return try await requestToken(exchangedToken).carried(by: request)
    }
}
