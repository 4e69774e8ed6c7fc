import Foundation
import Pilotlight
import SampleKit
import ServerSupport
import Testing

@MainActor @Suite struct AppPartsTests {
    @Test(
        arguments: [
            (-1.0, TokenLife.over, nil), (0, .over, nil), (0.2, .ending(1), "0:01"), (60, .ending(60), "1:00"),
            (61, .good(61), "1:01"), (3599, .good(3599), "59:59"), (3600, .good(3600), "1:00:00"),
            (86_399, .good(86_399), "23:59:59"), (1e12, .good(1_000_000_000), nil),
        ] as [(Double, TokenLife, String?)]) func aTokensLifeIsShownAsAClock(
            left: Double, life: TokenLife, clock: String?
        )
    {
        let now = Date(timeIntervalSince1970: 1_000_000)
        let shown = TokenLife(until: now.addingTimeInterval(left), at: now)
        #expect(shown == life)
        #expect(shown.clock == clock)
        #expect(TokenLife(until: .distantFuture, at: now).clock == nil)
    }

    @Test func settingsMakeSessionsOfEitherKind() throws {
        var settings = AppSettings()
        settings.address = "  tenant.eu.auth0.com\n"
        settings.redirectURI = ""
        #expect(settings.sessionSettings.provider == .auth0(domain: "tenant.eu.auth0.com"))
        #expect(settings.sessionSettings.redirectURI == nil)
        #expect(settings.sessionSettings.metadataAccess)
        #expect(settings.exampleRequest == "https://tenant.eu.auth0.com/userinfo")
        #expect(AppSettings().exampleRequest == "http://127.0.0.1:8080/userinfo")
        settings.issuer = .openIDConnect
        #expect(settings.exampleRequest.isEmpty)
        #expect(settings.sessionSettings.provider == .openIDConnect(issuer: "tenant.eu.auth0.com"))
        #expect(!settings.sessionSettings.metadataAccess)
    }

    @Test func anAddressOnThisMachineIsKnown() {
        var settings = AppSettings()
        #expect(settings.isOnDevice(environment: [:]), "no issuer runs there")
        #expect(!settings.isOnDevice(environment: ["SIMULATOR_DEVICE_NAME": "iPhone 16"]), "it runs on the Mac")
        for (address, isLoopback) in [
            ("http://localhost:8080", true), ("https://[::1]/", true), (" 127.0.0.1 ", true),
            ("tenant.eu.auth0.com", false), ("https://issuer.example.com/realms/a", false), ("", false),
            ("https://localhost.example.com", false),
        ] {
            settings.address = address
            #expect(settings.isOnDevice(environment: [:]) == isLoopback, "\(address)")
        }
    }

    @Test func settingsSurviveBeingSaved() throws {
        var settings = AppSettings()
        settings.biometricLock = true
        settings.accessibility = .whenUnlockedThisDeviceOnly
        settings.parameters = ["prompt": "login"]
        let saved = try JSONEncoder().encode(settings)
        #expect(try JSONDecoder().decode(AppSettings.self, from: saved) == settings)
        let name = "pilotlight-test-\(UUID().uuidString)"
        defer { UserDefaults().removePersistentDomain(forName: name) }
        let store = SharedSettingsStore(appGroup: name)
        #expect(store.load() == nil)
        store.save(settings)
        #expect(SharedSettingsStore(appGroup: name).load() == settings)
    }

    @Test func launchArgumentsChangeWhatTheyName() {
        var saved = AppSettings()
        saved.isEphemeral = true
        let merged = saved.merging(
            SessionSettings(
                provider: .openIDConnect(issuer: "https://i"), clientID: "c", parameters: ["sign_in_as": "ada"]))
        #expect(merged.issuer == .openIDConnect)
        #expect(merged.address == "https://i")
        #expect(merged.clientID == "c")
        #expect(merged.redirectURI == saved.redirectURI)
        #expect(merged.isEphemeral)
        #expect(merged.parameters == ["sign_in_as": "ada"])
    }

