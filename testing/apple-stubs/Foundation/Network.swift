open class InputStream: NSObject {}

public struct URLError: Error {
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
    }
    public init(_ code: Code) {}
    public var code: Code { fatalError() }
}

extension URLError.Code {
    public static var unknown: URLError.Code { fatalError() }
    public static var cancelled: URLError.Code { fatalError() }
    public static var badURL: URLError.Code { fatalError() }
    public static var timedOut: URLError.Code { fatalError() }
    public static var unsupportedURL: URLError.Code { fatalError() }
    public static var cannotFindHost: URLError.Code { fatalError() }
    public static var cannotConnectToHost: URLError.Code { fatalError() }
    public static var networkConnectionLost: URLError.Code { fatalError() }
    public static var dnsLookupFailed: URLError.Code { fatalError() }
    public static var httpTooManyRedirects: URLError.Code { fatalError() }
    public static var notConnectedToInternet: URLError.Code { fatalError() }
    public static var redirectToNonExistentLocation: URLError.Code { fatalError() }
    public static var badServerResponse: URLError.Code { fatalError() }
    public static var userCancelledAuthentication: URLError.Code { fatalError() }
    public static var userAuthenticationRequired: URLError.Code { fatalError() }
    public static var zeroByteResource: URLError.Code { fatalError() }
    public static var cannotDecodeRawData: URLError.Code { fatalError() }
    public static var cannotDecodeContentData: URLError.Code { fatalError() }
    public static var cannotParseResponse: URLError.Code { fatalError() }
    public static var internationalRoamingOff: URLError.Code { fatalError() }
    public static var callIsActive: URLError.Code { fatalError() }
    public static var dataNotAllowed: URLError.Code { fatalError() }
    public static var secureConnectionFailed: URLError.Code { fatalError() }
    public static var serverCertificateHasBadDate: URLError.Code { fatalError() }
    public static var serverCertificateUntrusted: URLError.Code { fatalError() }
    public static var serverCertificateHasUnknownRoot: URLError.Code { fatalError() }
    public static var serverCertificateNotYetValid: URLError.Code { fatalError() }
    public static var clientCertificateRejected: URLError.Code { fatalError() }
    public static var clientCertificateRequired: URLError.Code { fatalError() }
    @available(iOS 9.0, *)
    public static var appTransportSecurityRequiresSecureConnection: URLError.Code { fatalError() }
    public static var dataLengthExceedsMaximum: URLError.Code { fatalError() }
}

open class URLResponse: NSObject, @unchecked Sendable {
    open var expectedContentLength: Int64 { fatalError() }
    open var url: URL? { fatalError() }
}

#if canImport(ObjectiveC)
@objc(NSHTTPURLResponse)
#endif
open class HTTPURLResponse: URLResponse, @unchecked Sendable {
    open var statusCode: Int { fatalError() }
    open var allHeaderFields: [AnyHashable: Any] { fatalError() }
    @available(iOS 13.0, *)
    open func value(forHTTPHeaderField field: String) -> String? { fatalError() }
}

open class CachedURLResponse: NSObject, @unchecked Sendable {}

open class URLSessionConfiguration: NSObject, @unchecked Sendable {
    open class var ephemeral: URLSessionConfiguration { fatalError() }
    open func copy() -> Any { fatalError() }
    open var identifier: String? { fatalError() }
    open var timeoutIntervalForRequest: TimeInterval {
        get { fatalError() }
        set {}
    }
    open var timeoutIntervalForResource: TimeInterval {
        get { fatalError() }
        set {}
    }
    open var httpAdditionalHeaders: [AnyHashable: Any]? {
        get { fatalError() }
        set {}
    }
    open var requestCachePolicy: URLRequest.CachePolicy {
        get { fatalError() }
        set {}
    }
    open var connectionProxyDictionary: [AnyHashable: Any]? {
        get { fatalError() }
        set {}
    }
    open var httpCookieStorage: HTTPCookieStorage? {
        get { fatalError() }
        set {}
    }
    open var httpCookieAcceptPolicy: HTTPCookie.AcceptPolicy {
        get { fatalError() }
        set {}
    }
    open var httpShouldSetCookies: Bool {
        get { fatalError() }
        set {}
    }
    open var httpShouldUsePipelining: Bool {
        get { fatalError() }
        set {}
    }
    open var urlCache: URLCache? {
        get { fatalError() }
        set {}
    }
    @available(iOS 11.0, *)
    open var waitsForConnectivity: Bool {
        get { fatalError() }
        set {}
    }
}

open class HTTPCookieStorage: NSObject, @unchecked Sendable {}

