import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// One request with a token, and its answer, kept out of the stores that an app's requests share: nothing is read from
/// or written to a cache, and no cookie is sent or stored.
///
/// It follows redirects. On the request's own origin the redirected request carries the token again; `URLSession` itself
/// removes `Authorization` on Apple's platforms. Another origin gets neither the token nor the app's other headers. After
/// that the token is not sent again, even if a further redirect leads back, because the other origin chose that URL.
final class AuthorizedExchange: NSObject, Sendable {
    /// The API's answer.
    struct Answer: Sendable {
        let data: Data
        let response: HTTPURLResponse
        /// Whether the token was sent to the origin that answered.
        let sawToken: Bool

        /// Whether the API did not accept the token.
        var isRefusal: Bool { sawToken && response.statusCode == 401 }
    }

    private struct Progress: Sendable {
        var data = Data()
        var carriesToken = true
        var isCancelled = false
        var task: URLSessionTask?
    }

    private let request: URLRequest
    private let token: RequestToken
    private let progress = Locked(Progress())
    private let continuation = CancellableContinuation<Answer>()

    /// - Parameter request: The request, which already contains the token.
    init(_ request: URLRequest, token: RequestToken) {
        self.token = token
        self.request = request
    }

    /// Sends the request with the token. Network.
    ///
    /// - Throws: `URLError`; `CancellationError`; ``SessionError`` if the token is bound to a key that cannot be used.
    static func answer(
        to request: URLRequest, token: RequestToken, using session: URLSession
    ) async throws -> Answer {
        let carrying = try await token.carried(by: request.keptToItself())
        return try await AuthorizedExchange(carrying, token: token).answer(using: session)
    }

    private func answer(using session: URLSession) async throws -> Answer {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                guard continuation.start($0) else { return }
                start(using: session)
            }
        } onCancel: {
            continuation.resume(with: .failure(CancellationError()))
            progress.withLock { progress in
                progress.isCancelled = true
                return progress.task
            }?.cancel()
        }
    }

    private func start(using session: URLSession) {
        #if canImport(FoundationNetworking)
        // On other platforms than Apple's a task has no delegate, so this needs a session.
        let own = URLSession(configuration: session.configuration.keptToItself(), delegate: self, delegateQueue: nil)
        let task = own.dataTask(with: request)
        own.finishTasksAndInvalidate()
        #else
        let task = session.dataTask(with: request)
        // The session's own delegate is asked what this object does not answer, such as the server's challenges.
        task.delegate = self
        #endif
        let isCancelled = progress.withLock { progress in
            progress.task = task
            return progress.isCancelled
        }
        if isCancelled { task.cancel() }
        task.resume()
    }
}

extension AuthorizedExchange: URLSessionDataDelegate {
    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        progress.withLock { $0.data.append(data) }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, willCacheResponse proposedResponse: CachedURLResponse,
        completionHandler: @escaping @Sendable (CachedURLResponse?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        let isSameOrigin = Origin(newRequest.url).map { $0 == Origin(request.url) } ?? false
        let carriesToken = progress.withLock { progress in
            progress.carriesToken = progress.carriesToken && isSameOrigin
            return progress.carriesToken
        }
        let next = newRequest.keptToItself()
        guard carriesToken else {
            return completionHandler(next.withoutHeadersOfTheApp(and: session.configuration.httpAdditionalHeaders))
        }
        guard let prover = token.prover else { return completionHandler(next.bearing(token.text)) }
        // A proof is valid for one URL. If no new one can be made, the redirect is not followed and the caller gets its response.
        prover.keepNonce(of: response, to: request)
        Task { [token] in completionHandler(try? await token.carried(by: next)) }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let progress = progress.withLock { progress in
            defer { progress.task = nil }
            return progress
        }
        if let error {
            continuation.resume(with: .failure(progress.isCancelled ? CancellationError() : error))
        } else if let response = task.response as? HTTPURLResponse {
            continuation.resume(
                with:
                    .success(Answer(data: progress.data, response: response, sawToken: progress.carriesToken)))
        } else {
            continuation.resume(with: .failure(URLError(.badServerResponse)))
        }
    }
}

extension URLRequest {
    /// The same request, but it reads no cache and neither sends nor stores cookies. (`willCacheResponse` decides whether
    /// its answer is cached.)
    fileprivate func keptToItself() -> URLRequest {
        var request = self
        request.cachePolicy = .reloadIgnoringLocalCacheData
        request.httpShouldHandleCookies = false
        return request
    }

    /// The same request with only the headers that describe its content and that of its answer. An app may put a key into
    /// any other header, even one with a harmless name.
    fileprivate func withoutHeadersOfTheApp(and additional: [AnyHashable: Any]?) -> URLRequest {
        var request = self
        for name in (request.allHTTPHeaderFields ?? [:]).keys where !isDescriptive(name) {
            request.setValue(nil, forHTTPHeaderField: name)
        }
        // The session adds these headers to every request that lacks them, and they cannot be removed. So they are set here,
        // but empty.
        for case let name as String in (additional ?? [:]).keys where !isDescriptive(name) {
            request.setValue("", forHTTPHeaderField: name)
        }
        return request
    }
}

private let descriptiveHeaders: Set<String> = [
    "accept", "accept-charset", "accept-encoding", "accept-language", "content-encoding", "content-language",
    "content-length", "content-type", "if-match", "if-modified-since", "if-none-match", "if-range",
    "if-unmodified-since", "range", "user-agent",
]

private func isDescriptive(_ header: String) -> Bool {
    descriptiveHeaders.contains(header.lowercased())
}

#if canImport(FoundationNetworking)
extension URLSessionConfiguration {
    /// The same configuration without the shared stores.
    fileprivate func keptToItself() -> URLSessionConfiguration {
        guard let own = copy() as? URLSessionConfiguration else { return .ephemeral }
        own.urlCache = nil
        own.httpCookieStorage = nil
        own.httpShouldSetCookies = false
        own.httpCookieAcceptPolicy = .never
        return own
    }
}
#endif
