import Foundation
import Pilotlight
import SampleKit
import ServerSupport
import Testing

/// Sign-ins without a browser: with Apple's code, and another app's sign-in with this app's device secret.
@MainActor @Suite(.timeLimit(.minutes(1))) struct ExchangedSignInTests {
    private func start(otherClientID: String = "") async throws -> (IdentityServer, AppModel) {
        let server = try await IdentityServer.start()
        var settings = AppSettings()
        (settings.address, settings.otherClientID) = (server.issuer, otherClientID)
        let model = AppModel(settings: settings) {
            (try Session($0.configuration(), storage: .inMemory, log: .none), nil)
        }
        await model.start()
        return (server, model)
    }

    @Test func applesCodeSignsIn() async throws {
        let (server, model) = try await start()
        let used = ExternalToken.apple(authorizationCode: Data("unknown".utf8))
        guard case .signInFailed(code: "invalid_grant", _) = await model.signIn(exchanging: .success(used)) else {
            Issue.record("nobody may be signed in")
            return
        }
        #expect(await model.signIn(exchanging: .failure(.signInCancelled)) == nil, "nothing is to be said")
        #expect(model.screen == .welcome(nil))
        let code = ExternalToken.apple(authorizationCode: Data("external:ada@example.com:1".utf8))
        #expect(await model.signIn(exchanging: .success(code)) == nil)
        await settle { model.screen == .home }
        await server.stop()
    }

    @Test func whatApplesSheetSaysIsShown() async throws {
        let (server, model) = try await start()
        let fault = SessionError.signInFailed(code: "apple", message: "error 1000")
        #expect(await model.signIn(exchanging: .failure(fault)) == fault)
        await server.stop()
    }

    @Test func theUserIsSignedInToAnotherAppToo() async throws {
        let (server, model) = try await start(otherClientID: " sibling-app ")
        await model.signIn(using: TestBrowser())
        #expect(try await model.signInToOtherApp() == "auth0|ada")
        #expect(model.screen == .home, "here nothing changes")
        await model.signOut()
        await #expect(throws: SessionError.self) { try await model.signInToOtherApp() }
        await server.stop()
    }

    @Test func aSignInWithoutADeviceSecretSaysWhatIsMissing() async throws {
        let (server, model) = try await start(otherClientID: "sibling-app")
        #expect(!AppSettings().configuration().scopes.contains("device_sso"), "only where there is another app")
        try await server.change(["device_sso": false])
        await model.signIn(using: TestBrowser())
        do {
            _ = try await model.signInToOtherApp()
            Issue.record("there is no device secret")
        } catch SessionError.configurationInvalid(let field, _) {
            #expect(field == "scopes")
        }
        await server.stop()
    }
}
