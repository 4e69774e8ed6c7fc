import Foundation
import IdentityServerSupport
import Pilotlight

/// Mistakes that are found at the sign-in.
extension Mistake {
    static let signIn: [Mistake] = [
        Mistake(
            "A client ID that the issuer does not know: its page in the sheet, closed by the user", "signInCancelled",
            says: ["cancelled"], advises: ["`clientID`", "Client ID", "Allowed Callback URLs"]
        ) { server in
            let configuration = SessionConfiguration.auth0(
                domain: server.issuer, clientID: "unknown", redirectURI: IdentityServer.redirectURI)
            try await begin(configuration).signIn(using: ClosingBrowser())
        },
        Mistake(
            "A redirect URI that is not registered: the issuer's page in the sheet, closed by the user",
            "signInCancelled", says: ["cancelled"], advises: ["`redirectURI`", "Allowed Callback URLs"]
        ) { server in
            try await begin(server.auth0(redirectURI: "com.example.other://callback")).signIn(using: ClosingBrowser())
        },
        Mistake(
            "A client that the token endpoint does not know", "configurationInvalid(clientID)",
            says: ["token endpoint of {host}", "invalid_client", "clientID"],
            advises: ["Client ID", "Application Type must be Native"]
        ) { server in
            try await refuse(server, 401, "invalid_client", "Unknown client")
            try await begin(server.auth0()).signIn(using: TestBrowser())
        },
        Mistake(
            "A grant type that the client may not use", "configurationInvalid(clientID)",
            says: ["{host}", "unauthorized_client", "authorization_code", "not allowed"],
            advises: ["Advanced Settings > Grant Types", "Authorization Code", "Refresh Token"]
        ) { server in
            try await refuse(
                server, 403, "unauthorized_client", "Grant type 'authorization_code' not allowed for the client.")
            try await begin(server.auth0()).signIn(using: TestBrowser())
        },
        Mistake(
            "A client that the authorization endpoint refuses", "configurationInvalid(clientID)",
            says: ["authorization endpoint of {host}", "unauthorized_client"],
            advises: ["Application Type", "Grant Types"]
        ) { server in
            try await begin(server.auth0()).signIn(using: TestBrowser(denyWith: "unauthorized_client"))
        },
        Mistake(
            "An API that the issuer does not know", "configurationInvalid(audience)",
            says: ["{host}", "audience", "\"https://unknown.example/\"", "does not know this API"],
            advises: ["`audience`", "APIs > your API > Settings > Identifier"]
        ) { server in
            try await begin(server.auth0(audience: "https://unknown.example/")).signIn(using: TestBrowser())
        },
        Mistake(
            "A scope that the issuer refuses", "configurationInvalid(scopes)",
            says: ["{host}", "invalid_scope", "scopes"], advises: ["`scopes`", "APIs > your API > Permissions"]
        ) { server in
            try await begin(server.auth0()).signIn(using: TestBrowser(denyWith: "invalid_scope"))
        },
        Mistake(
            "The user declines", "signInFailed(access_denied)", says: ["access_denied"],
            advises: ["Try to sign in again"]
        ) { server in
            try await begin(server.auth0()).signIn(using: TestBrowser(denyWith: "access_denied"))
        },
        Mistake(
            "A callback of another app", "argumentInvalid(callback)",
            says: ["callback", "\"com.example.other://callback\"", "com.example.pilotlight://callback"],
            advises: ["`callback`"]
        ) { server in
            let session = try await begun(server)
            try await session.completeSignIn(with: url("com.example.other://callback?code=c&state=s"))
        },
        Mistake(
            "A callback of another sign-in", "signInFailed(state_mismatch)", says: ["belongs to another sign-in"],
            advises: ["`completeSignIn(with:)`", "once"]
        ) { server in
            let session = try await begun(server)
            try await session.completeSignIn(with: url(IdentityServer.redirectURI + "?code=c&state=s"))
        },
        Mistake(
            "The same callback twice", "signInFailed(no_sign_in_in_progress)", says: ["begin one first"],
            advises: ["`completeSignIn(with:)`", "once"]
        ) { server in
            let session = try begin(server.auth0())
            let page = try await session.beginSignIn()
            let callback = try await TestBrowser().authenticate(url: page, redirectURI: url(IdentityServer.redirectURI))
            try await session.completeSignIn(with: callback)
            try await session.completeSignIn(with: callback)
        },
        Mistake(
            "A parameter of the sign-in that Pilotlight sets itself", "argumentInvalid(parameters)",
            says: ["\"nonce\"", "sets itself"], advises: ["`parameters`"]
        ) { server in
            _ = try await begin(server.auth0()).beginSignIn(SignInOptions(parameters: ["nonce": "x"]))
        },
        Mistake("A scope that the issuer silently drops", nil) { server in
            let configuration = SessionConfiguration.auth0(
                domain: server.issuer, clientID: IdentityServer.clientID, redirectURI: IdentityServer.redirectURI,
                scopes: SessionConfiguration.standardScopes + ["read:nothing"])
            try await begin(configuration).signIn(using: TestBrowser())
        },
        Mistake("The device's clock is an hour behind the issuer's", nil) { server in
            try await shift(server, 3_600)
            try await begin(server.auth0()).signIn(using: TestBrowser())
        },
        Mistake("The device's clock is a day ahead of the issuer's", nil) { server in
            try await shift(server, -86_400)
            try await begin(server.auth0()).signIn(using: TestBrowser())
        },
    ]

