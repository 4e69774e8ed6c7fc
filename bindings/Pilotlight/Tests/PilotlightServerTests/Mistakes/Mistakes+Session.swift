import Foundation
import IdentityServerSupport
import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Mistakes that are found when a session is used.
extension Mistake {
    static let session: [Mistake] = [
        Mistake("`restore()` is forgotten: the token call does it", nil) { server in
            let folder = try TemporaryFolder()
            let first = try Session(server.auth0(), storage: folder.store("session"), log: .none)
            try await first.signIn(using: TestBrowser())
            let next = try Session(server.auth0(), storage: folder.store("session", process: 1), log: .none)
            _ = try await next.accessToken()
        },
        Mistake(
            "No refresh token was asked for", "signInRequired(noRefreshToken)", says: ["expired"],
            advises: ["\"offline_access\"", "`scopes`", "Allow Offline Access", "Grant Types"]
        ) { server in
            try await server.change(["access_token_lifetime": 0])
            let configuration = SessionConfiguration.auth0(
                domain: server.issuer, clientID: IdentityServer.clientID, redirectURI: IdentityServer.redirectURI,
                scopes: ["openid", "profile"])
            let session = try begin(configuration)
            try await session.signIn(using: TestBrowser())
            _ = try await session.accessToken()
        },
        Mistake(
            "The refresh token was revoked", "signInRequired(refreshTokenRejected)", says: ["expired"],
            advises: ["Sign in again"]
        ) { server in
            let session = try await server.signedInSession()
            try await server.revoke("ada@example.com")
            try await session.refresh()
        },
        Mistake(
            "The issuer wants a second factor at a renewal, and gives no `mfa_token`",
            "signInRequired(interactionRequired)",
            says: ["token endpoint of {host}", "mfa_required"], advises: ["Sign in again"]
        ) { server in
            let session = try await server.signedInSession()
            try await refuse(server, 403, "mfa_required", "Multifactor authentication required")
            try await session.refresh()
        },
        Mistake(
            "The issuer wants a second factor at a renewal", "mfaRequired",
            says: ["token endpoint of {host}", "mfa_required"], advises: ["second factor", "`verify(_:for:)`"]
        ) { server in
            _ = try await secondFactor(server) { session, _ in try await session.refresh() }
        },
        Mistake(
            "A second factor's code is wrong", "mfaRejected(invalid_grant)", says: ["second factor", "invalid_grant"],
            advises: ["new code"]
        ) { server in
            try await secondFactor(server) { _ = try await $0.verify(.otp("000000"), for: $1) }
        },
        Mistake(
            "A second factor after the challenge has expired", "mfaRejected(expired_token)", says: ["ten minutes"],
            advises: ["another challenge"]
        ) { server in
            try await secondFactor(server) { session, challenge in
                try await server.advance(seconds: 601)
                _ = try await session.verify(.otp("123456"), for: challenge)
            }
        },
        Mistake(
            "The client may not use the MFA grant", "configurationInvalid(clientID)", says: ["{host}", "MFA"],
            advises: ["Grant Types", "MFA"]
        ) { server in
            try await secondFactor(server) { session, challenge in
                try await refuse(server, 403, "unauthorized_client", "Grant type not allowed for the client.")
                _ = try await session.verify(.otp("123456"), for: challenge)
            }
        },
        Mistake(
            "Another app is to sign in, and the scope device_sso was not asked for", "configurationInvalid(scopes)",
            says: ["device_sso", "offline_access", "sign in again"], advises: ["`scopes`"]
        ) { server in
            _ = try await server.signedInSession().deviceSSOToken()
        },
        Mistake(
            "Another app is to sign in, and the issuer gave no device secret", "configurationInvalid(scopes)",
            says: ["device secret", "sign in again", "Access Policies"], advises: ["`scopes`"]
        ) { server in
            try await server.change(["device_sso": false])
            var configuration = server.auth0()
            configuration.scopes.append("device_sso")
            let session = try begin(configuration)
            try await session.signIn(using: TestBrowser())
            _ = try await session.deviceSSOToken()
        },
        Mistake(
            "A token for an API that the issuer does not know", "configurationInvalid(audience)",
            says: ["{host}", "audience \"https://unknown.example/\"", "Multi-Resource Refresh Token"],
            advises: ["`audience`", "Identifier", "Multi-Resource Refresh Token"]
        ) { server in
            let session = try await server.signedInSession()
            _ = try await session.accessToken(for: TokenAudience("https://unknown.example/"))
        },
        Mistake("minTTL is negative", "argumentInvalid(minTTL)", says: ["minTTL is -1"], advises: ["`minTTL`"]) {
            server in
            _ = try await server.signedInSession().accessToken(minTTL: -1)
        },
        Mistake("minTTL is not a number", "argumentInvalid(minTTL)", says: ["minTTL is nan"], advises: ["`minTTL`"]) {
            server in
            _ = try await server.signedInSession().accessToken(minTTL: .nan)
        },
        Mistake(
            "A token would go to an http URL", "argumentInvalid(request)", says: ["https", "http://api.example.com"],
            advises: ["`request`"]
        ) { server in
            _ = try await server.signedInSession().authorized(URLRequest(url: url("http://api.example.com/orders")))
        },
        Mistake(
            "A renewal with a parameter that Pilotlight sets itself", "argumentInvalid(parameters)",
            says: ["\"refresh_token\"", "sets itself"], advises: ["`parameters`"]
        ) { server in
            _ = try await server.signedInSession().refresh(parameters: ["refresh_token": "x"])
        },
        Mistake(
            "The store's folder cannot be made", "storageFailed",
            says: ["opening the store's file", "not a directory"],
            advises: ["the file and its folder"]
        ) { server in
            let folder = try TemporaryFolder()
            let file = folder.file("file")
            try Data().write(to: file)
            let session = try Session(
                server.auth0(), storage: .file(file.appendingPathComponent("session")), log: .none)
            // It fails at launch, not only at the first write.
            try await session.restore()
        },
        Mistake(
            "The store's file is damaged", "storageFailed", says: ["file is damaged", "line 1"],
            advises: ["the file and its folder"]
        ) { server in
            let folder = try TemporaryFolder()
            try Data("not what Pilotlight wrote".utf8).write(to: folder.file("session"))
            try await Session(server.auth0(), storage: folder.store("session"), log: .none).restore()
        },
    ]

