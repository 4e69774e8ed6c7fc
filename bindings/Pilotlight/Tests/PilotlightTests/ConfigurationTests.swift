import Foundation
import Testing

@testable import Pilotlight

@Suite struct ConfigurationTests {
    @Test func auth0HasGoodDefaults() {
        let made = SessionConfiguration.auth0(domain: "t.eu.auth0.com", clientID: "c", redirectURI: "app://cb")
        #expect(made.provider == .auth0(domain: "t.eu.auth0.com"))
        #expect(made.clientID == "c")
        #expect(made.scopes == ["openid", "profile", "email", "offline_access"])
        #expect(made.audience == nil)
        #expect(made.leeway == 60)
    }

    @Test(arguments: ["t.eu.auth0.com", "https://t.eu.auth0.com", "https://t.eu.auth0.com/"])
    func auth0RedirectURIFollowsTheConvention(domain: String) {
        let uri = SessionConfiguration.auth0RedirectURI(domain: domain, bundleID: "com.example.app")
        #if os(macOS)
        #expect(uri == "com.example.app.auth0://t.eu.auth0.com/macos/com.example.app/callback")
        #else
        #expect(uri == "com.example.app.auth0://t.eu.auth0.com/ios/com.example.app/callback")
        #endif
    }

    @Test func withoutBundleIdentifierTheRedirectURIIsAskedFor() {
        #expect(SessionConfiguration.auth0RedirectURI(domain: "t", bundleID: nil) == nil)
        let empty = SessionConfiguration.auth0(domain: "t.eu.auth0.com", clientID: "c", redirectURI: "")
        #expect(fieldToFix { _ = try Session(empty, storage: .inMemory) } == "redirectURI")
    }

    @Test func metadataAccessAsksForTheManagementAPI() throws {
        let made = SessionConfiguration.auth0(
            domain: "t.eu.auth0.com", clientID: "c", redirectURI: "app://cb", metadataAccess: true)
        let core = try made.core
        #expect(core.audience == "https://t.eu.auth0.com/api/v2/")
        #expect(Set(core.scopes).isSuperset(of: SessionConfiguration.auth0MetadataScopes))
        #expect(Set(core.scopes).isSuperset(of: SessionConfiguration.standardScopes))
        var both = made
        both.audience = "x"
        #expect(fieldToFix { _ = try Session(both, storage: .inMemory) } == "audience")
        var elsewhere = made
        elsewhere.provider = .openIDConnect(issuer: "https://issuer.example")
        #expect(fieldToFix { _ = try Session(elsewhere, storage: .inMemory) } == "metadataAccess")
    }

    @Test(arguments: [
        SessionLifetime(absolute: 0), SessionLifetime(absolute: -1), SessionLifetime(absolute: .nan),
        SessionLifetime(absolute: .infinity), SessionLifetime(absolute: 1e300), SessionLifetime(idle: -0.5),
        SessionLifetime(idle: .nan), SessionLifetime(absolute: 60, idle: 61), SessionLifetime(warning: -2),
        SessionLifetime(absolute: 60, warning: .nan),
    ]) func aLifetimeThatMakesNoSenseIsRefused(lifetime: SessionLifetime) {
        let field = fieldToFix {
            let made = SessionConfiguration.openIDConnect(
                issuer: "https://issuer.example", clientID: "c", redirectURI: "app://cb", lifetime: lifetime)
            _ = try Session(made, storage: .inMemory)
        }
        #expect(field == "lifetime")
    }

    @Test func aLifetimeIsGivenInWholeSeconds() throws {
        let lifetime = try SessionLifetime(absolute: 86_400, idle: 0.5).core
        #expect(lifetime.absoluteSeconds == 86_400 && lifetime.idleSeconds == 1 && lifetime.warningSeconds == 300)
        let none = try SessionLifetime.unlimited.core
        #expect(none.absoluteSeconds == nil && none.idleSeconds == nil)
    }

