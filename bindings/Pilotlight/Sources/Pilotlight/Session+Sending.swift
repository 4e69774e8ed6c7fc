import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension Session {
    /// Sends a request to your API with an access token, and once more with another token when the API answers 401: it
    /// may have withdrawn the first before its time, or have another idea of the time. Network; a renewal persists.
    ///
    /// However many requests are refused together, one renewal is sent. An API that says 401 again is believed: its
    /// answer is returned like any other. A request with an `httpBodyStream` is sent once, because a stream can be read
    /// once.
    ///
    /// ```swift
    /// let (data, response) = try await session.data(for: URLRequest(url: orders))
    /// ```
    ///
    /// - Parameters:
    ///   - request: A request to your API. The token goes to whoever the URL names, so never take a URL from elsewhere;
    ///     a redirect to another origin is followed without it.
    ///   - audience: The further API that this is; nil for the session's own access token.
    ///   - minTTL: How long the token must still be good, in seconds.
    ///   - urlSession: What sends the request.
    /// - Returns: The body and the head of the answer, whatever its status.
    /// - Throws: As ``authorized(_:minTTL:forceRefresh:isolation:)``; `URLError` when the API cannot be reached.
    public func data(
        for request: URLRequest, audience: Audience? = nil, minTTL: TimeInterval = 0,
        using urlSession: URLSession = .shared
    ) async throws -> (Data, HTTPURLResponse) {
        try request.requireSafeDestination()
        let token = try await currentToken(for: audience, minTTL: minTTL, forceRefresh: false)
        let first = try await urlSession.answer(to: request.bearing(token))
        guard first.1.statusCode == 401, request.httpBodyStream == nil else { return first }
        let newer = try await anotherToken(than: token, for: audience, minTTL: minTTL)
        return try await urlSession.answer(to: request.bearing(newer))
    }

    /// Another task may have renewed since.
    private func anotherToken(than refused: String, for audience: Audience?, minTTL: TimeInterval) async throws
        -> String
    {
        if let cached = cachedToken(for: audience, minTTL: minTTL), cached != refused { return cached }
        return try await currentToken(for: audience, minTTL: minTTL, forceRefresh: true)
    }

    private func cachedToken(for audience: Audience?, minTTL: TimeInterval) -> String? {
        guard let audience else { return cachedAccessToken(minTTL: minTTL) }
        return cachedAccessToken(for: audience, minTTL: minTTL)
    }

    private func currentToken(for audience: Audience?, minTTL: TimeInterval, forceRefresh: Bool) async throws -> String
    {
        guard let audience else { return try await accessToken(minTTL: minTTL, forceRefresh: forceRefresh) }
        return try await accessToken(for: audience, minTTL: minTTL, forceRefresh: forceRefresh)
    }
}

extension URLSession {
    fileprivate func answer(to request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        #if canImport(FoundationNetworking)
        // Off Apple's platforms only the delegate of a whole session is asked about redirects.
        let guarded = URLSession(configuration: configuration, delegate: OriginGuard(), delegateQueue: nil)
        defer { guarded.finishTasksAndInvalidate() }
        let (data, response) = try await guarded.data(for: request)
        #else
        let (data, response) = try await data(for: request, delegate: OriginGuard())
        #endif
        guard let response = response as? HTTPURLResponse else {
            throw URLError(.badServerResponse)
        }
        return (data, response)
    }
}

/// Takes the token off requests that a redirect leads to another origin.
private final class OriginGuard: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        var request = request
        if origin(of: request.url) != origin(of: task.originalRequest?.url) {
            request.setValue(nil, forHTTPHeaderField: "Authorization")
        }
        completionHandler(request)
    }

    private func origin(of url: URL?) -> [String?] {
        [url?.scheme?.lowercased(), url?.host?.lowercased(), url?.port.map(String.init)]
    }
}
