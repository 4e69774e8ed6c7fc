import Foundation
import Pilotlight
import SampleKit
import ServerSupport
import Testing

/// The app's own lock, which only the locked screen opens.
@MainActor @Suite(.timeLimit(.minutes(1))) struct LockTests {
    /// The device's owner, or another person.
    private actor Owner: UserAuthenticator {
        private var isThere = true
        private(set) var asked = 0

        func goAway(_ away: Bool = true) { isThere = !away }

        func authenticate(reason: String) async throws {
            asked += 1
            #expect(reason == "why")
            guard isThere else {
                throw SessionError.userAuthenticationFailed(reason: .failed, message: "not the owner")
            }
        }
    }

    private func model(_ server: IdentityServer, _ folder: TemporaryFolder, _ owner: Owner) -> AppModel {
        var settings = AppSettings()
        (settings.address, settings.appLock) = (server.issuer, true)
        let file = folder.file("session")
        return AppModel(settings: settings) {
            let lock = $0.lock(reason: "why", opensFor: owner)
            return (
                try Session($0.configuration(), storage: .file(file), log: .none, userAuthentication: lock), nil
            )
        }
    }

    /// The model at the next launch of an app whose user had signed in.
    private func signedInBefore(
        _ server: IdentityServer, _ folder: TemporaryFolder, _ owner: Owner
    ) async throws -> AppModel {
        try await Session(server.auth0(), storage: .file(folder.file("session")), log: .none)
            .signIn(using: TestBrowser())
        return model(server, folder, owner)
    }

    @Test func aLaunchIsLockedUntilTheOwnerUnlocksIt() async throws {
        let (server, folder, owner) = (try await IdentityServer.start(), try TemporaryFolder(), Owner())
        do {
            let model = model(server, folder, owner)
            await model.start()
            await model.signIn(using: TestBrowser())
            #expect(model.screen == .home && !model.isLocked, "a sign-in shows who the user is")
        }
        let next = model(server, folder, owner)
        await next.start()
        #expect(next.screen == .home && next.isLocked)
        #expect(next.session?.profile == nil && next.session?.error == nil)
        // Calls behind the lock do not prompt, and are refused.
        await next.session?.loadProfile()
        guard case .userAuthenticationFailed(.required, _) = next.session?.error else {
            Issue.record("\(String(describing: next.session?.error))")
            return
        }
        #expect(await owner.asked == 0)

        await owner.goAway()
        await next.unlock()
        #expect(next.screen == .home && next.isLocked)
        #expect(next.session?.error == .userAuthenticationFailed(reason: .failed, message: "not the owner"))
        await owner.goAway(false)
        await next.unlock()
        #expect(next.screen == .home && !next.isLocked)
        #expect(next.session?.error == nil)
        #expect(next.session?.profile?.email == "ada@example.com")
        // The lock is already open.
        await next.unlock()
        #expect(await owner.asked == 2)
        await server.stop()
    }

    @Test func whoIsNotRecognisedSignsOutAndInAgain() async throws {
        let (server, folder, owner) = (try await IdentityServer.start(), try TemporaryFolder(), Owner())
        let model = try await signedInBefore(server, folder, owner)
        await model.start()
        await owner.goAway()
        await model.unlock()
        #expect(model.session?.error != nil)
        await model.signOut()
        #expect(model.screen == .welcome(nil) && !model.isLocked)
        #expect(model.session?.error == nil)
        await model.signIn(using: TestBrowser())
        #expect(model.screen == .home && !model.isLocked)
        #expect(await owner.asked == 1)
        await server.stop()
    }

    /// After the Keychain's dialogue was cancelled, the session is read first, and then the app's lock asks.
    @Test func oneTapUnlocksBoth() async throws {
        let (server, folder, owner) = (try await IdentityServer.start(), try TemporaryFolder(), Owner())
        let model = try await signedInBefore(server, folder, owner)
        #expect(model.screen == .loading)
        await model.unlock()
        #expect(model.screen == .home && !model.isLocked)
        #expect(await owner.asked == 1)
        await server.stop()
    }

    @Test func withoutTheSettingNobodyIsAsked() {
        #expect(AppSettings().lock(reason: "why", opensFor: Owner()) == nil)
    }
}
