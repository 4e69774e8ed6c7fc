import Foundation
import Pilotlight
import ServerSupport
import Testing

@testable import SampleKit

@MainActor @Suite(.timeLimit(.minutes(1))) struct AppModelTests {
    private func model(_ server: IdentityServer, _ folder: TemporaryFolder) -> AppModel {
        let settings = { (settings: AppSettings) in
            var changed = settings
            changed.address = server.issuer
            return changed
        }
        let file = folder.file("session")
        return AppModel(store: VolatileSettingsStore(), override: settings) {
            try $0.sessionSettings.makeSession(storage: .file(file), log: .none)
        }
    }

    @Test func aDayWithTheApp() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        do {
            let model = model(server, folder)
            #expect(model.screen == .loading)
            await model.start()
            #expect(model.screen == .welcome(nil))
            await model.signIn(using: TestBrowser())
            #expect(model.screen == .home)
            #expect(model.session?.profile?.email == "ada@example.com")
        }
        let next = model(server, folder)
        await next.start()
        #expect(next.screen == .home)
        #expect(next.session?.profile?.email == "ada@example.com")
        try await server.goOffline()
        await next.session?.loadProfile(refresh: true)
        #expect(next.screen == .home)
        #expect(next.session?.error != nil)
        #expect(next.session?.profile?.email == "ada@example.com")
        try await server.goOnline()
        await next.signOut()
        #expect(next.screen == .welcome(nil))
        await server.stop()
    }

    @Test func aRefusedRefreshTokenAsksForANewSignInAndSaysWhy() async throws {
        let server = try await IdentityServer.start()
        let model = model(server, try TemporaryFolder())
        await model.start()
        await model.signIn(using: TestBrowser())
        let calls = try await server.counter("refresh_grants")
        await model.token?.renew()
        #expect(model.token?.advice == nil)
        #expect(try await server.counter("refresh_grants") == calls + 1)
        try await server.revoke("ada@example.com")
        await model.token?.renew()
        #expect(model.token?.advice?.needsSignIn == true)
        await settle { model.screen == .welcome(.refreshTokenRejected) }
        model.token?.dismiss()
        #expect(model.token?.advice == nil)
        await model.signIn(using: TestBrowser())
        #expect(model.screen == .home)
        await server.stop()
    }

    @Test func aRefusedOrCancelledSignInLeavesTheWelcome() async throws {
        struct Closed: WebAuthenticator {
            func authenticate(url: URL, redirectURI: URL) async throws -> URL { throw SessionError.signInCancelled }
        }
        let server = try await IdentityServer.start()
        let model = model(server, try TemporaryFolder())
        await model.start()
        await model.signIn(using: Closed())
        #expect(model.screen == .welcome(nil))
        #expect(model.session?.isBusy == false && model.session?.error == nil)
        await model.signIn(using: TestBrowser(denyWith: "access_denied"))
        #expect(model.screen == .welcome(nil))
        let error = try #require(model.session?.error)
        #expect(Advice(error)?.canRetry == true)
        model.session?.dismissError()
        await model.signIn(using: TestBrowser())
        #expect(model.screen == .home && model.session?.error == nil)
        await server.stop()
    }

    @Test func wrongSettingsAreHelpedInTheSettings() async throws {
        let store = VolatileSettingsStore()
        let model = AppModel(store: store) { settings in
            try settings.sessionSettings.makeSession(storage: .inMemory, log: .none)
        }
        await model.start()
        var settings = model.settings
        settings.address = "not a host"
        await model.apply(settings)
        guard case .unavailable(let advice, settingsHelp: true) = model.screen else {
            Issue.record("\(model.screen)")
            return
        }
        #expect(!advice.canRetry)
        #expect(store.load() == settings)
        settings.address = "tenant.eu.auth0.com"
        await model.apply(settings)
        #expect(model.screen == .welcome(nil))
        #expect(model.session?.session.configuration.provider == .auth0(domain: "tenant.eu.auth0.com"))
    }

    @Test func theSameSettingsOpenNothingAnew() async {
        let model = StubState.home.model()
        let session = model.session
        await model.apply(model.settings)
        #expect(model.session === session)
    }

    @Test(arguments: [
        (StubState.loading, AppModel.Screen.loading), (.welcome, .welcome(nil)),
        (.expired, .welcome(.refreshTokenRejected)),
        (.locked, .locked), (.home, .home), (.empty, .home), (.offline, .home), (.waiting, .home), (.migrated, .home),
    ]) func everyStubIsTheScreenThatItIsFor(state: StubState, screen: AppModel.Screen) async {
        let model = state.model()
        if state.starts { await model.start() }
        #expect(model.screen == screen)
    }

    @Test func theStubsOfFaultsSayWhatToDo() async {
        let (misconfigured, broken) = (StubState.misconfigured.model(), StubState.broken.model())
        await misconfigured.start()
        await broken.start()
        guard case .unavailable(_, settingsHelp: true) = misconfigured.screen,
            case .unavailable(_, settingsHelp: false) = broken.screen
        else {
            Issue.record("\(misconfigured.screen) \(broken.screen)")
            return
        }
        #expect(StubState(arguments: ["-x", "-stub", "offline"]) == .offline)
        #expect(StubState(arguments: ["-stub", "migrated"]) == .migrated)
        #expect(StubState(arguments: ["-stub"]) == nil)
        #expect(Place(arguments: ["-stub", "home", "-screen", "metadata"]) == .metadata)
        #expect(Place(arguments: ["-screen"]) == nil)
        #expect(Place(arguments: ["-screen", "nonsense"]) == nil)
        #expect(StubState(arguments: ["-stub", "nonsense"]) == nil)
    }

    @Test func theOfflineStubShowsTheProfileAndTheReason() async {
        let model = StubState.offline.model()
        await model.start()
        await model.session?.loadProfile()
        #expect(model.session?.profile?.name == "Ada Lovelace")
        guard case .temporarilyUnavailable(.network, _, _) = model.session?.error else {
            Issue.record("no error")
            return
        }
    }

    @Test func theHistoryHasTheLastHundred() async {
        let history = History<SessionState>()
        for second in 0..<300 {
            history.add(second % 2 == 0 ? .signedOut : .locked, at: Date(timeIntervalSince1970: Double(second)))
        }
        #expect(history.entries.count == 100)
        #expect(history.entries.first?.id == 300)
        #expect(history.entries.first?.item == .locked)
    }

    @Test func theHistoryFollowsTheSession() async {
        let model = StubState.home.model()
        await settle { model.states.entries.count == 1 }
        await model.token?.renew()
        await model.signOut()
        await settle { model.states.entries.count == 2 && model.events.entries.count == 2 }
        #expect(model.states.entries.first?.item == .signedOut)
        #expect(model.events.entries.first?.item == .signedOut(elsewhere: false))
        guard case .renewed = model.events.entries.last?.item else {
            Issue.record("\(model.events.entries)")
            return
        }
    }

    @Test func whatHappensAtTheLaunchIsInTheHistory() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        do {
            let model = model(server, folder)
            await model.start()
            await model.signIn(using: TestBrowser())
            await settle { model.events.entries.contains { $0.item == .profileChanged } }
            #expect(model.events.entries.last?.item == .signedIn(subject: "auth0|ada", by: .browser))
        }
        let next = model(server, folder)
        await next.start()
        await settle { !next.events.entries.isEmpty && !next.states.entries.isEmpty }
        #expect(next.events.entries.map(\.item) == [.restored(subject: "auth0|ada")])
        #expect(next.states.entries.count == 1)

        // What the inspector shows has no token in it.
        let token = try await next.session?.session.accessToken(forceRefresh: true)
        await settle { next.events.entries.count == 2 }
        var shown = ""
        dump(next.states.entries, to: &shown)
        dump(next.events.entries, to: &shown)
        #expect(!shown.contains(try #require(token).suffix(20)))
        await server.stop()
    }
}

/// Lets what was begun on the main actor go on until `condition` holds; the suite's time limit ends it otherwise.
@MainActor
func settle(_ condition: () -> Bool) async {
    while !condition(), !Task.isCancelled { await Task.yield() }
}
