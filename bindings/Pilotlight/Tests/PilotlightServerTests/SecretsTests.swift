import Foundation
import IdentityServerSupport
import Testing

@testable import Pilotlight

/// Plants secrets, makes everything fail that can fail, and searches all output for the secrets.
@Suite struct SecretsTests {
    @Test func noSecretIsInAnyLogLineOrError() async throws {
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let file = folder.file("session")
        let lines = Locked<[String]>([])
        let errors = Locked<[String]>([])
        let callbacks = Locked<[URL]>([])
        let note: @Sendable (any Error) -> Void = { error in
            var dumped = ""
            dump(error, to: &dumped)
            let words = ["\(error)", String(reflecting: error), error.localizedDescription, dumped]
            errors.withLock { $0 += words + [(error as? SessionError)?.recoverySuggestion ?? ""] }
        }
        let attempt: @Sendable (@Sendable () async throws -> Void) async -> Void = { work in
            do { try await work() } catch { note(error) }
        }
        let log = SessionLog { level, message in lines.withLock { $0.append("\(level) \(message)") } }
        let session = try Session(server.auth0(metadataAccess: true), storage: .file(file), log: log)
        let events = Locked<[String]>([])
        let hear: @Sendable (Session) -> Task<Void, Never> = { session in
            let announced = session.events.broadcaster.listen()
            return Task {
                for await event in announced {
                    var dumped = ""
                    dump(event, to: &dumped)
                    events.withLock { $0 += ["\(event)", String(reflecting: event), dumped] }
                    if case .signedOut = event { break }
                }
            }
        }
        let hearing = hear(session)
        var alsoHearing: [Task<Void, Never>] = []
        try await session.restore()
        try await session.signIn(using: Watched(callbacks: callbacks))
        let tokens = try Self.tokens(inStoreAt: file)
        #expect(tokens.contains(try await session.accessToken()))
        var secrets = tokens + ["ada@example.com", "Lovelace", "planted-metadata"]
        _ = try await session.profile()
        try await session.metadata.update(["planted": "planted-metadata"])

        // The server quotes what it was sent, and the user's data.
        let quoted = (tokens + ["ada@example.com", "Lovelace"]).joined(separator: " ")
        let body = try JSONEncoder().encode(
            ["error": "invalid_request", "error_description": "no good: \(quoted)"] as SessionJSON)
        for (number, status) in ([400, 401, 403, 429, 500] as [SessionJSON]).enumerated() {
            for endpoint in ["token", "userinfo", "users"] {
                try await server.addFault(
                    endpoint,
                    [
                        "kind": "status", "status": status, "headers": ["content-type": "application/json"],
                        "body": .string(String(decoding: body, as: UTF8.self)),
                    ], ["for_ever": true])
            }
            // After a failure a session has a cooldown, so each status gets a separate session.
            let process = try Session(
                server.auth0(metadataAccess: true), storage: folder.store("session", process: number + 1), log: log)
            alsoHearing.append(hear(process))
            await attempt { _ = try await process.accessToken(forceRefresh: true) }
            await attempt { _ = try await process.profile(refresh: true) }
            await attempt { _ = try await process.metadata.get() }
            try await server.clearFaults()
        }
        await attempt { try await session.metadata.update(["planted-metadata.x": 1]) }
        await attempt { try await session.refresh(scopes: ["planted-metadata \u{7f}"]) }
        await attempt { try await session.completeSignIn(with: callbacks.withLock { $0[0] }) }
        await attempt { try await session.signIn(using: TestBrowser(denyWith: "access_denied")) }
        try await server.goOffline()
        await attempt { _ = try await session.accessToken(forceRefresh: true) }
        await session.signOut()
        try await server.goOnline()
        await hearing.value
        for heard in alsoHearing { await heard.value }
        secrets += try callbacks.withLock { try $0.flatMap(Self.secrets(inCallback:)) }

        let output = lines.withLock { $0 } + errors.withLock { $0 } + events.withLock { $0 }
        #expect(events.withLock { $0.count } > 15)
        #expect(lines.withLock { $0.count } > 5)
        #expect(errors.withLock { $0.count } > 50)
        #expect(secrets.count > 8)
        for secret in Set(secrets) where secret.count > 5 {
            let found = output.filter { $0.contains(secret) }
            #expect(found.isEmpty, "\(secret) is in the output")
        }
        await server.stop()
    }

    private struct Watched: WebAuthenticator {
        let callbacks: Locked<[URL]>

        func authenticate(url: URL, redirectURI: URL) async throws -> URL {
            let callback = try await TestBrowser().authenticate(url: url, redirectURI: redirectURI)
            callbacks.withLock { $0.append(contentsOf: [callback, url]) }
            return callback
        }
    }

    /// The unguessable values in a URL of the sign-in: `code`, `state`, `nonce`.
    private static func secrets(inCallback url: URL) throws -> [String] {
        let query = URLComponents(url: url, resolvingAgainstBaseURL: false)?.queryItems ?? []
        return query.filter { ["code", "state", "nonce"].contains($0.name) }.compactMap(\.value)
    }

    /// Every long string in the stored session whose name contains the word token.
    private static func tokens(inStoreAt file: URL) throws -> [String] {
        let stored = try JSONDecoder().decode(SessionJSON.self, from: Data(contentsOf: file))
        let tokens = tokens(in: stored)
        #expect(tokens.count >= 3, "access, refresh and ID token are in the store")
        return tokens
    }

    private static func tokens(in value: SessionJSON, named name: String = "") -> [String] {
        switch value {
        case .object(let members): members.flatMap { tokens(in: $0.value, named: $0.key) }
        case .array(let elements): elements.flatMap { tokens(in: $0, named: name) }
        case .string(let text) where name.hasSuffix("token"): [text]
        case .string(let text): embedded(text)
        default: []
        }
    }

    /// The tokens in a string, because the file store keeps the bytes of each item as text inside its own JSON.
    private static func embedded(_ text: String) -> [String] {
        let bytes = Data(base64Encoded: text) ?? Data(text.utf8)
        guard let inner = try? JSONDecoder().decode(SessionJSON.self, from: bytes), inner.objectValue != nil else {
            return []
        }
        return tokens(in: inner)
    }
}
