import Foundation
import Pilotlight
import SampleKit
import ServerSupport
import Testing

@MainActor @Suite struct AppPartsTests {
    @Test func settingsMakeSessionsOfEitherKind() throws {
        var settings = AppSettings()
        settings.address = "  tenant.eu.auth0.com\n"
        settings.redirectURI = " app://callback "
        let auth0 = settings.configuration()
        #expect(auth0.provider == .auth0(domain: "tenant.eu.auth0.com"))
        #expect(auth0.redirectURI == "app://callback")
        #expect(auth0.metadataAccess)
        #expect(settings.exampleRequest == "https://tenant.eu.auth0.com/userinfo")
        #expect(AppSettings().exampleRequest == "http://127.0.0.1:8080/userinfo")
        (settings.isAuth0, settings.address) = (false, "https://issuer.example.com ")
        #expect(settings.exampleRequest.isEmpty)
        let other = settings.configuration()
        #expect(other.provider == .openIDConnect(issuer: "https://issuer.example.com"))
        #expect(!other.metadataAccess)
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
        let defaults = try #require(UserDefaults(suiteName: name))
        #expect(AppSettings(savedIn: defaults) == nil)
        settings.save(in: defaults)
        #expect(AppSettings(savedIn: try #require(UserDefaults(suiteName: name))) == settings)
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
        // The last two are those that Apple advises against; the settings show them separately.
        for accessibility in KeychainAccessibility.allCases {
            settings.accessibility = accessibility
            #expect(settings.storage(in: places, prompt: "") == keychain(accessibility, nil))
        }
        #expect(KeychainAccessibility.allCases.count == 7)
        #expect(KeychainAccessibility.allCases.suffix(2) == [.alwaysThisDeviceOnly, .always])
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
        let editor = MetadataEditor(session)
        #expect(!editor.hasLoaded)
        await editor.load()
        #expect(editor.hasLoaded)
        #expect(editor[flag: "active"])
        #expect(!editor[flag: "newsletter"])
        #expect(!editor.hasChanges)
        editor[flag: "active"] = false
        editor[text: "first_name"] = "Augusta"
        #expect(await editor.save())
        #expect(editor.error == nil)
        #expect(try await server.metadata(of: "ada@example.com") == ["first_name": "Augusta", "active": false])
        await server.stop()
    }

    @Test func theWidgetLooksAndChangesNothing() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let storage = SessionStorage.file(folder.file("session"))
        let reader = { try Session(server.auth0(), storage: storage, readOnly: true, log: .none) }
        #expect(try await reader().glance() == .signedOut)
        let session = try Session(server.auth0(), storage: storage, log: .none)
        try await session.signIn(using: TestBrowser())
        _ = try await session.profile()
        let calls = try await server.requests(to: "token")
        let looking = try reader()
        #expect(try await looking.glance().isSignedIn)
        #expect(looking.cachedProfile?.name == session.cachedProfile?.name)
        #expect(try await server.requests(to: "token") == calls)
        try await server.revoke("ada@example.com")
        await #expect(throws: SessionError.self) { _ = try await session.accessToken(forceRefresh: true) }
        #expect(try await reader().glance() == .reauthenticationRequired(reason: .refreshTokenRejected))
        #expect(try await Session.preview(state: .locked).glance() == .locked)
        let broken = SessionError.storageFailed(status: nil, message: "")
        await #expect(throws: broken) { try await Session.preview(state: nil, failingWith: broken).glance() }
        let asking = SessionError.userAuthenticationFailed(reason: .failed, message: "")
        #expect(try await Session.preview(state: nil, failingWith: asking).glance() == .locked)
        await server.stop()
    }
}