    @Test func eachWrongFieldIsNamed() {
        func field(_ configuration: SessionConfiguration) -> String? {
            fieldToFix { _ = try Session(configuration, storage: .inMemory) }
        }
        let issuer = "https://issuer.example"
        #expect(
            field(.openIDConnect(issuer: "http://issuer.example", clientID: "c", redirectURI: "app://cb")) == "issuer")
        #expect(field(.openIDConnect(issuer: issuer, clientID: " ", redirectURI: "app://cb")) == "clientID")
        #expect(field(.openIDConnect(issuer: issuer, clientID: "c", redirectURI: "no uri")) == "redirectURI")
        #expect(
            field(.openIDConnect(issuer: issuer, clientID: "c", redirectURI: "http://example.com")) == "redirectURI")
        #expect(
            field(.openIDConnect(issuer: issuer, clientID: "c", redirectURI: "app://cb", scopes: ["email"])) == "scopes"
        )
        #expect(
            field(.openIDConnect(issuer: issuer, clientID: "c", redirectURI: "app://cb", leeway: 301))
                == "leeway")
        #expect(
            field(
                .openIDConnect(
                    issuer: issuer, clientID: "c", redirectURI: "app://cb", authorizeParameters: ["state": "x"]))
                == "authorizeParameters")
        #expect(
            field(
                .openIDConnect(issuer: issuer, clientID: "c", redirectURI: "app://cb", resources: ["no uri"]))
                == "resources")
        #expect(
            field(
                .openIDConnect(
                    issuer: issuer, clientID: "c", redirectURI: "app://cb", headers: ["Authorization": "x"]))
                == "headers")
        #expect(field(.auth0(domain: "a/path", clientID: "c", redirectURI: "app://cb")) == "domain")
    }

    @Test func storagePlacesAreWhatTheySay() {
        #expect(SessionStorage.inMemory.core == .memory)
        #expect(SessionStorage.file(URL(fileURLWithPath: "/some/file")).core == .file(path: "/some/file"))
        guard case .keychain(let options) = SessionStorage.keychain().core else {
            Issue.record("no Keychain")
            return
        }
        #expect(!options.service.isEmpty)
        #expect(options.accessGroup == nil && options.lockPath == nil && options.accessControl == nil)
        #expect(options.accessibility == .afterFirstUnlockThisDeviceOnly)
        #expect(!options.synchronizable)
        #expect(options.installationMarkerPath == nil, "sessions are kept unless the app says otherwise")
    }

    @Test func whatAnAppChoosesReachesTheKeychain() {
        let control = KeychainAccessControl(.biometryAny, prompt: "Show your messages", reuse: 30)
        let storage = SessionStorage.keychain(
            service: "com.example", accessGroup: "TEAM.com.example.shared", accessibility: .whenUnlockedThisDeviceOnly,
            accessControl: control, afterReinstall: .wipe)
        guard case .keychain(let options) = storage.core else {
            Issue.record("no Keychain")
            return
        }
        #expect(options.service == "com.example" && options.accessGroup == "TEAM.com.example.shared")
        #expect(options.accessibility == .whenUnlockedThisDeviceOnly && options.accessControl == control.core)
        #expect(options.installationMarkerPath?.hasSuffix("/Pilotlight/installed") == true)
    }

    // macOS returns a container for every group, even if the entitlements do not name it (Apple,
    // containerURL(forSecurityApplicationGroupIdentifier:)).
    #if !os(macOS)
    @Test func anAppGroupThatIsNotThereIsNamed() {
        let field = fieldToFix {
            _ = try Session(
                .openIDConnect(issuer: "https://i.example", clientID: "c", redirectURI: "app://cb"),
                storage: .keychain(appGroup: "group.not.there"))
        }
        #expect(field == "storage")
    }
    #endif

    #if os(Linux)
    @Test func aPlatformWithoutKeychainSaysSo() {
        #expect(throws: SessionError.self) {
            try Session(
                .openIDConnect(issuer: "https://i.example", clientID: "c", redirectURI: "app://cb"),
                storage: .keychain())
        }
    }
    #endif
}

/// The field that a `configurationInvalid` names.
func fieldToFix(_ work: () throws -> Void) -> String? {
    do {
        try work()
        return nil
    } catch SessionError.configurationInvalid(let field, let message) {
        #expect(message.text.contains(field))
        return field
    } catch {
        Issue.record(error)
        return nil
    }
}

@Suite final class Auth0PropertyListTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("Auth0-\(UUID().uuidString)")

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    private func file(_ text: String?) throws -> URL? {
        guard let text else { return nil }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let url = folder.appendingPathComponent("\(UUID().uuidString).plist")
        try Data(text.utf8).write(to: url)
        return url
    }

    private func plist(_ members: String) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <plist version="1.0"><dict>\(members)</dict></plist>
        """
    }

    @Test func clientAndDomainAreRead() throws {
        let url = try file(plist("<key>ClientId</key><string>c</string><key>Domain</key><string>t.auth0.com</string>"))
        let read = try Auth0PropertyList(url)
        #expect(read.clientID == "c" && read.domain == "t.auth0.com")
    }

    @Test func whatIsMissingIsNamed() throws {
        let cases = [
            nil: "is not in the bundle", "no plist": "is no property list",
            plist("<key>Domain</key><string>t</string>"): "has no ClientId",
            plist("<key>ClientId</key><string>c</string>"): "has no Domain",
        ]
        for (text, problem) in cases {
            do {
                _ = try Auth0PropertyList(try file(text))
                Issue.record("read \(text ?? "nothing")")
            } catch SessionError.configurationInvalid(let field, let message) {
                #expect(field == "Auth0.plist" && message.text.contains(problem))
            }
        }
        #expect(fieldToFix { _ = try SessionConfiguration.auth0() } == "Auth0.plist")
    }
}
