import Foundation
import Pilotlight
import SampleKit
import ServerSupport
import Testing

/// The welcome screen's sign-in on another device.
@MainActor @Suite(.timeLimit(.minutes(1))) struct OtherDeviceTests {
    private func start() async throws -> (IdentityServer, AppModel) {
        let server = try await IdentityServer.start()
        try await server.change(["device_interval": 1])
        var settings = AppSettings()
        settings.address = server.issuer
        let model = AppModel(settings: settings) {
            (try Session($0.configuration(), storage: .inMemory, log: .none), nil)
        }
        await model.start()
        return (server, model)
    }

    /// Signs in, with a user who decides on the other device as soon as the code is shown.
    private func signIn(to model: AppModel, _ decision: String) async -> SessionError? {
        await model.signInOnAnotherDevice { signIn in
            Task {
                let page = try #require(signIn.completeVerificationURL)
                _ = try await TestBrowser.open(try #require(URL(string: "\(page.absoluteString)&\(decision)")))
            }
        }
    }

    @Test func theCodeIsShownAndTheUserIsSignedIn() async throws {
        let (server, model) = try await start()
        #expect(await signIn(to: model, "sign_in_as=ada@example.com") == nil)
        await settle { model.screen == .home }
        await model.session?.loadProfile()
        #expect(model.session?.profile?.email == "ada@example.com")
        await server.stop()
    }

    @Test func whoSaysNoIsToldSoAndWhoClosesTheSheetIsNot() async throws {
        let (server, model) = try await start()
        guard case .signInFailed(code: "access_denied", _) = await signIn(to: model, "deny=1") else {
            Issue.record("nobody may be signed in")
            return
        }
        var shown: DeviceSignIn?
        let waiting = Task { await model.signInOnAnotherDevice { shown = $0 } }
        await settle { shown != nil }
        waiting.cancel()
        #expect(await waiting.value == nil)
        #expect(model.screen == .welcome(nil))
        await server.stop()
    }
}
