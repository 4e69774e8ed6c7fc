import Foundation
internal import PilotlightCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// How an API requires the user to authenticate before it accepts a request (RFC 9470 3).
public struct StepUpRequirement: Hashable, Sendable {
    /// `acr_values`: the authentication context classes that the API accepts, the preferred one first. Empty means any.
    public let acrValues: [String]
    /// `max_age`, in seconds: how long ago the user may have authenticated at most. Nil if the age does not matter.
    public let maxAge: TimeInterval?

    /// Creates the app's own requirement. Without classes and age it requires a new authentication of any kind.
    public init(acrValues: [String] = [], maxAge: TimeInterval? = nil) {
        self.acrValues = acrValues
        self.maxAge = maxAge
    }

    /// Reads the requirement from an API's answer; nil unless it is a 401 with the error `insufficient_user_authentication` in
    /// `WWW-Authenticate`. For requests that the app sends itself; ``Session/data(for:audience:minTTL:using:)`` does this for
    /// you.
    public init?(_ response: HTTPURLResponse) {
        guard response.statusCode == 401, let header = response.value(forHTTPHeaderField: "WWW-Authenticate"),
            let asked = insufficientAuthentication(headers: [header])
        else { return nil }
        self.init(acrValues: asked.acrValues, maxAge: asked.maxAgeSeconds.map { TimeInterval($0) })
    }
}

/// A request that an API refuses until the user authenticates in a certain way.
/// ``Session/stepUp(for:using:parameters:via:)`` lets the user authenticate and sends the request again.
public struct StepUpChallenge: Hashable, Sendable {
    /// What the API requires.
    public let requirement: StepUpRequirement
    /// The further API that the request is for; nil for the session's own access token.
    public let audience: TokenAudience?
    /// The request as the app made it, without a token.
    public let request: URLRequest
    let minTTL: TimeInterval

    /// Creates a challenge, for tests of an app.
    public init(_ requirement: StepUpRequirement, request: URLRequest, audience: TokenAudience? = nil) {
        self.init(requirement: requirement, audience: audience, request: request, minTTL: 0)
    }

    init(requirement: StepUpRequirement, audience: TokenAudience?, request: URLRequest, minTTL: TimeInterval) {
        self.requirement = requirement
        self.audience = audience
        self.request = request
        self.minTTL = minTTL
    }
}

extension StepUpChallenge: Redacted {
    /// What the API requires, without the request.
    public var description: String {
        "StepUpChallenge(acrValues: \(requirement.acrValues), maxAge: \(requirement.maxAge.map { "\($0)" } ?? "nil"))"
    }
}

extension StepUpRequirement {
    /// The core's requirement.
    ///
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` if `maxAge` is not a valid number of seconds.
    var core: AuthenticationRequirement {
        get throws {
            AuthenticationRequirement(
                acrValues: acrValues, maxAgeSeconds: try maxAge.map { try wholeSeconds($0, argument: "maxAge") })
        }
    }
}
