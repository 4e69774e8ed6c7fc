#if canImport(Observation)
import Foundation
import IdentityServerSupport
import Observation
import Pilotlight
import Testing

/// Several users of one app, with a real store and a real server.
@MainActor
struct AccountsTests {
    private let server: IdentityServer
    private let configuration: SessionConfiguration
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    private let suite = "pilotlight-accounts-\(UUID().uuidString)"
    private let defaults: UserDefaults

    init() async throws {
        server = try await IdentityServer.start()
        configuration = server.auth0()
        defaults = try #require(UserDefaults(suiteName: suite))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func end() async {
        await server.stop()
        defaults.removePersistentDomain(forName: suite)
        try? FileManager.default.removeItem(at: folder)
    }

    /// A launch of the app. For another pretended process the path of the same file is written differently.
    private func launch(process: Int = 0) async throws -> SessionAccounts {
        let file = folder.path + String(repeating: "/.", count: process) + "/sessions"
        let accounts = SessionAccounts(
            configuration, storage: .file(URL(fileURLWithPath: file)), log: .none, defaults: defaults)
        try await accounts.restore()
        return accounts
    }

    private func subjects(_ accounts: SessionAccounts) -> [String] {
        accounts.all.compactMap {
            if case .signedIn(let subject, _)? = $0.session.state { subject } else { nil }
        }
    }

    @Test func usersAreAddedSwitchedAndRemovedAndFoundAgainAtTheNextLaunch() async throws {
        let accounts = try await launch()
        #expect(accounts.all.isEmpty && accounts.current == nil)
        let ada = try await accounts.add(using: TestBrowser(signInAs: "ada@example.com"))
        let grace = try await accounts.add(using: TestBrowser(signInAs: "grace@example.com"))
        #expect(accounts.all == [ada, grace] && accounts.current == grace)
        await ada.model.loadProfile()
        #expect(ada.model.profile?.email == "ada@example.com")
        accounts.makeCurrent(ada)

        let next = try await launch()
        #expect(subjects(next) == ["auth0|ada", "auth0|grace"])
        #expect(next.current == ada)
        #expect(next.current?.model.profile?.email == "ada@example.com", "kept with the session")
        #expect(SessionAccounts.currentName(for: configuration, in: defaults) == ada.id)

        await next.remove(ada)
        #expect(next.all == [grace] && next.current == grace)
        #expect(try await server.requests(to: "revoke") == 1)
        #expect(try await launch().all == [grace])
        await end()
    }

    /// The app has two processes, as if an extension had an account menu too.
    @Test func whatAnotherProcessDoesIsSeen() async throws {
        let (app, other) = (try await launch(), try await launch(process: 1))
        let ada = try await app.add(using: TestBrowser(signInAs: "ada@example.com"))
        try await other.restore()
        #expect(other.all == [ada] && other.current == ada)
        let grace = try await other.add(using: TestBrowser(signInAs: "grace@example.com"))
        try await app.restore()
        #expect(subjects(app) == ["auth0|ada", "auth0|grace"] && app.current == grace)
        await app.current?.model.loadProfile()
        await other.remove(ada)
        try await app.restore()
        #expect(app.all == [grace] && app.current == grace)
        #expect(app.current?.model.profile?.email == "grace@example.com")
        _ = try await grace.session.accessToken(forceRefresh: true)
        await end()
    }

    /// A menu is redrawn when an account is added, becomes current, or is removed; each account has a name and a picture.
    @Test func aMenuIsDrawnAgain() async throws {
        let accounts = try await launch()
        let changes = Changes()
        func watch() {
            withObservationTracking {
                _ = (accounts.all, accounts.current)
            } onChange: {
                changes.count()
            }
        }
        watch()
        let ada = try await accounts.add(using: TestBrowser(signInAs: "ada@example.com"))
        #expect(changes.counted == 1)
        await ada.model.loadProfile()
        #expect(ada.model.profile?.name != nil && ada.model.profile?.pictureURL != nil)
        try await accounts.add(using: TestBrowser(signInAs: "grace@example.com"))
        watch()
        accounts.makeCurrent(ada)
        #expect(changes.counted == 2)
        watch()
        await accounts.remove(ada)
        #expect(changes.counted == 3)
        await end()
    }

    private final class Changes: @unchecked Sendable {
        private let lock = NSLock()
        private var changes = 0
        var counted: Int { lock.withLock { changes } }
        func count() { lock.withLock { changes += 1 } }
    }

    @Test func aUserWhoSignsInOnceMoreHasOneAccount() async throws {
        let accounts = try await launch()
        try await accounts.add(using: TestBrowser(signInAs: "ada@example.com"))
        let again = try await accounts.add(using: TestBrowser(signInAs: "ada@example.com"))
        #expect(accounts.all == [again] && accounts.current == again)
        #expect(try await server.requests(to: "revoke") == 0, "it could end the newer session")
        #expect(try await launch().all == [again])
        await accounts.remove(again)
        #expect(accounts.all.isEmpty && accounts.current == nil)
        #expect(try await launch().all.isEmpty)
        #expect(try await server.requests(to: "revoke") == 2)
        await end()
    }

    /// Each attempt is a race, so there are some. No restore begins after the change, because it would find it.
    @Test func whatHappensDuringARestoreStays() async throws {
        let accounts = try await launch()
        let ada = try await accounts.add(using: TestBrowser(signInAs: "ada@example.com"))
        for attempt in 0..<30 {
            let grace = try await whileRestoring(accounts) {
                try await $0.add(using: TestBrowser(signInAs: "grace@example.com"))
            }
            #expect(accounts.all == [ada, grace] && accounts.current == grace, "attempt \(attempt)")
            try await whileRestoring(accounts) { $0.makeCurrent(ada) }
            #expect(accounts.current == ada, "attempt \(attempt)")
            try await whileRestoring(accounts) { await $0.remove(grace) }
            #expect(accounts.all == [ada] && accounts.current == ada, "attempt \(attempt)")
        }
        await end()
    }

    private func whileRestoring<Value: Sendable>(
        _ accounts: SessionAccounts, _ change: @MainActor (SessionAccounts) async throws -> Value
    ) async throws -> Value {
        let restoring = Task {
            while !Task.isCancelled {
                try await accounts.restore()
                await Task.yield()
            }
        }
        await Task.yield()
        let value = try await change(accounts)
        restoring.cancel()
        do { try await restoring.value } catch is CancellationError {}
        return value
    }

    @Test func theSessionThatAnAppHadBeforeIsTheFirstAccount() async throws {
        let session = try Session(
            configuration, storage: .file(folder.appendingPathComponent("sessions")), log: .none)
        try await session.signIn(using: TestBrowser(signInAs: "ada@example.com"))
        let accounts = try await launch()
        #expect(accounts.all.map(\.id) == ["default"])
        try await accounts.add(using: TestBrowser(signInAs: "grace@example.com"))
        #expect(subjects(try await launch()) == ["auth0|ada", "auth0|grace"])
        await end()
    }

    @Test func aSignInThatFailsChangesNothing() async throws {
        let accounts = try await launch()
        let ada = try await accounts.add(using: TestBrowser(signInAs: "ada@example.com"))
        await #expect(throws: SessionError.self) {
            try await accounts.add(using: TestBrowser(signInAs: "nobody@example.com"))
        }
        #expect(accounts.all == [ada] && accounts.current == ada)
        #expect(try await launch().all == [ada])
        await end()
    }
}
#endif
