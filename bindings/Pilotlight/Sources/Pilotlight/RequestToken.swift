import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// An access token, and how a request carries it: alone (RFC 6750 2.1), or with a proof made with the key that the token is
/// bound to (RFC 9449 7.1).
struct RequestToken: Sendable {
    let text: String
    /// Makes proofs if the token is bound; otherwise nil.
    let prover: Prover?

    /// The same request with the token and, if the token is bound, with a proof for exactly this request.
    func carried(by request: URLRequest) async throws -> URLRequest {
        guard let prover, let proof = try await prover.proof(for: request, with: text) else {
            return request.bearing(text)
        }
        var authorized = request
        authorized.setValue("DPoP \(text)", forHTTPHeaderField: "Authorization")
        authorized.setValue(proof, forHTTPHeaderField: "DPoP")
        return authorized
    }
}

/// Makes proofs, and keeps the nonces that servers require in them.
struct Prover: Sendable {
    let core: any CoreSessionProtocol

    func proof(for request: URLRequest, with token: String) async throws -> String? {
        guard let url = request.url?.absoluteString else { return nil }
        do {
            return try await core.proof(method: request.httpMethod ?? "GET", url: url, token: token)
        } catch {
            throw SessionError.of(error)
        }
    }

    /// Keeps the nonce of an API's answer, for the next proof that goes to the API's origin.
    func keepNonce(of response: HTTPURLResponse, to request: URLRequest) {
        guard let nonce = response.value(forHTTPHeaderField: "DPoP-Nonce"),
            let url = (response.url ?? request.url)?.absoluteString
        else { return }
        core.keepProofNonce(url: url, nonce: nonce)
    }
}

extension HTTPURLResponse {
    /// Whether the API requires a nonce in the proof and has sent one. The request was then not processed (RFC 9449 9).
    var wantsProofNonce: Bool {
        guard statusCode == 401, value(forHTTPHeaderField: "DPoP-Nonce") != nil else { return false }
        return value(forHTTPHeaderField: "WWW-Authenticate")?.contains("use_dpop_nonce") ?? false
    }
}
