import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension Session {
    /// Sends a request to your API with an access token. If the API answers 401, sends it again with another token: the
    /// first token may have been revoked, or the API's clock may differ. Network; a renewal persists.
    ///
    /// Requests that are refused at the same time share one renewal. If the API answers 401 again, that
    /// answer is returned like any other. The API's next 401 answers are returned without a renewal: for 30 s, then for twice
    /// as long each time, up to 16 minutes. A request with an `httpBodyStream` is sent only once, because a stream can be read
    /// only once.
    ///
    /// ```swift
    /// let (data, response) = try await session.data(for: URLRequest(url: orders))
    /// ```
    ///
    /// If the token is bound to a key of this device (``TokenBinding``), each request carries a proof (RFC 9449), and is
    /// sent again if the API requires a nonce in it.
    ///
    /// **Nothing is left behind.** However `urlSession` is configured, the request neither reads nor writes its
    /// `URLCache`, and neither sends nor stores cookies of its cookie storage, so that the next user of the device gets
    /// nothing that belongs to this one. The request's own `cachePolicy` and `httpShouldHandleCookies` are ignored; a `Cookie`
    /// header that you set is sent.
    ///
    /// **Redirects** are followed. The token is sent on the request's own origin only (scheme, host and port, RFC 6454 4).
    /// Another origin gets the method, the body if the redirect keeps it (RFC 9110 15.4), and the headers that
    /// describe content (`Accept…`, `Content-…`, `Range`, `If-…` and `User-Agent`). It gets no token, no cookie and none of
    /// your other headers, because any of them may hold a key. This includes the `httpAdditionalHeaders` of `urlSession`, which
    /// are sent there empty. The token is not sent again if that origin redirects back. A 401 from an origin that did
    /// not get the token is returned without a renewal.
    ///
    /// **Step-up.** An API that answers `insufficient_user_authentication` (RFC 9470) requires another authentication of the
    /// user. A renewed token would not help, so none is requested. If another task has obtained a newer token in the meantime,
    /// that token is tried first.
    ///
    /// - Parameters:
    ///   - request: A request to your API. The token goes to the origin that the URL names, so never take a URL from
    ///     elsewhere.
    ///   - audience: The further API that the request is for; nil for the session's own access token.
    ///   - minTTL: How long the token must still be good, in seconds.
    ///   - urlSession: Sends the request. Its delegate is asked about the server's certificate as usual (on Apple's
    ///     platforms).
    /// - Returns: The body of the answer and the response, whatever its status.
    /// - Throws: ``SessionError/stepUpRequired(_:message:)`` with what ``stepUp(for:using:parameters:via:)`` needs; otherwise as
    ///   ``authorized(_:minTTL:forceRefresh:)``; `URLError` when the API cannot be reached;
    ///   `CancellationError` when the task is cancelled, which stops the request.
    public func data(
        for request: URLRequest, audience: TokenAudience? = nil, minTTL: TimeInterval = 0,
        using urlSession: URLSession = .shared
    ) async throws -> (Data, HTTPURLResponse) {
        try request.requireSafeDestination()
        let token = try await currentToken(for: audience, minTTL: minTTL)
        let challenge = { (asked: StepUpRequirement) in
            StepUpChallenge(requirement: asked, audience: audience, request: request, minTTL: minTTL)
        }
        let first = try await answer(to: request, token: token, using: urlSession)
        if let asked = first.stepUp {
            // Another task may have completed a step-up in the meantime, and its new token may still wait to be stored.
            let newest = try? await currentToken(for: audience, minTTL: minTTL)
            guard let newest, newest != token, request.httpBodyStream == nil else {
                throw SessionError.stepUpRequired(by: challenge(asked))
            }
            return try await answer(to: request, token: newest, using: urlSession)
                .accepted(challenge)
        }
        // An API that refuses a proof with its own nonce would not accept another token either.
        guard first.isRefusal, !first.response.wantsProofNonce, request.httpBodyStream == nil else {
            return (first.data, first.response)
        }
        let api = Origin(request.url)?.text ?? ""
        guard let newer = try await replacement(for: token, of: audience, refusedBy: api, minTTL: minTTL) else {
            return (first.data, first.response)
        }
        let second = try await answer(to: request, token: newer, using: urlSession)
        core.noteReplacedToken(api: api, isRefused: second.isRefusal)
        return try second.accepted(challenge)
    }

    /// The API's answer. If the token is bound to a key and the API requires a nonce in the proof, the request is sent twice
    /// and this is the second answer.
    private func answer(
        to request: URLRequest, token: String, using urlSession: URLSession
    ) async throws -> AuthorizedExchange.Answer {
        let carrying = requestToken(token)
        let first = try await AuthorizedExchange.answer(to: request, token: carrying, using: urlSession)
        guard let prover = carrying.prover else { return first }
        prover.keepNonce(of: first.response, to: request)
        guard first.sawToken, first.response.wantsProofNonce, request.httpBodyStream == nil else { return first }
        let second = try await AuthorizedExchange.answer(to: request, token: carrying, using: urlSession)
        prover.keepNonce(of: second.response, to: request)
        return second
    }

    func currentToken(for audience: TokenAudience?, minTTL: TimeInterval) async throws -> String {
        guard let audience else { return try await accessToken(minTTL: minTTL) }
        return try await accessToken(for: audience, minTTL: minTTL)
    }

    /// The token to try after a refusal; nil if a new one would not help. The core decides: another task or process may have
    /// renewed in the meantime, or the API may refuse every token.
    private func replacement(
        for refused: String, of audience: TokenAudience?, refusedBy api: String, minTTL: TimeInterval
    ) async throws -> String? {
        let seconds = try wholeSeconds(minTTL)
        // The user has authenticated for the request's first token.
        return try await call(givesNothingOut: true) {
            try await $0.replaceRefusedToken(
                refused: refused, api: api, audience: audience?.identifier, scopes: audience?.scopes.sorted() ?? [],
                minTtlSeconds: seconds)
        }
    }
}

extension AuthorizedExchange.Answer {
    /// The authentication that the API requires, if that is why it refused the token.
    fileprivate var stepUp: StepUpRequirement? {
        isRefusal ? StepUpRequirement(response) : nil
    }

    /// Body and response; throws if the API requires another authentication.
    fileprivate func accepted(_ challenge: (StepUpRequirement) -> StepUpChallenge) throws -> (Data, HTTPURLResponse) {
        if let stepUp { throw SessionError.stepUpRequired(by: challenge(stepUp)) }
        return (data, response)
    }
}

extension SessionError {
    fileprivate static func stepUpRequired(by challenge: StepUpChallenge) -> SessionError {
        .stepUpRequired(challenge, message: "the API wants the user to authenticate in another way (RFC 9470)")
    }
}
