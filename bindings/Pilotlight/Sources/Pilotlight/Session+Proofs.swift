import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension Session {
    /// The key that the session's access token is bound to (DPoP, RFC 9449); nil if the token is not bound, nobody is signed
    /// in, or ``restore()`` has not returned yet. O(1).
    public var boundKey: BoundKey? {
        core.boundKey().map { BoundKey(thumbprint: $0.thumbprint, isInSecureEnclave: $0.inHardware) }
    }

    /// The headers for a request that you send yourself, for example with another HTTP client: `Authorization`, and if the
    /// token is bound to a key also `DPoP`, a proof for exactly this method and URL (RFC 9449 7.1). May use the network
    /// as ``accessToken(minTTL:forceRefresh:allowExpired:)`` does.
    ///
    /// A proof is valid for one request, for a short time. Get new headers for each request, also when you repeat or
    /// redirect one. If the API answers 401 with `use_dpop_nonce`, pass its answer to ``keepProofNonce(of:)``, get new headers,
    /// and repeat the request. ``data(for:audience:minTTL:using:)`` does all of this.
    ///
    /// - Parameters:
    ///   - request: The request, with its method and its URL. The token goes to the host that the URL names.
    ///   - audience: The further API that the request is for; nil for the session's own access token.
    ///   - minTTL: How long the token must still be good, in seconds.
    /// - Throws: As ``authorized(_:minTTL:forceRefresh:)``.
    public func authorizationHeaders(
        for request: URLRequest, audience: TokenAudience? = nil, minTTL: TimeInterval = 0
    ) async throws -> [String: String] {
        try request.requireSafeDestination()
        let token = try await currentToken(for: audience, minTTL: minTTL)
        let authorized = try await requestToken(token).carried(by: request)
        var headers: [String: String] = [:]
        for name in ["Authorization", "DPoP"] {
            headers[name] = authorized.value(forHTTPHeaderField: name)
        }
        return headers
    }

    /// Keeps the `DPoP-Nonce` of an API's answer, if it has one, for the next proofs that go to the API's origin. Call it with
    /// each answer to a request that carried ``authorizationHeaders(for:audience:minTTL:)``. Writes to memory only; the
    /// session's next write stores the nonce too, for other processes.
    public func keepProofNonce(of response: HTTPURLResponse) {
        guard let url = response.url else { return }
        Prover(core: core).keepNonce(of: response, to: URLRequest(url: url))
    }

    func requestToken(_ text: String) -> RequestToken {
        RequestToken(text: text, prover: core.isBound(token: text) ? Prover(core: core) : nil)
    }
}
