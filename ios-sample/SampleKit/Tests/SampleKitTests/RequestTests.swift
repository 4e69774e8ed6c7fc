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
        // As the app signs in, and to where it sends at first.
        let session = try await server.signedInSession(metadataAccess: true)
        var settings = AppSettings()
        settings.address = server.issuer
        let screen = RequestScreen(session, address: " \(settings.exampleRequest)\n")
        await screen.send()
        guard case .answered(200, let bytes) = screen.outcome else {
            Issue.record("\(String(describing: screen.outcome))")
            return
        }
        #expect(bytes > 0)
        // A token for a further API is got, and this API wants another; so it is renewed once and refused again.
        screen.audience = "https://api.example.com/"
        await screen.send()
        #expect(session.cachedAccessToken(for: "https://api.example.com/") != nil)
        screen.audience = ""
        screen.address = "\(server.issuer)nowhere"
        await screen.send()
        guard case .answered(404, _) = screen.outcome else {
            Issue.record("\(String(describing: screen.outcome))")
            return
        }
        await server.stop()
        await screen.send()
        #expect(screen.outcome == .unreachable)
    }

    @Test(arguments: ["", "http://api.example.com/", "not a URL"]) func aTokenGoesOnlyWhereItMay(address: String) async
    {
        let screen = RequestScreen(.preview(), address: address)
        await screen.send()
        guard case .refused = screen.outcome else {
            Issue.record("\(String(describing: screen.outcome))")
            return
        }
    }

    @Test func aProfileThatIsYoungEnoughIsNotFetchedAgain() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let screen = ProfileScreen(session)
        #expect(screen.fetchedAt == nil)
        await screen.load()
        await screen.load()
        #expect(try await server.requests(to: "userinfo") == 1)
        await screen.load(refresh: true)
        #expect(try await server.requests(to: "userinfo") == 2)
        let fetched = try #require(screen.fetchedAt)
        #expect(!screen.isStale(at: fetched))
        #expect(screen.isStale(at: fetched.addingTimeInterval(ProfileScreen.maxAge)))
        await server.stop()
    }

    @Test func claimsOfTheAppsOwnHaveTypes() {
        let profile = SessionProfile.preview(otherClaims: ["https://example.com/roles": ["admin", "author"]])
        let screen = ProfileScreen(.preview(profile: profile))
        #expect(screen.roles == ["admin", "author"])
        #expect(screen.isEmailVerified == true)
        let plain = ProfileScreen(.preview(profile: .preview(email: nil)))
        #expect(plain.roles.isEmpty)
        #expect(plain.isEmailVerified == nil)
    }
}
