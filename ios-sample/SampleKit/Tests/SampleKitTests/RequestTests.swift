import Foundation
import Pilotlight
import SampleKit
import ServerSupport
import Testing

/// The profile by its age and types, and requests to an API.
@MainActor @Suite struct RequestTests {
    @Test func aRequestSaysWhatTheApiAnswered() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["multi_resource_refresh": true])
        // Signs in as the app does, and uses its default address.
        let session = try await server.signedInSession(metadataAccess: true)
        var settings = AppSettings()
        settings.address = server.issuer
        let address = " \(settings.exampleRequest)\n"
        let outcome = await session.request(address, in: TestBrowser())
        guard case .answered(200, let bytes) = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
        #expect(bytes > 0)
        // The session gets a token for a further API, but this API requires another one. So it is renewed once and refused again.
        _ = await session.request(address, audience: "https://api.example.com/", in: TestBrowser())
        #expect(session.cachedAccessToken(for: "https://api.example.com/") != nil)
        // An API may require the user to authenticate first.
        let secondFactor = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
        let payment = await session.request(
            "\(server.issuer)api/payments?acr_values=\(secondFactor)", in: TestBrowser())
        guard case .answered(200, _) = payment else {
            Issue.record("\(String(describing: payment))")
            return
        }
        let missing = await session.request("\(server.issuer)nowhere", in: TestBrowser())
        guard case .answered(404, _) = missing else {
            Issue.record("\(String(describing: missing))")
            return
        }
        await server.stop()
        let unanswered = await session.request(address, in: TestBrowser())
        guard case .refused(let error) = unanswered, error.canRetry else {
            Issue.record("\(String(describing: unanswered))")
            return
        }
    }

    @Test func aWebsiteIsOpenedSignedIn() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let url = try await session.signedIn(to: " https://www.example.com/a?b=c\n")
        #expect(url.absoluteString.hasPrefix("https://www.example.com/a?b=c&session_transfer_token="))
        await #expect(throws: SessionError.self) { try await session.signedIn(to: "") }
        await server.stop()
    }

    @Test func aRequestGoesWithATokenThatWasExchanged() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let (address, api) = ("\(server.issuer)api/payments", " https://api.example.com/ ")
        for _ in 0..<2 {
            let outcome = await session.request(
                address, audience: api, exchanging: "urn:example:partner-token", in: TestBrowser())
            guard case .answered(200, _) = outcome else {
                Issue.record("\(String(describing: outcome))")
                return
            }
        }
        // The second request used the token in memory, and the session's own token has not changed.
        #expect(try await server.counter("own_tokens_exchanged") == 1)
        #expect(try await server.counter("refresh_grants") == 0)
        let unknown = await session.request(address, audience: api, exchanging: "", in: TestBrowser())
        guard case .refused(.configurationInvalid(field: "clientID", _)) = unknown else {
            Issue.record("\(String(describing: unknown)): Auth0 has no profile for that type")
            return
        }
        try await server.change(["standard_token_exchange": true])
        let elsewhere = try await server.signedInSession()
            .request(address, audience: api, exchanging: "", in: TestBrowser())
        guard case .answered(200, _) = elsewhere else {
            Issue.record("\(String(describing: elsewhere)): RFC 8693 has a type")
            return
        }
        await server.stop()
    }

    @Test(arguments: ["", "http://api.example.com/", "not a URL"]) func aTokenGoesOnlyWhereItMay(address: String) async
    {
        for type in [nil, ""] {
            let outcome = await Session.preview().request(
                address, audience: "a", exchanging: type, in: TestBrowser())
            guard case .refused = outcome else {
                Issue.record("\(String(describing: outcome))")
                return
            }
        }
    }

    @Test func aProfileThatIsYoungEnoughIsNotFetchedAgain() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let model = SessionModel(session)
        #expect(model.profile == nil)
        await model.loadProfile(maxAge: 900)
        await model.loadProfile(maxAge: 900)
        #expect(try await server.requests(to: "userinfo") == 1)
        await model.loadProfile(refresh: true)
        #expect(try await server.requests(to: "userinfo") == 2)
        #expect(model.profile?.fetchedAt != nil)
        await server.stop()
    }

    @Test func claimsOfTheAppsOwnHaveTypes() {
        let profile = SessionProfile.preview(otherClaims: ["https://example.com/roles": ["admin", "author"]])
        #expect(profile.roles == ["admin", "author"])
        #expect(profile.bool("email_verified") == true)
        let plain = SessionProfile.preview(email: nil)
        #expect(plain.roles.isEmpty)
        #expect(plain.bool("email_verified") == nil)
    }
}
