import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What is known about whether a request reached the server. A refresh token counts as possibly spent unless it is certain
/// that it did not.
struct SendingEvidence: Sendable {
    /// Whether the request has a body.
    let hasBody: Bool
    /// Something of an answer came.
    var wasAnswered = false
    /// Of the body.
    var sentBytes: Int64 = 0
    /// Whether 0 of `sentBytes` means none.
    var countsBytes = false
    /// By the system's metrics: on one of the connections that were tried the request began. Nil where there are none.
    var requestStarted: Bool?

    init(hasBody: Bool) {
        self.hasBody = hasBody
    }

    /// Something of the request was sent for sure.
    var wasSent: Bool { wasAnswered || sentBytes > 0 || requestStarted == true }

    /// The same, by the task's own count too.
    func wasSent(countedBy task: URLSessionTask?) -> Bool {
        wasSent || (task?.countOfBytesSent ?? 0) > 0
    }

    /// Takes over the task's own count.
    mutating func count(_ task: URLSessionTask) {
        sentBytes = max(sentBytes, task.countOfBytesSent)
    }

    /// False only where it is certain that the server got nothing.
    ///
    /// - Parameter error: Nil for a task that was cancelled on purpose.
    func mayHaveBeenSent(error: URLError?) -> Bool {
        // Also where the error says something else: a request can be sent on one connection and end with a second one.
        if wasSent { return true }
        if let error, URLError.Code.neverConnected.contains(error.code) { return false }
        if requestStarted == false { return false }
        return !(countsBytes && hasBody)
    }
}

extension URLError.Code {
    /// There was no connection on which anything could have been sent (Apple: "URL Loading System Error Codes").
    fileprivate static let unreachable: Set<URLError.Code> = [
        .cannotFindHost, .dnsLookupFailed, .cannotConnectToHost, .notConnectedToInternet, .internationalRoamingOff,
        .callIsActive, .dataNotAllowed,
    ]

    /// The server's certificate was looked at and refused, which comes before anything is sent; or none was asked for.
    fileprivate static let refusedCertificate: Set<URLError.Code> = [
        .serverCertificateHasBadDate, .serverCertificateUntrusted, .serverCertificateHasUnknownRoot,
        .serverCertificateNotYetValid, .appTransportSecurityRequiresSecureConnection,
    ]

    fileprivate static let neverConnected = unreachable.union(refusedCertificate).union([.badURL, .unsupportedURL])

    /// With TLS 1.3 a server may refuse the client's certificate after the request was sent.
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
    /// What went wrong, in the core's words.
    func transportErrorKind(wasSent: Bool) -> TransportErrorKind {
        switch code {
        #if canImport(FoundationNetworking)
        // Its errors about TLS have no separate code, and may have that of another address that was tried before.
        case _ where !wasSent && localizedDescription.speaksOfTLS: .tls
        #endif
        case .timedOut: .timeout
        // A network that goes away under an exchange is no matter of reaching the server.
        case _ where Code.unreachable.contains(code): wasSent ? .interrupted : .unreachable
        case _ where Code.untrusted.contains(code): .tls
        // Not by the core: the app's delegate refused a certificate.
        case .cancelled: wasSent ? .interrupted : .tls
        case .dataLengthExceedsMaximum: .tooLarge
        #if canImport(FoundationNetworking)
        // libcurl's "server returned nothing".
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
