import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Token exchange, with the identity server as the issuer.
@Suite struct TokenExchangeTests {
    @Test func applesCodeBeginsASessionWithTheNameThatCameAlong() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(server.auth0(), storage: .inMemory, log: .none)
        let events = session.events
        let signedIn = Task { await events.first { if case .signedIn = $0 { true } else { false } } }
        let code = Data("external:ada@example.com:1".utf8)
        var name = PersonNameComponents()
        (name.givenName, name.familyName) = ("Augusta", "King")
        let state = try await session.signIn(
            exchanging: .apple(authorizationCode: code, fullName: name, email: "ada@example.com"))
        #expect(state.isSignedIn)
        #expect(await signedIn.value == .signedIn(subject: "auth0|ada", by: .tokenExchange))
        #expect(try await session.profile(refresh: true).familyName == "King")
        _ = try await session.accessToken(forceRefresh: true)
        do {
            try await session.signIn(exchanging: .apple(authorizationCode: code))
            Issue.record("a code is good once")
        } catch SessionError.signInFailed(let code, _) {
            #expect(code == "invalid_grant")
        }
        #expect(session.state?.isSignedIn == true)
        await server.stop()
    }

    @Test func aPartnersTokenBeginsASessionToo() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(server.auth0(), storage: .inMemory, log: .none)
        let token = ExternalToken("external:grace@example.com", type: "urn:example:partner-token")
        try await session.signIn(exchanging: token)
        let isGrace = if case .signedIn(subject: "auth0|grace", _)? = session.state { true } else { false }
        #expect(isGrace)
        await #expect(throws: SessionError.self) {
            try await session.signIn(exchanging: ExternalToken("", type: "urn:example:partner-token"))
        }
        await server.stop()
    }

    @Test func aWebViewAndSafariAreSignedInToo() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(server.auth0(), storage: .inMemory, log: .none)
        try await session.signIn(exchanging: .apple(authorizationCode: Data("external:ada@example.com:1".utf8)))
        let transfer = try await session.sessionTransfer()
        let cookie = try #require(transfer.cookie)
        #expect(cookie.name == "auth0_session_transfer_token" && cookie.value == transfer.token)
        #expect(cookie.domain == "127.0.0.1" && cookie.path == "/" && cookie.isSecure && cookie.isSessionOnly)
        let website = try #require(URL(string: "https://app.example.com/a?b=c+d%20e&session_transfer_token=old#d"))
        #expect(
            transfer.url(for: website).absoluteString
                == "https://app.example.com/a?b=c+d%20e&session_transfer_token=\(transfer.token)#d")
        #expect(transfer.expiresAt.timeIntervalSinceNow > 30)
        #expect(try await session.sessionTransfer().token != transfer.token)
        _ = try await session.accessToken(forceRefresh: true)
        await server.stop()
    }

    @Test func anotherAppOfTheVendorSignsInWithoutItsUser() async throws {
        let server = try await IdentityServer.start()
        var configuration = server.auth0()
        let without = try Session(configuration, storage: .inMemory, log: .none)
        try await without.signIn(using: TestBrowser())
        do {
            _ = try await without.deviceSSOToken()
            Issue.record("it has no device secret")
        } catch SessionError.configurationInvalid(let field, let message) {
            #expect(field == "scopes" && message.description.contains("device_sso"))
        }
        configuration.scopes.append("device_sso")
        let first = try Session(configuration, storage: .inMemory, log: .none)
        try await first.signIn(using: TestBrowser())
        let token = try await first.deviceSSOToken()
        #expect(token.type == "urn:ietf:params:oauth:token-type:id_token" && token.actor?.token.isEmpty == false)
        configuration = .auth0(domain: server.issuer, clientID: "sibling-app", redirectURI: IdentityServer.redirectURI)
        let second = try Session(configuration, storage: .inMemory, log: .none)
        try await second.signIn(exchanging: token)
        let isAda = if case .signedIn(subject: "auth0|ada", _)? = second.state { true } else { false }
        #expect(isAda)
        // The specification has another name for the type.
        let name = "urn:openid:params:token-type:device-secret"
        try await second.signIn(exchanging: first.deviceSSOToken(secretType: name))
        #expect(await first.signOut() == .revoked)
        await #expect(throws: SessionError.self) { try await second.accessToken(forceRefresh: true) }
        await server.stop()
    }

    @Test func theSessionsOwnTokensAreExchangedForAnotherAPI() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["standard_token_exchange": true])
        let session = try await server.signedInSession()
        let api = TokenAudience("https://api.example.com/", scopes: ["read:messages"])
        let profile = "urn:example:partner-token"
        let first = try await session.exchange(for: api, type: .accessToken.named(profile))
        #expect(try await session.exchange(for: api, type: .accessToken.named(profile), minTTL: 60) == first)
        #expect(try await server.counter("own_tokens_exchanged") == 1)
        for type in [SubjectToken.accessToken, .idToken, .refreshToken] {
            #expect(try await session.exchange(for: api, type: type) != first)
        }
        let actor = ActorToken("actor:bot", type: "urn:example:actor")
        let acting = try await session.exchange(
            for: api, actor: actor, resource: "https://api.example.com/", parameters: ["purpose": "test"])
        #expect(acting != first)
        #expect(try await session.exchange(for: api, type: .accessToken.named(profile), forceRefresh: true) != first)
        #expect(try await server.counter("own_tokens_exchanged") == 6)
        #expect(try await server.counter("refresh_grants") == 0)
        let orders = URLRequest(url: try #require(URL(string: "https://api.example.com/orders")))
        let request = try await session.authorized(orders, exchangedToken: first)
        #expect(request.value(forHTTPHeaderField: "Authorization") == "Bearer \(first)")
        await session.signOut()
        await #expect(throws: SessionError.self) { try await session.exchange(for: api) }
        await server.stop()
    }

    @Test func whatTheIssuerWantsOfAnExchangeIsNamed() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        do {
            _ = try await session.exchange(for: "https://api.example.com/")
            Issue.record("Auth0 has a profile for a type, and none for this one")
        } catch SessionError.configurationInvalid(let field, let message) {
            #expect(field == "clientID")
            #expect(message.text.contains("Custom Token Exchange"))
        }
        do {
            let actor = ActorToken("nobody", type: "urn:example:actor")
            let type = SubjectToken.accessToken.named("urn:example:partner-token")
            _ = try await session.exchange(for: "https://api.example.com/", type: type, actor: actor)
            Issue.record("nobody acts for the user")
        } catch SessionError.argumentInvalid(let argument, _) {
            #expect(argument == "actor")
        }
        await #expect(throws: SessionError.self) {
            try await session.exchange(for: TokenAudience("a", scopes: ["offline_access"]))
        }
        #expect(session.state?.isSignedIn == true)
        await server.stop()
    }

    @Test func whatAppleSaysGoesAlongAsAuth0WantsIt() {
        var name = PersonNameComponents()
        name.givenName = "Ada"
        let token = ExternalToken.apple(authorizationCode: Data("c".utf8), fullName: name, email: "a@b")
        #expect(token.type == "http://auth0.com/oauth/token-type/apple-authz-code")
        #expect(token.userProfile == ["name": ["firstName": "Ada"], "email": "a@b"])
        #expect(ExternalToken.apple(authorizationCode: Data("c".utf8)).userProfile.isEmpty)
    }
}
