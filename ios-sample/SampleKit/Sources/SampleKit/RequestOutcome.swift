import Foundation
import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The outcome of a request to an API: its answer, or why the request could not be sent. It never contains the token.
public enum RequestOutcome: Equatable, Sendable {
    case answered(status: Int, bytes: Int), refused(SessionError)
}

extension Session {
    /// Sends a request with a good token; a step-up (RFC 9470) uses `page`. Nil if cancelled. With a `type`, the session's token
    /// is exchanged for a token for the audience (RFC 8693): an empty type means the standard type, and Auth0 needs a custom one.
    public func request(
        _ url: String, audience: String = "", exchanging type: String? = nil, in page: some WebAuthenticator
    ) async -> RequestOutcome? {
        do {
            guard let url = URL(string: url.trimmed) else {
                throw SessionError.argumentInvalid(argument: "request", message: "the address is not a URL")
            }
            let (request, api) = (URLRequest(url: url), TokenAudience(audience.trimmed))
            if let type { return try await send(request, exchanging: type.trimmed, for: api) }
            var (data, response): (Data, HTTPURLResponse)
            do {
                (data, response) = try await self.data(for: request, audience: api.identifier.isEmpty ? nil : api)
            } catch SessionError.stepUpRequired(let challenge, _) {
                (data, response) = try await stepUp(for: challenge, using: page)
            }
            return .answered(status: response.statusCode, bytes: data.count)
        } catch is URLError {
            return .refused(.temporarilyUnavailable(reason: .network, retryAfter: nil, message: "no answer: \(url)"))
        } catch {
            return SessionError.shown(error).map(RequestOutcome.refused)
        }
    }

    /// The URL of your website with a token that signs the user in there (Auth0: Native to Web SSO), for a browser.
    public func signedIn(to website: String) async throws -> URL {
        guard let url = URL(string: website.trimmed), url.host != nil else {
            throw SessionError.argumentInvalid(argument: "website", message: "the address is not a URL")
        }
        return try await sessionTransfer().url(for: url)
    }

    private func send(
        _ request: URLRequest, exchanging type: String, for api: TokenAudience
    ) async throws -> RequestOutcome {
        let token = try await exchange(for: api, type: type.isEmpty ? .accessToken : .accessToken.named(type))
        let (data, response) = try await URLSession.shared.data(for: authorized(request, exchangedToken: token))
        guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        keepProofNonce(of: response)
        return .answered(status: response.statusCode, bytes: data.count)
    }
}
