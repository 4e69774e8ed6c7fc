import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

@Suite struct LifeTests {
    @Test func aUsersSessionFromSignInToSignOut() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let configuration = server.auth0(metadataAccess: true)
        let store = SessionStorage.file(folder.file("sessions/session"))

        let first = try Session(configuration, storage: store, log: .none)
        #expect(first.state == nil)
        #expect(try await first.restore() == .signedOut)
        #expect(first.cachedAccessToken() == nil)
        #expect(first.grantedScopes == nil)
        let signedIn = try await first.signIn(using: TestBrowser())
        guard case .signedIn(let subject, let expiresAt) = signedIn else {
            Issue.record("not signed in: \(signedIn)")
            return
        }
        #expect(subject == "auth0|ada")
        #expect(abs(expiresAt.timeIntervalSinceNow - 86_400) < 600)
        let token = try await first.accessToken()
        #expect(first.cachedAccessToken() == token)
        let granted = try #require(first.grantedScopes)
        #expect(Set(granted).isSuperset(of: ["openid", "offline_access"]))

        // The next launch.
        let second = try Session(configuration, storage: store, log: .none)
        #expect(try await second.restore().isSignedIn)
        #expect(second.cachedAccessToken() == token)
        #expect(second.grantedScopes == granted)
        #expect(second.hasValidSession(minTTL: 3600))
        let renewed = try await second.accessToken(forceRefresh: true)
        #expect(renewed != token)
        #expect(second.cachedAccessToken() == renewed)
        #expect(try await server.counter("refresh_grants_honoured") == 1)

        let profile = try await second.profile()
        #expect(profile.subject == "auth0|ada")
        #expect(profile.email == "ada@example.com")
        #expect(second.cachedProfile == profile)
        #expect(abs(profile.fetchedAt.timeIntervalSinceNow) < 600)

