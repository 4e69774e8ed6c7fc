import Foundation
import Pilotlight

extension SessionSettings {
    /// The flags with a value from which settings are read, and their help texts. Each flag, such as `--client-id`, may also be
    /// given as an environment variable, `PILOTLIGHT_CLIENT_ID`; the flag takes precedence.
    public static let flags: [(name: String, value: String, help: String)] = [
        ("domain", "DOMAIN", "Auth0: the tenant's or the custom domain"),
        ("issuer", "URL", "any OpenID Connect provider, instead of --domain"),
        ("client-id", "ID", "the client ID that the issuer gave"),
        ("redirect-uri", "URI", "where the issuer sends the browser back to, as registered there"),
        ("scope", "SCOPES", "separated by spaces; default: openid profile email offline_access"),
        ("audience", "API", "the API that the access token is for"),
        ("lifetime", "SECONDS", "end the session this long after the sign-in, whatever its tokens allow"),
        ("idle", "SECONDS", "end the session this long after its last use"),
        ("param", "NAME=VALUE", "one more parameter of the authorization request; may be repeated"),
    ]

    /// The flags without a value.
    public static let switches: [(name: String, help: String)] = [
        ("metadata-access", "Auth0: ask for a token that may read and change the user's metadata"),
        ("dpop", "bind the tokens to a key of this device, and accept no others (DPoP, RFC 9449)"),
        ("par", "send the authorization request by POST, and show only its name in the browser (RFC 9126)"),
    ]

    /// Reads settings from a command line, such as an app's launch arguments or a terminal, and missing ones from environment
    /// variables.
    ///
    /// - Throws: ``UsageError`` if something is missing or contradictory.
    public init(_ arguments: ArgumentScanner, environment: [String: String]) throws {
        func value(_ flag: String) throws -> String? {
            try arguments.value(flag) ?? environment[Self.variable(for: flag)].flatMap { $0.isEmpty ? nil : $0 }
        }
        let clientID = try value("client-id")
        guard let clientID else { throw UsageError("--client-id is needed (or PILOTLIGHT_CLIENT_ID)") }
        self.init(
            provider: try Self.provider(arguments, environment: environment),
            clientID: clientID,
            redirectURI: try value("redirect-uri"),
            scopes: try value("scope").map { $0.split(separator: " ").map(String.init) } ?? [],
            audience: try value("audience"),
            metadataAccess: arguments.switches.contains("metadata-access")
                || environment[Self.variable(for: "metadata-access")] == "1",
            parameters: try Self.parameters(arguments.values["param"] ?? []),
            pushes: arguments.switches.contains("par") || environment[Self.variable(for: "par")] == "1",
            bindsTokens: arguments.switches.contains("dpop") || environment[Self.variable(for: "dpop")] == "1",
            lifetime: SessionLifetime(
                absolute: try Self.seconds("lifetime", value("lifetime")), idle: try Self.seconds("idle", value("idle"))
            ))
    }

    /// Parses a number of seconds. The library checks its range.
    private static func seconds(_ flag: String, _ text: String?) throws -> TimeInterval? {
        guard let text else { return nil }
        guard let seconds = TimeInterval(text) else { throw UsageError("--\(flag) needs a number of seconds") }
        return seconds
    }

    /// The environment variable for a flag.
    public static func variable(for flag: String) -> String {
        "PILOTLIGHT_" + String(flag.uppercased().map { $0 == "-" ? "_" : $0 })
    }

    /// Each flag takes precedence over both variables, so that one command can use another issuer.
    private static func provider(_ arguments: ArgumentScanner, environment: [String: String]) throws -> Provider {
        let flags = (domain: try arguments.value("domain"), issuer: try arguments.value("issuer"))
        let variables = (domain: environment[variable(for: "domain")], issuer: environment[variable(for: "issuer")])
        for (domain, issuer) in [flags, variables] {
            switch (domain, issuer) {
            case (let domain?, nil): return .auth0(domain: domain)
            case (nil, let issuer?): return .openIDConnect(issuer: issuer)
            case (.some, .some): throw UsageError("give --domain (Auth0) or --issuer (any other provider), not both")
            case (nil, nil): continue
            }
        }
        throw UsageError("--domain (Auth0) or --issuer (any other provider) is needed, or PILOTLIGHT_DOMAIN or _ISSUER")
    }

    private static func parameters(_ words: [String]) throws -> [String: String] {
        var parameters: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else { throw UsageError("--param needs NAME=VALUE") }
            parameters[parts[0]] = parts[1]
        }
        return parameters
    }
}
