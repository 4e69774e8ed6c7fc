import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

/// Imports archives that Foundation's own NSKeyedArchiver makes. They have the class names and the fields of other libraries, and
/// contain tokens of a real issuer.
@Suite struct ImportTests {
    @Test func aSessionOfAuth0SwiftMovesInAndIsRenewed() async throws {
        let server = try await IdentityServer.start()
        let old = try await OldTokens(of: server)
        let folder = try TemporaryFolder()
        let store = SessionStorage.file(folder.file("session"))
        let session = try Session(server.auth0(), storage: store, log: .none)
        #expect(try await session.restore() == .signedOut)

        let source = ImportSource.archive(try old.credentials())
        guard case .imported(.signedIn(let subject, let expiresAt)) = try await session.importSession(from: source)
        else {
            Issue.record("not imported")
            return
        }
        #expect(subject == "auth0|ada")
        #expect(abs(expiresAt.timeIntervalSince(old.expiresAt)) < 2)
        #expect(session.cachedAccessToken() == old.accessToken)
        #expect(try await session.importSession(from: source) == .sessionExists)

        // The next launch.
        let next = try Session(server.auth0(), storage: store, log: .none)
        #expect(try await next.restore().isSignedIn)
        let renewed = try await next.accessToken(forceRefresh: true)
        #expect(renewed != old.accessToken)
        #expect(try await server.counter("refresh_grants_honoured") == 1)

        // After a sign-out the old archive does not sign the user in again.
        await next.signOut()
        let last = try Session(server.auth0(), storage: store, log: .none)
        #expect(try await last.importSession(from: source) == .closed)
        #expect(last.state == .signedOut)
        await server.stop()
    }

    @Test func aStateOfAppAuthMovesIn() async throws {
        let server = try await IdentityServer.start()
        let old = try await OldTokens(of: server)
        let session = try Session(
            .openIDConnect(
                issuer: server.issuer, clientID: IdentityServer.clientID, redirectURI: IdentityServer.redirectURI),
            storage: .inMemory, log: .none)
        #expect(
            try await session.importSession(from: .archive(try old.authState(clientID: "another-app")))
                == .unreadable(problem: .otherClient))
        let outcome = try await session.importSession(
            from: .archive(try old.authState(clientID: IdentityServer.clientID)))
        let state = try #require(session.state)
        #expect(outcome == .imported(state: state))
        #expect(try await session.accessToken(forceRefresh: true) != old.accessToken)
        await server.stop()
    }

    @Test func stringsAndProfileOfLockMigrate() async throws {
        let server = try await IdentityServer.start()
        let old = try await OldTokens(of: server)
        let session = try Session(server.auth0(), storage: .inMemory, log: .none)
        let outcome = try await session.importSession(
            from: .tokens(refreshToken: old.refreshToken, idToken: old.idToken, profileArchive: try old.profile()))
        let state = try #require(session.state)
        #expect(outcome == .imported(state: state))
        let profile = try #require(session.cachedProfile)
        #expect(profile.name == "Ada Lövelace")
        #expect(profile.picture == "https://example.com/ada.png")
        #expect(profile.otherClaims["user_metadata"] == ["first_name": "Ada", "tags": ["a", 2, 0.5]])
        #expect(profile.otherClaims["identities"] == [["provider": "auth0", "isSocial": false]])
        #expect(session.cachedAccessToken() == nil)
        _ = try await session.accessToken()
        #expect(try await server.counter("refresh_grants_honoured") == 1)
        await server.stop()
    }

    /// The archives of testing/foreign-archives/make.py, which are from another issuer.
    @Test(arguments: ["auth0-swift-1.20", "auth0-swift-2.14", "auth0-swift-3.1", "app-auth-1.6", "app-auth-2.1"])
    func theCommittedArchivesAreReadAndJudged(name: String) async throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let archive = try Data(
            contentsOf: folder.appendingPathComponent("../../../../testing/foreign-archives/\(name).archive"))
        let own = try Session(
            .auth0(
                domain: "tenant.eu.auth0.com", clientID: "native-app", redirectURI: "com.example.app://callback"),
            storage: .inMemory, log: .none)
        let state = SessionState.signedIn(subject: "auth0|ada", expiresAt: Date(timeIntervalSince1970: 1_800_000_000))
        #expect(try await own.importSession(from: .archive(archive)) == .imported(state: state))
        #expect(own.cachedAccessToken() == "access-of-old")
        let others = try Session(
            .auth0(domain: "other.eu.auth0.com", clientID: "native-app", redirectURI: "com.example.app://callback"),
            storage: .inMemory, log: .none)
        #expect(try await others.importSession(from: .archive(archive)) == .unreadable(problem: .otherIssuer))
        #expect(others.state == .signedOut)
    }

    @Test func whatIsWrongIsSaid() async throws {
        let session = try Session(
            .auth0(domain: "tenant.eu.auth0.com", clientID: "native-app", redirectURI: "com.example.app://callback"),
            storage: .inMemory, log: .none)
        #expect(try await session.importSession(from: .archive(Data())) == .unreadable(problem: .malformed))
        #expect(try await session.importSession(from: .tokens()) == .nothingFound)
        let discarding = await error { try await session.discardImportedSession(from: .archive(Data())) }
        guard case .argumentInvalid("source", _) = discarding else {
            Issue.record("\(String(describing: discarding))")
            return
        }
        #if os(Linux)
        // There is no Keychain here, which is not the same as an empty one.
        let importing = await error { try await session.importSession(from: .auth0CredentialsManager()) }
        guard case .storageFailed = importing else {
            Issue.record("\(String(describing: importing))")
            return
        }
        #endif
    }

    private func error<Value>(_ call: () async throws -> Value) async -> SessionError? {
        do {
            _ = try await call()
            return nil
        } catch {
            return error as? SessionError
        }
    }

    @Test func aSourceShowsNoToken() {
        let source = ImportSource.tokens(accessToken: "planted", refreshToken: "planted", idToken: "planted")
        var dumped = ""
        dump(source, to: &dumped)
        #expect(!"\(source) \(String(reflecting: source)) \(dumped)".contains("planted"))
        #expect(
            ImportSource.auth0CredentialsManager(service: "Auth0") == .appAuth(service: "Auth0", account: "credentials")
        )
        #expect(ImportSource.lockV1() == .lockV1(service: "Auth0"))
    }
}

