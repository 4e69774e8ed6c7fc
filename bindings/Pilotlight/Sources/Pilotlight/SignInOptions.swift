import Foundation
internal import PilotlightCore

/// How the user is asked to sign in.
public struct SignInOptions: Hashable, Sendable {
    /// `login_hint`: the address or name to prefill (OpenID Connect Core 3.1.2.1).
    public var loginHint: String?
    /// `max_age`, in seconds: the user must have authenticated no longer ago. It is checked in the ID token
    /// (`auth_time`). Nil does not ask for it.
    public var maxAge: TimeInterval?
    /// Parameters for this sign-in only, over those of the configuration: `prompt`, `screen_hint`, `connection` …
    public var parameters: [String: String]

    /// Options; each may be left out.
    public init(loginHint: String? = nil, maxAge: TimeInterval? = nil, parameters: [String: String] = [:]) {
        self.loginHint = loginHint
        self.maxAge = maxAge
        self.parameters = parameters
    }

    /// As the core takes them. Throws for a `maxAge` that is no number of seconds.
    var core: PilotlightCore.SignInOptions {
        get throws {
            PilotlightCore.SignInOptions(
                loginHint: loginHint, maxAgeSeconds: try maxAge.map { try wholeSeconds($0, argument: "maxAge") },
                parameters: parameters)
        }
    }
}