        #expect(await second.signOut() == .revoked)
        #expect(second.state == .signedOut)
        #expect(second.grantedScopes == nil)
        #expect(second.cachedAccessToken() == nil)
        #expect(try await server.counter("families_revoked") == 1)
        let third = try Session(configuration, storage: store, log: .none)
        #expect(try await third.restore() == .signedOut)
        await server.stop()
    }

    @Test func aProfileIsAsOldAsAllowed() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let profile = try await session.profile(maxAge: 600)
        #expect(try await session.profile(maxAge: 600) == profile)
        #expect(try await server.requests(to: "userinfo") == 1)
        _ = try await session.profile(maxAge: 0)
        #expect(try await server.requests(to: "userinfo") == 2)
        await #expect(throws: SessionError.self) { try await session.profile(maxAge: -1) }
        try await server.goOffline()
        await #expect(throws: SessionError.self) { try await session.profile(maxAge: 0) }
        #expect(try await session.profile(maxAge: 0, allowStale: true).subject == "auth0|ada")
        await server.stop()
    }

    @Test func aProfileIsThereAtTheNextLaunchAndIsFetchedAnewOnlyWhenAsked() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let store = SessionStorage.file(folder.file("session"))
        let first = try Session(server.auth0(), storage: store, log: .none)
        try await first.signIn(using: TestBrowser(signInAs: "grace@example.com"))
        #expect(first.cachedProfile == nil)
        let fetched = try await first.profile()
        let second = try Session(server.auth0(), storage: store, log: .none)
        try await second.restore()
        #expect(second.cachedProfile == fetched)
        #expect(try await second.profile() == fetched)
        #expect(try await server.requests(to: "userinfo") == 1)
        #expect(try await second.profile(refresh: true).email == "grace@example.com")
        #expect(try await server.requests(to: "userinfo") == 2)
        await server.stop()
    }

    @Test func metadataIsReadChangedAndTyped() async throws {
        struct Preferences: Codable, Equatable, Sendable {
            var language: String
            var size: Int?
        }
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession(metadataAccess: true)
        try await server.setMetadata(
            of: "ada@example.com", ["language": "en", "old": true, "nested": ["a": 1, "b": 2]])

        #expect(try await session.metadata.get() == ["language": "en", "old": true, "nested": ["a": 1, "b": 2]])
        #expect(try await session.metadata.get(["language", "none"]) == ["language": "en"])
        let after = try await session.metadata.update([
            "old": nil, "nested": ["a": 3], "size": 42, "first_name": "John",
        ])
        #expect(after == ["language": "en", "nested": ["a": 3], "size": 42, "first_name": "John"])
        #expect(try await server.metadata(of: "ada@example.com") == .object(after))
        #expect(try await session.metadata.get(as: Preferences.self) == Preferences(language: "en", size: 42))
        let encoded = try await session.metadata.update(encoding: Preferences(language: "fr", size: nil))
        #expect(encoded["language"] == "fr")
        #expect(encoded["size"] == 42)
        let user = try await session.fetchUser(fields: ["user_id", "user_metadata"])
        #expect(user["user_id"] == "auth0|ada")
        #expect(user["user_metadata"]?["first_name"]?.stringValue == "John")
        #expect(Set(user.keys) == ["user_id", "user_metadata"])
        #expect(try await session.fetchUser(fields: ["user_metadata"], include: false)["user_metadata"] == nil)
        try await session.metadata.removeAll()
        #expect(try await session.metadata.get().isEmpty)
        await server.stop()
    }

    @Test func severalUsersAreSignedInSideBySide() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let (configuration, store) = (server.auth0(), SessionStorage.file(folder.file("sessions")))
        let open = { (name: String) in try Session(configuration, storage: store, name: name, log: .none) }
        #expect(try await Session.names(for: configuration, in: store).isEmpty)
        for name in ["work", "home"] {
            try await open(name).signIn(using: TestBrowser())
        }
        #expect(try await Session.names(for: configuration, in: store) == ["home", "work"])
        #expect(await (try open("work")).signOut() == .revoked)
        #expect(try await Session.names(for: configuration, in: store) == ["home"])
        let home = try open("home")
        #expect(try await home.restore().isSignedIn)
        _ = try await home.accessToken(forceRefresh: true)
    }

    @Test func anOpenIDConnectProviderIsFoundByDiscovery() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(
            .openIDConnect(
                issuer: server.issuer, clientID: IdentityServer.clientID, redirectURI: IdentityServer.redirectURI),
            storage: .inMemory, log: .none)
        #expect(try await session.signIn(using: TestBrowser()).isSignedIn)
        #expect(try await session.profile().email == "ada@example.com")
        #expect(try await server.requests(to: "discovery") == 1)
        await server.stop()
    }

    @Test func anAppMayDriveTheBrowserItself() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(server.auth0(), storage: .inMemory, log: .none)
        let url = try await session.beginSignIn(SignInOptions(loginHint: "ada@example.com"))
        let query = URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems ?? []
        let values = Dictionary(query.map { ($0.name, $0.value ?? "") }) { $1 }
        #expect(values["response_type"] == "code")
        #expect(values["code_challenge_method"] == "S256")
        #expect(values["login_hint"] == "ada@example.com")
        #expect(values["code_verifier"] == nil)
        let redirectURI = try #require(URL(string: IdentityServer.redirectURI))
        let callback = try await TestBrowser().authenticate(url: url, redirectURI: redirectURI)
        #expect(try await session.completeSignIn(with: callback).isSignedIn)
        await server.stop()
    }

    @Test func typedOptionsAreSentByTheirNames() async throws {
        let server = try await IdentityServer.start()
        let session = try Session(server.auth0(), storage: .inMemory, log: .none)
        let options = SignInOptions(
            prompt: [.login, .consent], acrValues: ["gold", "silver"], uiLocales: ["fr-CA", "fr"],
            claims: ["id_token": ["auth_time": ["essential": true]]], organization: "org_1", invitation: "ticket",
            connection: "google-oauth2", screenHint: .signUp,
            parameters: ["prompt": "none", "audience": "https://api.example.com/"])
        let url = try await session.beginSignIn(options)
        let query = URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems ?? []
        let values = Dictionary(query.map { ($0.name, $0.value ?? "") }) { _, _ in "sent twice" }
        let expected = [
            "prompt": "consent login", "acr_values": "gold silver", "ui_locales": "fr-CA fr",
            "claims": #"{"id_token":{"auth_time":{"essential":true}}}"#, "organization": "org_1",
            "invitation": "ticket", "connection": "google-oauth2", "screen_hint": "signup",
            "audience": "https://api.example.com/",
        ]
        // A query writes a space as "+" (RFC 6749 appendix B).
        for (name, value) in expected { #expect(values[name]?.replacingOccurrences(of: "+", with: " ") == value) }
        await #expect(throws: SessionError.self) {
            _ = try await session.beginSignIn(SignInOptions(prompt: [.none, .login]))
        }
        await server.stop()
    }

    @Test func anAuthorizationRequestCanBePushed() async throws {
        let server = try await IdentityServer.start()
        var configuration = server.auth0()
        configuration.pushesAuthorizationRequests = true
        let session = try Session(configuration, storage: .inMemory, log: .none)
        let url = try await session.beginSignIn()
        let names = URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems?.map(\.name)
        #expect(names == ["client_id", "request_uri"])
        #expect(try await session.signIn(using: TestBrowser()).isSignedIn)
        await server.stop()
    }
}