/// The tokens of a user who signed in before the app had Pilotlight, archived by Foundation.
private struct OldTokens {
    let accessToken: String
    let refreshToken: String
    let idToken: String
    let expiresAt: Date

    init(of server: IdentityServer) async throws {
        struct File: Decodable {
            let items: [String: Data]
        }
        struct Stored: Decodable {
            struct Credentials: Decodable {
                let access_token: String
                let refresh_token: String
                let id_token: String
                let received_at: TimeInterval
                let lifetime_seconds: TimeInterval
            }
            let credentials: Credentials
        }
        let folder = try TemporaryFolder()
        let file = folder.file("old")
        let session = try Session(server.auth0(), storage: .file(file), log: .none)
        try await session.signIn(using: TestBrowser())
        let items = try JSONDecoder().decode(File.self, from: Data(contentsOf: file)).items
        guard let item = items.values.first else { throw SupportError("nothing is stored") }
        let tokens = try JSONDecoder().decode(Stored.self, from: item).credentials
        accessToken = tokens.access_token
        refreshToken = tokens.refresh_token
        idToken = tokens.id_token
        expiresAt = Date(timeIntervalSince1970: tokens.received_at + tokens.lifetime_seconds)
    }

    func credentials() throws -> Data {
        archive(
            CredentialsFields {
                $0.encode(accessToken as NSString, forKey: "accessToken")
                $0.encode("Bearer" as NSString, forKey: "tokenType")
                $0.encode(idToken as NSString, forKey: "idToken")
                $0.encode(refreshToken as NSString, forKey: "refreshToken")
                $0.encode(expiresAt as NSDate, forKey: "expiresIn")
                $0.encode("openid offline_access" as NSString, forKey: "scope")
                $0.encode(nil as NSString?, forKey: "recoveryCode")
            })
    }

