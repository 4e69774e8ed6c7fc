import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

/// Signing in on another device, with the identity server as the issuer.
@Suite struct DeviceSignInTests {
    /// Enters the code on the other device.
    private func enter(_ signIn: DeviceSignIn, _ decision: String) async throws {
        let url = try #require(
            URL(string: signIn.verificationURL.absoluteString + "?user_code=\(signIn.userCode)&\(decision)"))
        _ = try await TestBrowser.open(url)
    }

    private func session(at server: IdentityServer) async throws -> Session {
        try await server.change(["device_interval": 1])
        return try Session(server.auth0(), storage: .inMemory, log: .none)
    }

    @Test func theUserEntersTheCodeAndTheSessionIsHere() async throws {
        let server = try await IdentityServer.start()
        let session = try await session(at: server)
        let events = session.events
        let signedIn = Task { await events.first { if case .signedIn = $0 { true } else { false } } }
        let state = try await session.signInOnAnotherDevice { signIn in
            #expect(signIn.completeVerificationURL?.query?.contains(signIn.userCode) == true)
            #expect(signIn.expiresAt > Date())
            try? await enter(signIn, "sign_in_as=ada@example.com")
        }
        #expect(state.isSignedIn)
        #expect(await signedIn.value == .signedIn(subject: "auth0|ada", by: .anotherDevice))
        _ = try await session.accessToken(forceRefresh: true)
        await server.stop()
    }

    @Test func whoSaysNoAndWhoCancelsSignsNobodyIn() async throws {
        let server = try await IdentityServer.start()
        let session = try await session(at: server)
        do {
            try await session.signInOnAnotherDevice { try? await enter($0, "deny=1") }
            Issue.record("nobody may be signed in")
        } catch SessionError.signInFailed(let code, _) {
            #expect(code == "access_denied")
        }
        let signIn = try await session.beginDeviceSignIn()
        let waiting = Task { try await session.completeDeviceSignIn(signIn) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        try await enter(signIn, "sign_in_as=ada@example.com")
        await #expect(throws: SessionError.signInCancelled) { try await session.completeDeviceSignIn(signIn) }
        #expect(session.state?.isSignedIn != true)
        await server.stop()
    }

    @Test func aClientWithoutTheGrantIsSentToItsSettings() async throws {
        let server = try await IdentityServer.start()
        let session = try await session(at: server)
        try await server.change(["device_code_grant": false])
        do {
            _ = try await session.beginDeviceSignIn()
            Issue.record("the client may not do that")
        } catch SessionError.configurationInvalid(let field, let message) {
            #expect(field == "clientID")
            #expect("\(message)".contains("Advanced Settings > Grant Types > Device Code"))
        }
        await server.stop()
    }
}
