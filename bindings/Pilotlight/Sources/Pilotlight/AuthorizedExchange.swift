import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// One request with a token, and its answer, kept out of the stores that an app's requests share: nothing is read from
/// or written to a cache, and no cookie is sent or kept.
///
/// It follows redirects. On the request's own origin the token goes along; `URLSession` takes `Authorization` off by
/// itself on Apple's platforms. To another origin go neither the token nor the app's other headers, and after that the
/// token stays off, also where a further redirect leads back: the other origin chose that URL.
final class AuthorizedExchange: NSObject, Sendable {
    /// What came back.
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

    /// - Parameter request: With the token in it already.
    init(_ request: URLRequest, token: RequestToken) {
        self.token = token
        self.request = request
    }

    /// Sends the request with the token. Network.
    ///
    /// - Throws: `URLError`; `CancellationError`; ``SessionError`` where the token is bound to a key that cannot be used.
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
        // Off Apple's platforms a task has no delegate.
        let own = URLSession(configuration: session.configuration.keptToItself(), delegate: self, delegateQueue: nil)
        let task = own.dataTask(with: request)
        own.finishTasksAndInvalidate()
        #else
        let task = session.dataTask(with: request)
        // What this object does not answer, such as a challenge of the server's, the session's own delegate is asked.
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
        // A proof is for one URL. Without one the redirect is not followed, and its answer is what the caller gets.
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
    /// The same request, which reads no cache and neither sends nor keeps cookies. (Whether its answer is kept is a
    /// separate question: see `willCacheResponse`.)
    fileprivate func keptToItself() -> URLRequest {
        var request = self
        request.cachePolicy = .reloadIgnoringLocalCacheData
        request.httpShouldHandleCookies = false
        return request
    }

    /// The same request with nothing but headers that say how to read it and its answer. An app may put a key into any
    /// other one, so names that look harmless are no proof.
    fileprivate func withoutHeadersOfTheApp(and additional: [AnyHashable: Any]?) -> URLRequest {
        var request = self
        for name in (request.allHTTPHeaderFields ?? [:]).keys where !isDescriptive(name) {
            request.setValue(nil, forHTTPHeaderField: name)
        }
        // The session adds these to every request that does not have them, and nothing takes them off: so it has them,
        // empty.
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
    /// The same without the shared stores.
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