    @Test func theKeychainOptionsFollowTheSettings() throws {
        let plist = ["PilotlightService": "s", "PilotlightAccessGroup": "T.g", "PilotlightAppGroup": "group.g"]
        let places = try #require(SharedPlaces { plist[$0] })
        #expect(SharedPlaces { $0 == "PilotlightService" ? "s" : nil } == nil)
        var settings = AppSettings()
        settings.accessibility = .whenPasscodeSetThisDeviceOnly
        settings.biometricLock = true
        func keychain(_ accessibility: KeychainAccessibility, _ control: KeychainAccessControl?) -> SessionStorage {
            .keychain(
                service: "s", accessGroup: "T.g", appGroup: "group.g", accessibility: accessibility,
                accessControl: control)
        }
        #expect(
            settings.storage(in: places, prompt: "why")
                == keychain(
                    .whenPasscodeSetThisDeviceOnly, KeychainAccessControl(.userPresence, prompt: "why", reuse: 60)))
        settings.biometricLock = false
        // Each of the seven classes is the SDK's of that name, and two are those that Apple advises against.
        for accessibility in AppSettings.Accessibility.allCases {
            settings.accessibility = accessibility
            #expect("\(accessibility.keychain)" == accessibility.rawValue)
            #expect(settings.storage(in: places, prompt: "") == keychain(accessibility.keychain, nil))
        }
        #expect(AppSettings.Accessibility.allCases.count == 7)
        #expect(AppSettings.Accessibility.allCases.filter(\.isDeprecated) == [.alwaysThisDeviceOnly, .always])
        settings.accessibility = .whenUnlocked
        (settings.isSynchronizable, settings.forgetsAfterReinstall) = (true, true)
        #expect(
            settings.storage(in: places, prompt: "")
                == .keychain(
                    service: "s", accessGroup: "T.g", appGroup: "group.g", accessibility: .whenUnlocked,
                    synchronizable: true, afterReinstall: .wipe))
    }

    @Test func theMetadataFormSendsSwitchesThatWereTurned() async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession(metadataAccess: true)
        try await server.setMetadata(of: "ada@example.com", ["first_name": "Ada", "active": true])
        let editor = MetadataEditor(session, names: ["first_name"], flags: ["active", "newsletter"])
        #expect(!editor.hasLoaded)
        await editor.load()
        #expect(editor.hasLoaded)
        #expect(editor[flag: "active"])
        #expect(!editor[flag: "newsletter"])
        #expect(!editor.hasChanges)
        editor[flag: "active"] = false
        editor[text: "first_name"] = "Augusta"
        #expect(await editor.save())
        #expect(editor.advice == nil)
        #expect(try await server.metadata(of: "ada@example.com") == ["first_name": "Augusta", "active": false])
        await server.stop()
    }

    @Test func theWidgetLooksAndChangesNothing() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let storage = SessionStorage.file(folder.file("session"))
        let reader = { try Session(try server.auth0(), storage: storage, readOnly: true, log: .none) }
        #expect(await SessionGlance.look(at: nil) == .unavailable)
        #expect(await SessionGlance.look(at: try reader()) == .signedOut)
        let session = try Session(try server.auth0(), storage: storage, log: .none)
        try await session.signIn(using: TestBrowser())
        _ = try await session.profile()
        let calls = try await server.requests(to: "token")
        guard case .signedIn(let name, _) = await SessionGlance.look(at: try reader()) else {
            Issue.record("not signed in")
            return
        }
        #expect(name == session.cachedProfile?.name)
        #expect(try await server.requests(to: "token") == calls)
        try await server.revoke("ada@example.com")
        await #expect(throws: SessionError.self) { _ = try await session.accessToken(forceRefresh: true) }
        #expect(await SessionGlance.look(at: try reader()) == .signInAgain)
        #expect(await SessionGlance.look(at: .preview(state: .locked)) == .locked)
        let asking = SessionError.userAuthenticationFailed(cancelled: false, message: "")
        #expect(await SessionGlance.look(at: .preview(state: nil, failingWith: asking)) == .locked)
        await server.stop()
    }
}