    func authState(clientID: String) throws -> Data {
        let request = RequestFields {
            $0.encode(clientID as NSString, forKey: "client_id")
            $0.encode("authorization_code" as NSString, forKey: "grant_type")
        }
        let response = ResponseFields {
            $0.encode(accessToken as NSString, forKey: "access_token")
            $0.encode(expiresAt as NSDate, forKey: "expires_in")
            $0.encode("Bearer" as NSString, forKey: "token_type")
            $0.encode(idToken as NSString, forKey: "id_token")
            $0.encode(request, forKey: "request")
        }
        return archive(
            StateFields {
                $0.encode(nil as NSString?, forKey: "lastAuthorizationResponse")
                $0.encode(response, forKey: "lastTokenResponse")
                $0.encode(refreshToken as NSString, forKey: "refreshToken")
                $0.encode(false, forKey: "needsTokenRefresh")
            })
    }

    func profile() throws -> Data {
        let identity = IdentityFields {
            $0.encode("auth0" as NSString, forKey: "provider")
            $0.encode("secret" as NSString, forKey: "accessToken")
            $0.encode(NSNumber(value: false), forKey: "isSocial")
        }
        let metadata: NSDictionary = ["first_name": "Ada", "tags": ["a", 2, 0.5] as NSArray]
        let extra: NSDictionary = ["email_verified": true, "user_metadata": metadata]
        return archive(
            ProfileFields {
                $0.encode("auth0|ada" as NSString, forKey: "userId")
                $0.encode("Ada Lövelace" as NSString, forKey: "name")
                $0.encode(NSURL(string: "https://example.com/ada.png"), forKey: "picture")
                $0.encode(NSDate(timeIntervalSince1970: 1_400_000_000), forKey: "createdAt")
                $0.encode(extra, forKey: "extraInfo")
                $0.encode([identity] as NSArray, forKey: "identities")
            })
    }

    private func archive(_ root: Fields) -> Data {
        let archiver = NSKeyedArchiver(requiringSecureCoding: false)
        archiver.encode(root, forKey: NSKeyedArchiveRootObjectKey)
        archiver.finishEncoding()
        return Fields.kinds.reduce(archiver.encodedData) { renaming($1.value, to: $1.key, in: $0) }
    }

    /// Renames a class in an archive, because Foundation on Linux ignores `setClassName(_:for:)`. A string in a binary property
    /// list is found by its offset, so a shorter one may replace it.
    private func renaming(_ kind: AnyClass, to name: String, in archive: Data) -> Data {
        func string(_ text: String) -> Data {
            let count = UInt8(text.utf8.count)
            return Data(count < 15 ? [0x50 | count] : [0x5F, 0x10, count]) + Data(text.utf8)
        }
        var archive = archive
        let (old, new) = (string(NSStringFromClass(kind)), string(name))
        while let place = archive.range(of: old) {
            archive.replaceSubrange(place, with: new + Data(count: old.count - new.count))
        }
        return archive
    }
}

/// An object with the fields that a closure encodes, under the name of another library's class.
/// Foundation on Linux archives no private classes.
class Fields: NSObject, NSCoding {
    /// One class for each name, because an archive contains the names of classes.
    static let kinds: [String: AnyClass] = [
        "A0Credentials": CredentialsFields.self, "OIDAuthState": StateFields.self,
        "OIDTokenResponse": ResponseFields.self,
        "OIDTokenRequest": RequestFields.self, "A0UserProfile": ProfileFields.self,
        "A0UserIdentity": IdentityFields.self,
    ]
    private let fields: (NSCoder) -> Void

    required init(_ fields: @escaping (NSCoder) -> Void) {
        self.fields = fields
    }

    required init?(coder: NSCoder) { nil }

    func encode(with coder: NSCoder) { fields(coder) }
}

final class CredentialsFields: Fields {}
final class StateFields: Fields {}
final class ResponseFields: Fields {}
final class RequestFields: Fields {}
final class ProfileFields: Fields {}
final class IdentityFields: Fields {}
