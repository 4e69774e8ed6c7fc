open class InputStream: NSObject {}

public struct URLError: Error {
    public struct Code: Sendable {
        public static var badServerResponse: Code { fatalError() }
    }
    public init(_ code: Code) {}
}

open class URLResponse: NSObject, @unchecked Sendable {}

open class HTTPURLResponse: URLResponse, @unchecked Sendable {
    open var statusCode: Int { fatalError() }
    @available(iOS 13.0, *)
    open func value(forHTTPHeaderField field: String) -> String? { fatalError() }
}

open class CachedURLResponse: NSObject, @unchecked Sendable {}

open class URLSessionConfiguration: NSObject, @unchecked Sendable {
    open class var ephemeral: URLSessionConfiguration { fatalError() }
    open var httpAdditionalHeaders: [AnyHashable: Any]? {
        get { fatalError() }
        set {}
    }
}

open class URLSessionTask: NSObject, @unchecked Sendable {
    open var response: URLResponse? { fatalError() }
    @available(iOS 15.0, *)
    open var delegate: (any URLSessionTaskDelegate)? {
        get { fatalError() }
        set {}
    }
    open func cancel() {}
    open func resume() {}
}

open class URLSessionDataTask: URLSessionTask, @unchecked Sendable {}

public protocol URLSessionDelegate: AnyObject, Sendable {}

// In Objective-C all of it is optional.
public protocol URLSessionTaskDelegate: URLSessionDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    )
}

public protocol URLSessionDataDelegate: URLSessionTaskDelegate {
    // Apple's is in `URLSessionTaskDelegate`; here, so that only those who need it must have it.
    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?)
    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data)
    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, willCacheResponse proposedResponse: CachedURLResponse,
        completionHandler: @escaping @Sendable (CachedURLResponse?) -> Void
    )
}

open class URLSession: NSObject, @unchecked Sendable {
    open class var shared: URLSession { fatalError() }
    public init(
        configuration: URLSessionConfiguration, delegate: (any URLSessionDelegate)?, delegateQueue: OperationQueue?
    ) {}
    open func finishTasksAndInvalidate() {}
    open var configuration: URLSessionConfiguration { fatalError() }
    open func dataTask(with request: URLRequest) -> URLSessionDataTask { fatalError() }
    @available(iOS 15.0, *)
    public func data(
        for request: URLRequest, delegate: (any URLSessionTaskDelegate)? = nil
    ) async throws -> (Data, URLResponse) { fatalError() }
    @available(iOS 15.0, *)
    public func data(from url: URL) async throws -> (Data, URLResponse) { fatalError() }
}