    static let metadata: [Mistake] = [
        Mistake(
            "Metadata without the permission for it", "configurationInvalid(audience)",
            says: ["{host}", "audience", "`metadataAccess: true`"],
            advises: ["`metadataAccess: true`", "Multi-Resource Refresh Token"]
        ) { server in
            _ = try await server.signedInSession().metadata.get()
        },
        Mistake(
            "Metadata at another provider", "configurationInvalid(provider)", says: ["provider", "Auth0"],
            advises: ["Auth0 only"]
        ) { server in
            let session = try begin(
                .openIDConnect(
                    issuer: server.issuer, clientID: IdentityServer.clientID, redirectURI: IdentityServer.redirectURI))
            try await session.signIn(using: TestBrowser())
            _ = try await session.metadata.get()
        },
        Mistake(
            "A metadata key with a dot", "argumentInvalid(metadata)", says: ["\".\"", "level 2"],
            advises: ["`metadata`"]
        ) { server in
            try await server.signedInSession(metadataAccess: true).metadata.update(["settings": ["a.b": 1]])
        },
        Mistake(
            "Metadata of another type than the app's", "argumentInvalid(type)",
            says: ["expected String for \"age\"", "found a number"], advises: ["`type`"]
        ) { server in
            struct Person: Decodable, Sendable { let age: String }
            let session = try await server.signedInSession(metadataAccess: true)
            try await session.metadata.update(["age": 36])
            _ = try await session.metadata.get(as: Person.self)
        },
    ]

    /// Makes a mistake with the challenge of a refused renewal.
    private static func secondFactor(
        _ server: IdentityServer, _ mistake: (Session, MFAChallenge) async throws -> Void
    ) async throws {
        let session = try await server.signedInSession()
        try await server.requireSecondFactor(of: "ada@example.com")
        do {
            try await session.refresh()
        } catch SessionError.mfaRequired(let challenge, _) {
            try await mistake(session, challenge)
        }
    }
}
