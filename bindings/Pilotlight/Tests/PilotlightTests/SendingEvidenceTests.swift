import Foundation
import PilotlightCore
import Testing

@testable import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What a `URLError` says about a request, and whether a refresh token in the request counts as possibly spent.
@Suite struct SendingEvidenceTests {
    private let nothing = SendingEvidence(hasBody: true)

    @Test func aConnectionThatWasNeverMadeHasSentNothing() {
        let codes: [(URLError.Code, TransportErrorKind)] = [
            (.cannotFindHost, .unreachable), (.dnsLookupFailed, .unreachable), (.cannotConnectToHost, .unreachable),
            (.notConnectedToInternet, .unreachable), (.internationalRoamingOff, .unreachable),
            (.callIsActive, .unreachable), (.dataNotAllowed, .unreachable), (.serverCertificateUntrusted, .tls),
            (.serverCertificateHasBadDate, .tls), (.serverCertificateHasUnknownRoot, .tls),
            (.serverCertificateNotYetValid, .tls), (.appTransportSecurityRequiresSecureConnection, .tls),
            (.badURL, .notHttp), (.unsupportedURL, .notHttp),
        ]
        for (code, kind) in codes {
            #expect(!nothing.mayHaveBeenSent(error: URLError(code)), "\(code)")
            #expect(URLError(code).transportErrorKind(wasSent: false) == kind, "\(code)")
        }
    }

    @Test func whatCanHappenAfterTheSendingMayHaveSentIt() {
        let codes: [(URLError.Code, TransportErrorKind)] = [
            (.timedOut, .timeout), (.networkConnectionLost, .interrupted), (.cannotParseResponse, .notHttp),
            (.secureConnectionFailed, .tls), (.clientCertificateRejected, .tls), (.clientCertificateRequired, .tls),
            (.unknown, .interrupted), (.dataLengthExceedsMaximum, .tooLarge),
        ]
        for (code, kind) in codes {
            #expect(nothing.mayHaveBeenSent(error: URLError(code)), "\(code)")
            #expect(URLError(code).transportErrorKind(wasSent: false) == kind, "\(code)")
        }
        #expect(nothing.mayHaveBeenSent(error: nil))
    }

    /// Whatever the error says: the request was sent on one connection and then a second one was tried, or the network went away.
    @Test func whatWasSeenToBeSentMayHaveBeenProcessed() {
        var answered = nothing
        answered.wasAnswered = true
        var counted = nothing
        counted.sentBytes = 1
        var started = nothing
        started.requestStarted = true
        for evidence in [answered, counted, started] {
            for code in [URLError.Code.cannotConnectToHost, .notConnectedToInternet, .timedOut, .cancelled] {
                #expect(evidence.wasSent && evidence.mayHaveBeenSent(error: URLError(code)), "\(code)")
            }
        }
        #expect(URLError(.notConnectedToInternet).transportErrorKind(wasSent: true) == .interrupted)
        #expect(URLError(.cancelled).transportErrorKind(wasSent: true) == .interrupted)
    }

    @Test func theSystemsMetricsAndAnExactCountShowThatNothingWasSent() {
        var unstarted = nothing
        unstarted.requestStarted = false
        var counted = nothing
        counted.countsBytes = true
        for evidence in [unstarted, counted] {
            #expect(!evidence.mayHaveBeenSent(error: URLError(.timedOut)))
            #expect(!evidence.mayHaveBeenSent(error: nil))
        }
        var withoutBody = SendingEvidence(hasBody: false)
        withoutBody.countsBytes = true
        #expect(withoutBody.mayHaveBeenSent(error: URLError(.timedOut)))
        // The app's delegate refused a certificate.
        #expect(URLError(.cancelled).transportErrorKind(wasSent: false) == .tls)
    }
}
