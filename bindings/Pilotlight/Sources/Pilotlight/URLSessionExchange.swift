import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The limits of an exchange.
struct ExchangeLimits: Sendable {
    /// In milliseconds.
    let connect: UInt64
    /// In milliseconds.
    let total: UInt64
    /// In bytes.
    let body: Int
}

/// One request and its answer, kept out of every store. It uses no cookies, no cache and no stored names and passwords, and
/// follows no redirects.
final class URLSessionExchange: NSObject, Sendable {
    enum Outcome: Sendable {
        case answered(HTTPURLResponse, Data)
        case failed(TransportErrorKind, mayHaveBeenProcessed: Bool)
    }

    private struct Progress: Sendable {
        var body = Data()
        var evidence: SendingEvidence
        /// Why this object cancelled the task; nil if it did not.
        var givenUp: TransportErrorKind?
        #if canImport(FoundationNetworking)
        /// The answer that asked for a name and a password.
        var challenge: HTTPURLResponse?
        #endif
        var task: URLSessionTask?
        var deadline: Task<Void, any Error>?
    }

    private let limits: ExchangeLimits
    private let completion: @Sendable (Outcome) -> Void
    private let progress: Locked<Progress>

    /// - Parameters:
    ///   - limits: The limits of the exchange.
    ///   - hasBody: Whether the request has a body, so that its sending can be observed.
    ///   - completion: Called once with the outcome, on any thread.
    init(limits: ExchangeLimits, hasBody: Bool, completion: @escaping @Sendable (Outcome) -> Void) {
        self.limits = limits
        self.completion = completion
        progress = Locked(Progress(evidence: SendingEvidence(hasBody: hasBody)))
    }

    /// Starts the task. This object must be its delegate.
    ///
    /// - Parameter countsBytes: Whether the count of the body's sent bytes is exact, so that 0 means that none were sent.
    func start(_ task: URLSessionTask, countsBytes: Bool) {
        let deadline = Task { [limits] in
            if limits.connect < limits.total {
                try await Task.sleep(nanoseconds: limits.connect * 1_000_000)
                giveUpConnecting()
                try await Task.sleep(nanoseconds: (limits.total - limits.connect) * 1_000_000)
            } else {
                try await Task.sleep(nanoseconds: limits.total * 1_000_000)
            }
            giveUp(.timeout)
        }
        let isCancelled = progress.withLock { progress in
            progress.task = task
            progress.deadline = deadline
            progress.evidence.countsBytes = countsBytes
            return progress.givenUp != nil
        }
        if isCancelled { task.cancel() }
        task.resume()
    }

    /// Cancels the exchange, because nothing waits for its answer any more.
    func cancel() {
        giveUp(.interrupted)
    }

    /// Only the sending of a body shows that there is a connection. So a request without a body has no separate limit for
    /// connecting.
    private func giveUpConnecting() {
        let isConnecting = progress.withLock { progress in
            progress.evidence.hasBody && !progress.evidence.wasSent(countedBy: progress.task)
        }
        if isConnecting { giveUp(.timeout) }
    }

    private func giveUp(_ kind: TransportErrorKind) {
        let task = progress.withLock { progress -> URLSessionTask? in
            if progress.givenUp == nil { progress.givenUp = kind }
            return progress.task
        }
        task?.cancel()
    }
}

extension URLSessionExchange: URLSessionDataDelegate {
    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        progress.withLock { $0.evidence.wasAnswered = true }
        if response.expectedContentLength > Int64(limits.body) { giveUp(.tooLarge) }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = progress.withLock { progress in
            progress.evidence.wasAnswered = true
            guard progress.body.count + data.count <= limits.body else { return true }
            progress.body.append(data)
            return false
        }
        if isTooLarge { giveUp(.tooLarge) }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didSendBodyData bytesSent: Int64, totalBytesSent: Int64,
        totalBytesExpectedToSend: Int64
    ) {
        progress.withLock { $0.evidence.sentBytes = max($0.evidence.sentBytes, totalBytesSent, bytesSent) }
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, willCacheResponse proposedResponse: CachedURLResponse,
        completionHandler: @escaping @Sendable (CachedURLResponse?) -> Void
    ) {
        completionHandler(nil)
    }

    /// A redirect is returned as the answer: the core decides which redirects may be followed.
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    /// The system and the app's delegate handle certificates. A server that asks for a name and a password gets none: with
    /// stored ones the request would be sent a second time.
    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        #if canImport(FoundationNetworking)
        // On Linux this is the only kind of challenge, and it comes after the whole answer, which is used as it is. Continuing
        // without a credential waits forever in some versions.
        progress.withLock { $0.challenge = challenge.failureResponse as? HTTPURLResponse }
        completionHandler(.cancelAuthenticationChallenge, nil)
        #else
        let asksForPassword = [
            NSURLAuthenticationMethodDefault, NSURLAuthenticationMethodHTTPBasic, NSURLAuthenticationMethodHTTPDigest,
            NSURLAuthenticationMethodHTMLForm, NSURLAuthenticationMethodNTLM, NSURLAuthenticationMethodNegotiate,
        ].contains(challenge.protectionSpace.authenticationMethod)
        if asksForPassword && !challenge.protectionSpace.isProxy() {
            completionHandler(.useCredential, nil)
        } else {
            completionHandler(.performDefaultHandling, nil)
        }
        #endif
    }

    #if !canImport(FoundationNetworking)
    func urlSession(_ session: URLSession, task: URLSessionTask, didFinishCollecting metrics: URLSessionTaskMetrics) {
        let transactions = metrics.transactionMetrics.filter { $0.resourceFetchType == .networkLoad }
        guard !transactions.isEmpty else { return }
        let requestStarted = transactions.contains { $0.requestStartDate != nil }
        progress.withLock { $0.evidence.requestStarted = requestStarted }
    }
    #endif

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let progress = progress.withLock { progress in
            defer {
                progress.task = nil
                progress.body = Data()
            }
            progress.evidence.count(task)
            return progress
        }
        progress.deadline?.cancel()
        #if canImport(FoundationNetworking)
        if let response = progress.challenge { return completion(.answered(response, progress.body)) }
        #endif
        if let kind = progress.givenUp {
            let mayHaveBeenProcessed = kind == .tooLarge || progress.evidence.mayHaveBeenSent(error: nil)
            completion(.failed(kind, mayHaveBeenProcessed: mayHaveBeenProcessed))
        } else if let error {
            let error = error as? URLError ?? URLError(.unknown)
            let kind = error.transportErrorKind(wasSent: progress.evidence.wasSent)
            completion(.failed(kind, mayHaveBeenProcessed: progress.evidence.mayHaveBeenSent(error: error)))
        } else if let response = task.response as? HTTPURLResponse {
            completion(.answered(response, progress.body))
        } else {
            completion(.failed(.notHttp, mayHaveBeenProcessed: true))
        }
    }
}
