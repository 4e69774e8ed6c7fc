import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What is known about whether a request reached the server. Unless it certainly did not, its refresh token counts as possibly
/// spent.
struct SendingEvidence: Sendable {
    let hasBody: Bool
    /// Whether any part of an answer arrived.
    var wasAnswered = false
    /// How many bytes of the body were sent.
    var sentBytes: Int64 = 0
    /// Whether `sentBytes` is exact, so that 0 means that nothing was sent.
    var countsBytes = false
    /// Whether, according to the system's metrics, the request began on one of the connections that were tried. Nil if there
    /// are no metrics.
    var requestStarted: Bool?

    init(hasBody: Bool) {
        self.hasBody = hasBody
    }

    /// Whether some part of the request was certainly sent.
    var wasSent: Bool { wasAnswered || sentBytes > 0 || requestStarted == true }

    /// Whether some part of the request was certainly sent, also according to the task's own count.
    func wasSent(countedBy task: URLSessionTask?) -> Bool {
        wasSent || (task?.countOfBytesSent ?? 0) > 0
    }

    /// Takes the task's own count into account.
    mutating func count(_ task: URLSessionTask) {
        sentBytes = max(sentBytes, task.countOfBytesSent)
    }

    /// False only if the server certainly received nothing.
    ///
    /// - Parameter error: The task's error; nil for a task that was cancelled on purpose.
    func mayHaveBeenSent(error: URLError?) -> Bool {
        // Whatever the error says: a request can be sent on one connection and then fail on a second one.
        if wasSent { return true }
        if let error, URLError.Code.neverConnected.contains(error.code) { return false }
        if requestStarted == false { return false }
        return !(countsBytes && hasBody)
    }
}

extension URLError.Code {
    /// Errors without any connection on which something could have been sent (Apple: "URL Loading System Error Codes").
    fileprivate static let unreachable: Set<URLError.Code> = [
        .cannotFindHost, .dnsLookupFailed, .cannotConnectToHost, .notConnectedToInternet, .internationalRoamingOff,
        .callIsActive, .dataNotAllowed,
    ]

    /// The server's certificate was checked and refused before anything was sent, or App Transport Security refused a
    /// connection without TLS.
    fileprivate static let refusedCertificate: Set<URLError.Code> = [
        .serverCertificateHasBadDate, .serverCertificateUntrusted, .serverCertificateHasUnknownRoot,
        .serverCertificateNotYetValid, .appTransportSecurityRequiresSecureConnection,
    ]

    fileprivate static let neverConnected = unreachable.union(refusedCertificate).union([.badURL, .unsupportedURL])

    /// Includes refused client certificates: with TLS 1.3 a server may refuse one after the request was sent.
    fileprivate static let untrusted = refusedCertificate.union([
        .secureConnectionFailed, .clientCertificateRejected, .clientCertificateRequired, .userCancelledAuthentication,
        .userAuthenticationRequired,
    ])

    fileprivate static let notHTTP: Set<URLError.Code> = [
        .badServerResponse, .cannotParseResponse, .cannotDecodeRawData, .cannotDecodeContentData, .unsupportedURL,
        .badURL,
        .zeroByteResource, .httpTooManyRedirects, .redirectToNonExistentLocation,
    ]
}

extension URLError {
    /// The core's kind of error for this error.
    func transportErrorKind(wasSent: Bool) -> TransportErrorKind {
        switch code {
        #if canImport(FoundationNetworking)
        // On Linux errors about TLS have no code of theirs, and may have the code of another address that was tried before.
        case _ where !wasSent && localizedDescription.speaksOfTLS: .tls
        #endif
        case .timedOut: .timeout
        // If the network goes away during an exchange, the server had been reached.
        case _ where Code.unreachable.contains(code): wasSent ? .interrupted : .unreachable
        case _ where Code.untrusted.contains(code): .tls
        // The core did not cancel it, so the app's delegate refused a certificate.
        case .cancelled: wasSent ? .interrupted : .tls
        case .dataLengthExceedsMaximum: .tooLarge
        #if canImport(FoundationNetworking)
        // This is libcurl's "server returned nothing".
        case .badServerResponse: .interrupted
        #endif
        case _ where Code.notHTTP.contains(code): .notHttp
        default: .interrupted
        }
    }
}

#if canImport(FoundationNetworking)
extension String {
    fileprivate var speaksOfTLS: Bool {
        ["SSL", "TLS", "certificate"].contains { contains($0) }
    }
}
#endif
