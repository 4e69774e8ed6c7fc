import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension Session {
    /// The request with `Authorization: Bearer` and an access token that is good for at least `minTTL` seconds (RFC
    /// 6750 2.1). It replaces an existing header of that name. May use the network as
    /// ``accessToken(minTTL:forceRefresh:allowExpired:)`` does, and is just as cheap if the token in memory is good.
    ///
    /// If the token is bound to a key of this device (``TokenBinding``), the request has `Authorization: DPoP` and a proof for
    /// exactly this method and URL, which is valid for one request (RFC 9449 7.1).
    ///
    /// If the API still answers 401, call this again with `forceRefresh`.
    ///
    /// - Parameters:
    ///   - request: A request to your API. The token goes to the host that the URL names, so never take a URL from
    ///     elsewhere.
    ///   - minTTL: How long the token must still be good, in seconds.
    ///   - forceRefresh: Renew the token even if it is still good.
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` if the URL is not `https` (`http` only on a
    ///   loopback host; RFC 6750 5.3); otherwise as ``accessToken(minTTL:forceRefresh:allowExpired:)``.
    @_disfavoredOverload
    public func authorized(
        _ request: URLRequest, minTTL: TimeInterval = 0, forceRefresh: Bool = false
    ) async throws -> URLRequest {
        try await authorized(request, minTTL: minTTL, forceRefresh: forceRefresh, isolation: nil)
    }

    /// The overload that callers get: it runs on their own actor, as `accessToken` does.
    @_documentation(visibility: internal)
    public func authorized(
        _ request: URLRequest, minTTL: TimeInterval = 0, forceRefresh: Bool = false,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> URLRequest {
        try request.requireSafeDestination()
        let token = try await accessToken(minTTL: minTTL, forceRefresh: forceRefresh)
        let carrying = requestToken(token)
        return carrying.prover == nil ? request.bearing(token) : try await carrying.carried(by: request)
    }

    /// A GET request to `url` with `Authorization: Bearer` and a good access token.
    ///
    /// ```swift
    /// let (data, _) = try await URLSession.shared.data(for: session.authorized(orders))
    /// ```
    ///
    /// - Parameter url: An address of your API. The token goes to the host that it names, so never take it from elsewhere.
    /// - Throws: As ``authorized(_:minTTL:forceRefresh:)``.
    @_disfavoredOverload
    public func authorized(_ url: URL) async throws -> URLRequest {
        try await authorized(url, isolation: nil)
    }

    /// The overload that callers get: it runs on their own actor, as `accessToken` does.
    @_documentation(visibility: internal)
    public func authorized(_ url: URL, isolation: isolated (any Actor)? = #isolation) async throws -> URLRequest {
        try await authorized(URLRequest(url: url), isolation: isolation)
    }
}

extension URLRequest {
    /// Throws unless a token may be sent to the request's URL.
    func requireSafeDestination() throws {
        guard let origin = Origin(url), origin.mayReceiveTokens else {
            let place = "\(url?.scheme ?? "no scheme")://\(url?.host ?? "no host")"
            throw SessionError.argumentInvalid(
                argument: "request",
                message: "a token goes only to an https URL, or to http on a loopback host; the request's is \(place)")
        }
    }

    /// The same request with that token (RFC 6750 2.1).
    func bearing(_ token: String) -> URLRequest {
        var authorized = self
        authorized.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        return authorized
    }
}
