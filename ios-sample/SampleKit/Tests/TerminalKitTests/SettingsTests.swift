import Pilotlight
import TerminalKit
import Testing

@Suite struct SettingsTests {
    private func settings(_ words: [String], _ environment: [String: String] = [:]) throws -> SessionSettings {
        let scanner = try ArgumentScanner(
            words, flags: Set(SessionSettings.flags.map(\.name)),
            switches: Set(SessionSettings.switches.map(\.name)))
        return try SessionSettings(scanner, environment: environment)
    }

    @Test func flagsAreReadInEitherForm() throws {
        let read = try settings([
            "--domain", "t.eu.auth0.com", "--client-id=c", "--redirect-uri", "app://cb", "--scope", "openid email",
            "--audience=https://api", "--param", "prompt=login", "--param", "a=b=c", "--metadata-access",
        ])
        #expect(
            read
                == SessionSettings(
                    provider: .auth0(domain: "t.eu.auth0.com"), clientID: "c", redirectURI: "app://cb",
                    scopes: ["openid", "email"], audience: "https://api", metadataAccess: true,
                    parameters: ["prompt": "login", "a": "b=c"]))
    }

    @Test func theEnvironmentFillsInAndFlagsWin() throws {
        let environment = [
            "PILOTLIGHT_DOMAIN": "env.auth0.com", "PILOTLIGHT_CLIENT_ID": "env", "PILOTLIGHT_REDIRECT_URI": "env://cb",
            "PILOTLIGHT_METADATA_ACCESS": "1", "PILOTLIGHT_AUDIENCE": "",
        ]
        let filled = try settings([], environment)
        #expect(filled.provider == .auth0(domain: "env.auth0.com"))
        #expect(filled.clientID == "env")
        #expect(filled.metadataAccess)
        #expect(filled.audience == nil)
        let flagged = try settings(["--issuer", "https://i.example", "--client-id", "c"], environment)
        #expect(flagged.provider == .openIDConnect(issuer: "https://i.example"))
        #expect(flagged.clientID == "c")
        #expect(flagged.redirectURI == "env://cb")
    }

    @Test(arguments: [
        ["--client-id", "c"], ["--domain", "d"], ["--domain", "d", "--issuer", "i", "--client-id", "c"],
        ["--domain", "d", "--client-id", "c", "--param", "x"], ["--domain", "d", "--client-id", "c", "--param", "=x"],
        ["--domain", "d", "--domain", "e", "--client-id", "c"], ["--nonsense"], ["--domain"], ["--metadata-access=1"],
    ]) func aWrongCommandLineIsRefused(words: [String]) {
        #expect(throws: UsageError.self) { try settings(words) }
    }

    @Test func wordsAndTheRestAreKept() throws {
        let scanner = try ArgumentScanner(["a", "--x", "1", "b", "--", "--x", "c"], flags: ["x"], switches: [])
        #expect(scanner.words == ["a", "b", "--x", "c"])
        #expect(scanner.values == ["x": ["1"]])
    }

    @Test func settingsMakeAConfiguration() throws {
        let auth0 = SessionSettings(
            provider: .auth0(domain: "d.auth0.com"), clientID: "c", redirectURI: "app://cb", metadataAccess: true
        ).configuration()
        #expect(auth0.provider == .auth0(domain: "d.auth0.com"))
        #expect(auth0.metadataAccess)
        #expect(auth0.scopes.contains("offline_access"))
        #expect(auth0.dpop == .off)
        let bound = ["--domain", "d", "--client-id", "c", "--redirect-uri", "app://cb", "--dpop"]
        #expect(try settings(bound).configuration().dpop == .required)
        let other = SessionSettings(
            provider: .openIDConnect(issuer: "https://i"), clientID: "c", redirectURI: "app://cb", scopes: ["openid"],
            parameters: ["prompt": "consent"]
        ).configuration()
        #expect(other.provider == .openIDConnect(issuer: "https://i"))
        #expect(other.scopes == ["openid"])
        #expect(other.authorizeParameters == ["prompt": "consent"])
        #expect(throws: SessionError.self) {
            try SessionSettings(provider: .openIDConnect(issuer: "https://i"), clientID: "c")
                .makeSession(storage: .inMemory)
        }
        #expect(throws: SessionError.self) {
            try SessionSettings(
                provider: .openIDConnect(issuer: "https://i"), clientID: "c", redirectURI: "a://b", metadataAccess: true
            ).makeSession(storage: .inMemory)
        }
    }
}
