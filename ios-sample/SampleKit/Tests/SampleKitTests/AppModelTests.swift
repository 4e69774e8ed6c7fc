import Foundation
import Pilotlight
import ServerSupport
import Testing

@testable import SampleKit

@MainActor @Suite(.timeLimit(.minutes(1))) struct AppModelTests {
    private func model(_ server: IdentityServer, _ folder: TemporaryFolder) -> AppModel {
        var settings = AppSettings()
        settings.address = server.issuer
        let file = folder.file("session")
        return AppModel(settings: settings) {
            (try Session($0.configuration(), storage: .file(file), log: .none), nil)
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
        await model.session?.renew()
        #expect(model.session?.error == nil)
        #expect(try await server.counter("refresh_grants") == calls + 1)
        try await server.revoke("ada@example.com")
        await model.session?.renew()
        guard case .signInRequired = model.session?.error else {
            Issue.record("\(String(describing: model.session?.error))")
            return
        }
        await settle { model.screen == .welcome(.refreshTokenRejected) }
        model.session?.dismissError()
        #expect(model.session?.error == nil)
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
        guard case .signInFailed = model.session?.error else {
            Issue.record("\(String(describing: model.session?.error))")
            return
        }
        model.session?.dismissError()
        await model.signIn(using: TestBrowser())
        #expect(model.screen == .home && model.session?.error == nil)
        await server.stop()
    }

    @Test func wrongSettingsAreHelpedInTheSettings() async throws {
        var saved: AppSettings?
        let model = AppModel(save: { saved = $0 }) {
            (try Session($0.configuration(), storage: .inMemory, log: .none), nil)
        }
        await model.start()
        var settings = model.settings
        settings.address = "not a host"
        await model.apply(settings)
        guard case .unavailable(.configurationInvalid(field: "domain", _)) = model.screen else {
            Issue.record("\(model.screen)")
            return
        }
        #expect(saved == settings)
        settings.address = "tenant.eu.auth0.com"
        await model.apply(settings)
        #expect(model.screen == .welcome(nil))
        #expect(model.session?.session.configuration.provider == .auth0(domain: "tenant.eu.auth0.com"))
    }

    /// The screens still show the previous session when the new one is opened.
    @Test func otherSettingsCountAtOnce() async throws {
        let server = try await IdentityServer.start()
        try await server.change(["dpop": "offered"])
        let model = model(server, try TemporaryFolder())
        await model.start()
        await model.signIn(using: TestBrowser())
        let shown = model.session
        #expect(shown?.session.boundKey == nil)
        var settings = model.settings
        settings.bindsTokens = true
        await model.apply(settings)
        await model.session?.renew()
        #expect(model.session?.error == nil)
        #expect(model.session?.session.boundKey != nil)
        #expect(shown?.session.boundKey == model.session?.session.boundKey, "both are handles to it")
        await server.stop()
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
        (.locked, .locked), (.home, .home), (.empty, .home), (.factor, .home), (.offline, .home), (.waiting, .home),
        (.migrated, .home),
    ]) func everyStubIsTheScreenThatItIsFor(state: StubState, screen: AppModel.Screen) async {
        let model = state.model()
        if state != .loading { await model.start() }
        #expect(model.screen == screen)
    }

    @Test func theStubsOfFaultsSayWhatToDo() async {
        let (misconfigured, broken) = (StubState.misconfigured.model(), StubState.broken.model())
        await misconfigured.start()
        await broken.start()
        guard case .unavailable(.configurationInvalid) = misconfigured.screen,
            case .unavailable(.storageFailed) = broken.screen
        else {
            Issue.record("\(misconfigured.screen) \(broken.screen)")
            return
        }
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
        let history = History(of: .preview(state: nil))
        for number in 0..<300 { history.add(.state(number % 2 == 0 ? .signedOut : .locked)) }
        #expect(history.entries.count == 100)
        #expect(history.entries.first?.id == 300)
        #expect(history.entries.first?.moment == .state(.locked))
    }

    @Test func theHistoryFollowsTheSession() async {
        let model = StubState.home.model()
        await settle { states(model).count == 1 }
        await model.session?.renew()
        await model.signOut()
        await settle { states(model).count == 2 && events(model).count == 2 }
        #expect(states(model).first == .signedOut)
        #expect(events(model).first == .signedOut(elsewhere: false))
        guard case .renewed = events(model).last else {
            Issue.record("\(events(model))")
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
            await settle { events(model).contains(.profileChanged) }
            #expect(events(model).last == .signedIn(subject: "auth0|ada", by: .browser))
        }
        let next = model(server, folder)
        await next.start()
        await settle { !events(next).isEmpty && !states(next).isEmpty }
        #expect(events(next) == [.restored(subject: "auth0|ada")])
        #expect(states(next).count == 1)

        // The inspector shows no token.
        let token = try await next.session?.session.accessToken(forceRefresh: true)
        await settle { events(next).count == 2 }
        var shown = ""
        dump(next.history?.entries, to: &shown)
        #expect(!shown.contains(try #require(token).suffix(20)))
        await server.stop()
    }

    /// Does what the app does when one of the SDK's buttons is pressed and when the state changes.
    @Test func severalUsersAndTheOneThatIsShown() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let name = "pilotlight-test-\(UUID().uuidString)"
        defer { UserDefaults().removePersistentDomain(forName: name) }
        var settings = AppSettings()
        settings.address = server.issuer
        let storage = SessionStorage.file(folder.file("session"))
        let make = {
            let defaults = try #require(UserDefaults(suiteName: name))
            return AppModel(settings: settings) {
                let configuration = $0.configuration()
                return (
                    try Session(configuration, storage: storage, log: .none),
                    SessionAccounts(configuration, storage: storage, log: .none, defaults: defaults)
                )
            }
        }
        let model = try make()
        await model.start()
        #expect(model.screen == .welcome(nil))
        await model.signIn(using: TestBrowser())
        #expect(model.accounts?.all.count == 1)
        #expect(model.session?.profile?.email == "ada@example.com")
        let accounts = try #require(model.accounts)
        try await accounts.add(using: TestBrowser(signInAs: "grace@example.com"))
        await model.showCurrent()
        #expect(model.screen == .home)
        await model.session?.loadProfile()
        #expect(model.session?.profile?.email == "grace@example.com")
        await settle { states(model).count == 1 }
        #expect(accounts.all.count == 2)

        let next = try make()
        await next.start()
        #expect(next.session?.profile?.email == "grace@example.com")
        await next.signOut()
        #expect(next.screen == .home)
        #expect(next.session?.profile?.email == "ada@example.com")
        await next.signOut()
        #expect(next.screen == .welcome(nil))
        #expect(next.accounts?.all.isEmpty == true)
        // The first user's session is reused.
        await next.signIn(using: TestBrowser())
        #expect(next.screen == .home)
        await server.stop()
    }

    private func states(_ model: AppModel) -> [SessionState] {
        model.history?.entries.compactMap { if case .state(let state) = $0.moment { state } else { nil } } ?? []
    }

    private func events(_ model: AppModel) -> [SessionEvent] {
        model.history?.entries.compactMap { if case .event(let event) = $0.moment { event } else { nil } } ?? []
    }
}

extension AppModel {
    /// Does what the welcome screen's button does, and what the screens do when the state has changed.
    func signIn(using authenticator: some WebAuthenticator) async {
        await session?.signIn(using: authenticator)
        await showCurrent()
        if screen == .home { await session?.loadProfile(maxAge: 60) }
    }
}

/// Lets other tasks on the main actor run until `condition` holds; otherwise the suite's time limit ends the wait.
@MainActor
func settle(_ condition: () -> Bool) async {
    while !condition(), !Task.isCancelled { await Task.yield() }
}