public struct HTTPCookiePropertyKey: Hashable, Sendable {
    public static var domain: HTTPCookiePropertyKey { fatalError() }
    public static var path: HTTPCookiePropertyKey { fatalError() }
    public static var name: HTTPCookiePropertyKey { fatalError() }
    public static var value: HTTPCookiePropertyKey { fatalError() }
    public static var secure: HTTPCookiePropertyKey { fatalError() }
    public static var discard: HTTPCookiePropertyKey { fatalError() }
}

open class HTTPCookie: NSObject {
    public init?(properties: [HTTPCookiePropertyKey: Any]) { fatalError() }
    public enum AcceptPolicy: UInt, Sendable { case always, never, onlyFromMainDocumentDomain }
}

open class URLCache: NSObject, @unchecked Sendable {}

open class URLCredential: NSObject, @unchecked Sendable {}

open class URLProtectionSpace: NSObject, @unchecked Sendable {
    open func isProxy() -> Bool { fatalError() }
    open var authenticationMethod: String { fatalError() }
}

open class URLAuthenticationChallenge: NSObject, @unchecked Sendable {
    open var protectionSpace: URLProtectionSpace { fatalError() }
}

public let NSURLAuthenticationMethodDefault = ""
public let NSURLAuthenticationMethodHTTPBasic = ""
public let NSURLAuthenticationMethodHTTPDigest = ""
public let NSURLAuthenticationMethodHTMLForm = ""
public let NSURLAuthenticationMethodNTLM = ""
public let NSURLAuthenticationMethodNegotiate = ""

@available(iOS 10.0, *)
open class URLSessionTaskMetrics: NSObject, @unchecked Sendable {
    public enum ResourceFetchType: Int, Sendable { case unknown, networkLoad, serverPush, localCache }
    open var transactionMetrics: [URLSessionTaskTransactionMetrics] { fatalError() }
}

@available(iOS 10.0, *)
open class URLSessionTaskTransactionMetrics: NSObject, @unchecked Sendable {
    open var requestStartDate: Date? { fatalError() }
    open var resourceFetchType: URLSessionTaskMetrics.ResourceFetchType { fatalError() }
}

open class URLSessionTask: NSObject, @unchecked Sendable {
    open var response: URLResponse? { fatalError() }
    open var countOfBytesSent: Int64 { fatalError() }
    @available(iOS 15.0, *)
    open var delegate: (any URLSessionTaskDelegate)? {
        get { fatalError() }
        set {}
    }
    open func cancel() {}
    open func resume() {}
}

open class URLSessionDataTask: URLSessionTask, @unchecked Sendable {}

public protocol URLSessionDelegate: AnyObject, Sendable {
    func urlSession(
        _ session: URLSession, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    )
}

extension URLSessionDelegate {
    public func urlSession(
        _ session: URLSession, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {}
}

// In Objective-C all of it is optional.
public protocol URLSessionTaskDelegate: URLSessionDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    )
    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    )
    func urlSession(
        _ session: URLSession, task: URLSessionTask, didSendBodyData bytesSent: Int64, totalBytesSent: Int64,
        totalBytesExpectedToSend: Int64
    )
    @available(iOS 10.0, *)
    func urlSession(_ session: URLSession, task: URLSessionTask, didFinishCollecting metrics: URLSessionTaskMetrics)
}

// As good as optional.
extension URLSessionTaskDelegate {
    public func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {}
    public func urlSession(
        _ session: URLSession, task: URLSessionTask, didSendBodyData bytesSent: Int64, totalBytesSent: Int64,
        totalBytesExpectedToSend: Int64
    ) {}
    public func urlSession(
        _ session: URLSession, task: URLSessionTask, didFinishCollecting metrics: URLSessionTaskMetrics
    ) {}
}

public protocol URLSessionDataDelegate: URLSessionTaskDelegate {
    // Apple's is in `URLSessionTaskDelegate`; here, so that only those who need it must have it.
    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?)
    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data)
    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, willCacheResponse proposedResponse: CachedURLResponse,
        completionHandler: @escaping @Sendable (CachedURLResponse?) -> Void
    )
    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    )
}

extension URLSessionDataDelegate {
    public func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {}
}

open class URLSession: NSObject, @unchecked Sendable {
    public enum AuthChallengeDisposition: Int, Sendable {
        case useCredential, performDefaultHandling, cancelAuthenticationChallenge, rejectProtectionSpace
    }
    public enum ResponseDisposition: Int, Sendable { case cancel, allow, becomeDownload, becomeStream }
    open func invalidateAndCancel() {}
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
