import Foundation
import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What came of a request to an API: it answered, or it could not be asked. Never the token itself.
public enum RequestOutcome: Equatable, Sendable {
    case answered(status: Int, bytes: Int), refused(SessionError)
}

extension Session {
    /// Sends a request with a token that is renewed where needed; a step-up (RFC 9470) uses `page`. Nil when cancelled.
    public func request(_ url: String, audience: String = "", in page: some WebAuthenticator) async -> RequestOutcome? {
        do {
            guard let url = URL(string: url.trimmed) else {
                throw SessionError.argumentInvalid(argument: "request", message: "the address is not a URL")
            }
            let further = audience.trimmed.isEmpty ? nil : TokenAudience(audience.trimmed)
            var (data, response): (Data, HTTPURLResponse)
            do {
                (data, response) = try await self.data(for: URLRequest(url: url), audience: further)
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
}
