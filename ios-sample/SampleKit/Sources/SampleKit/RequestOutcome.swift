import Foundation
import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What came of a request to an API: it answered, nobody did, or no request was sent. Never the token itself.
public enum RequestOutcome: Equatable, Sendable {
    case answered(status: Int, bytes: Int), unreachable, refused(SessionError)
}

extension Session {
    /// Sends a request with the session's token, or with one for a further API: it is renewed first where it has to be, and
    /// once more when the API refuses it. Nil when the task was cancelled.
    public func request(_ address: String, audience: String = "") async -> RequestOutcome? {
        do {
            guard let url = URL(string: address.trimmed) else {
                throw SessionError.argumentInvalid(argument: "request", message: "the address is not a URL")
            }
            let further = audience.trimmed.isEmpty ? nil : TokenAudience(audience.trimmed)
            let (data, response) = try await data(for: URLRequest(url: url), audience: further)
            return .answered(status: response.statusCode, bytes: data.count)
        } catch is URLError {
            return .unreachable
        } catch {
            return SessionError.shown(error).map(RequestOutcome.refused)
        }
    }
}