    /// Invalid ID tokens. No error suggests another attempt, because it would fail in the same way.
    static let idTokens: [Mistake] = [
        Mistake(
            "The ID token is signed by an algorithm with a shared secret", "signInFailed(id_token_invalid)",
            says: ["algorithm", "RS256", "\"HS256\""], advises: ["JSON Web Token Signature Algorithm", "RS256"]
        ) { server in try await tamper(server, ["signature": "hs256"]) },
        Mistake(
            "The ID token is not signed", "signInFailed(id_token_invalid)", says: ["algorithm", "RS256", "\"none\""],
            advises: ["JSON Web Token Signature Algorithm"]
        ) { server in try await tamper(server, ["signature": "none"]) },
        Mistake(
            "The ID token is of another issuer", "signInFailed(id_token_invalid)",
            says: ["claim iss", "http://{host}/", "\"https://other.example/\""], advises: ["`domain`", "`issuer`"]
        ) { server in try await tamper(server, ["claims": ["iss": "https://other.example/"]]) },
        Mistake(
            "The ID token is for another client", "signInFailed(id_token_invalid)",
            says: ["claim aud", "\"native-app\"", "\"another-app\""], advises: ["`clientID`"]
        ) { server in try await tamper(server, ["claims": ["aud": "another-app"]]) },
        Mistake(
            "The ID token has expired", "signInFailed(id_token_invalid)", says: ["expired", "60 s", "s ago"],
            advises: ["clock"]
        ) { server in
            let past = Int64(Date().timeIntervalSince1970) - 7200
            try await tamper(server, ["claims": ["iat": .integer(past), "exp": .integer(past + 3600)]])
        },
        Mistake(
            "The ID token lacks a claim", "signInFailed(id_token_invalid)", says: ["claim nonce is missing"],
            advises: ["message names the rule"]
        ) { server in try await tamper(server, ["without": ["nonce"]]) },
        Mistake(
            "The ID token's key is not published", "signInFailed(id_token_invalid)", says: ["signature is wrong"],
            advises: ["message names the rule"]
        ) { server in try await tamper(server, ["signature": "wrong_key"]) },
    ]

    static func begin(_ configuration: SessionConfiguration) throws -> Session {
        try Session(configuration, storage: .inMemory, log: .none)
    }

    static func url(_ text: String) throws -> URL {
        guard let url = URL(string: text) else { throw SupportError("no URL: \(text)") }
        return url
    }

    /// Sets the token endpoint's next answer.
    static func refuse(_ server: IdentityServer, _ status: Int64, _ code: String, _ words: String) async throws {
        let body = "{\"error\":\"\(code)\",\"error_description\":\"\(words)\"}"
        try await server.addFault(
            "token",
            [
                "kind": "status", "status": .integer(status), "headers": ["content-type": "application/json"],
                "body": .string(body),
            ])
    }

    private static func begun(_ server: IdentityServer) async throws -> Session {
        let session = try begin(server.auth0())
        _ = try await session.beginSignIn()
        return session
    }

    private static func tamper(_ server: IdentityServer, _ fault: [String: SessionJSON]) async throws {
        let effect = ["kind": "id_token"].merging(fault) { $1 }
        try await server.addFault("token", .object(effect))
        try await begin(server.auth0()).signIn(using: TestBrowser())
    }

    /// Makes the issuer's clock differ from the device's by that many seconds.
    private static func shift(_ server: IdentityServer, _ seconds: Int64) async throws {
        let now = Int64(Date().timeIntervalSince1970) + seconds
        let claims: SessionJSON = [
            "iat": .integer(now), "exp": .integer(now + 36_000), "auth_time": .integer(now),
        ]
        try await server.addFault("token", ["kind": "id_token", "claims": claims])
        for endpoint in ["token", "jwks"] {
            try await server.addFault(
                endpoint, ["kind": "date", "shift_seconds": .integer(seconds)], ["for_ever": true])
        }
    }
}
