import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Sends the core's requests through a `URLSession`.
final class URLSessionTransport: AppTransport {
    private let session: OwnSession
    private let inFlight = Locked<[UInt64: URLSessionExchange]>([:])

    /// - Parameters:
    ///   - configuration: A hardened configuration that is not changed any more.
    ///   - delegate: See ``SessionTransport/urlSession(_:delegate:)``.
    init(_ configuration: URLSessionConfiguration, delegate: (any URLSessionDelegate)? = nil) {
        session = OwnSession(configuration, delegate)
    }

    func send(request: TransportRequest, reply: TransportReply) {
        send(request) { outcome in
            switch outcome {
            case .answered(let response, let body):
                reply.answered(
                    status: UInt16(clamping: response.statusCode), headers: response.transportHeaders, body: body)
            case .failed(let kind, let mayHaveBeenProcessed):
                reply.failed(kind: kind, mayHaveBeenProcessed: mayHaveBeenProcessed)
            }
        }
    }

    /// Begins to send a request. `completion` is called once with the outcome, on any thread.
    func send(_ request: TransportRequest, completion: @escaping @Sendable (URLSessionExchange.Outcome) -> Void) {
        let id = request.id
        guard let urlRequest = URLRequest(request) else {
            return completion(.failed(.notHttp, mayHaveBeenProcessed: false))
        }
        let exchange = URLSessionExchange(limits: ExchangeLimits(request), hasBody: request.body != nil) {
            [inFlight] outcome in
            inFlight.withLock { $0[id] = nil }
            completion(outcome)
        }
        inFlight.withLock { $0[id] = exchange }
        session.start(exchange, urlRequest)
    }

    func cancel(id: UInt64) {
        inFlight.withLock { $0.removeValue(forKey: id) }?.cancel()
    }
}

/// Owns the `URLSession`, which is invalidated when this object is deallocated.
private final class OwnSession: Sendable {
    #if canImport(FoundationNetworking)
    private let configuration: URLSessionConfiguration

    init(_ configuration: URLSessionConfiguration, _: (any URLSessionDelegate)?) {
        self.configuration = configuration
    }

    /// Uses a new session for each request. On Linux a task has no delegate, and libcurl resends a request by itself if a reused
    /// connection breaks. A refresh token must not be sent twice without the core's knowledge.
    func start(_ exchange: URLSessionExchange, _ request: URLRequest) {
        let session = URLSession(configuration: configuration, delegate: exchange, delegateQueue: nil)
        exchange.start(session.dataTask(with: request), countsBytes: !configuration.hasOwnProtocols)
        session.finishTasksAndInvalidate()
    }
    #else
    private let session: URLSession

    init(_ configuration: URLSessionConfiguration, _ delegate: (any URLSessionDelegate)?) {
        session = URLSession(configuration: configuration, delegate: delegate, delegateQueue: nil)
    }

    // A session retains its delegate until it is invalidated.
    deinit {
        session.invalidateAndCancel()
    }

    func start(_ exchange: URLSessionExchange, _ request: URLRequest) {
        let task = session.dataTask(with: request)
        task.delegate = exchange
        exchange.start(task, countsBytes: false)
    }
    #endif
}

extension URLRequest {
    /// The core's request; nil if Foundation cannot parse its URL.
    fileprivate init?(_ request: TransportRequest) {
        guard let url = URL(string: request.url) else { return nil }
        self.init(url: url, cachePolicy: .reloadIgnoringLocalCacheData)
        httpMethod = request.method
        httpBody = request.body
        httpShouldHandleCookies = false
        // Later than the exchange's own limit, which takes into account what was sent. In whole seconds, because Foundation on
        // Linux ignores fractions.
        timeoutInterval = (TimeInterval(request.totalTimeout) / 1000).rounded(.up) + 2
        for header in request.headers { addValue(header.value, forHTTPHeaderField: header.name) }
    }
}

extension ExchangeLimits {
    fileprivate init(_ request: TransportRequest) {
        self.init(
            connect: request.connectTimeout, total: request.totalTimeout, body: Int(clamping: request.longestBody))
    }
}

extension HTTPURLResponse {
    /// The headers for the core.
    var transportHeaders: [TransportHeader] {
        allHeaderFields.compactMap { name, value in
            guard let name = name as? String, let value = value as? String else { return nil }
            return TransportHeader(name: name, value: value)
        }
    }
}

#if canImport(FoundationNetworking)
extension URLSessionConfiguration {
    /// Whether the app has set its own `protocolClasses`.
    fileprivate var hasOwnProtocols: Bool {
        let usual = (URLSessionConfiguration.ephemeral.protocolClasses ?? []).map(ObjectIdentifier.init)
        return (protocolClasses ?? []).contains { !usual.contains(ObjectIdentifier($0)) }
    }
}
#endif
