import Foundation
import Observation
import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A request to an API with the session's token, or with one for a further API: what came of it, never the token itself.
@MainActor @Observable
public final class RequestScreen {
    /// What came of a request.
    public enum Outcome: Equatable, Sendable {
        /// The API answered, with that status and so many bytes.
        case answered(status: Int, bytes: Int)
        /// Nobody answered at that address.
        case unreachable
        /// No request was sent.
        case refused(Advice)
    }

    /// Where it goes.
    public var address: String
    /// Which further API it is for; empty for the session's own access token.
    public var audience = ""
    /// Whether it is under way.
    public private(set) var isSending = false
    /// What came of the last one.
    public private(set) var outcome: Outcome?

    private let session: Session

    /// Requests to `address`, to begin with.
    public init(_ session: Session, address: String) {
        self.session = session
        self.address = address
    }

    /// Sends it: the token is renewed first where it has to be, and once more when the API refuses it.
    public func send() async {
        guard !isSending else { return }
        isSending = true
        outcome = nil
        defer { isSending = false }
        do {
            guard let url = URL(string: address.trimmed) else {
                throw SessionError.argumentInvalid(argument: "request", message: "the address is not a URL")
            }
            let audience = audience.trimmed
            let (data, response) = try await session.data(
                for: URLRequest(url: url), audience: audience.isEmpty ? nil : TokenAudience(audience))
            outcome = .answered(status: response.statusCode, bytes: data.count)
        } catch is URLError {
            outcome = .unreachable
        } catch {
            outcome = Advice.about(error).map(Outcome.refused)
        }
    }
}
