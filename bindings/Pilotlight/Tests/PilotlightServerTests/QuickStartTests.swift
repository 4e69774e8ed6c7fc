import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

// The part of the README's quick start that needs no screen, word for word.

func greet(_ session: Session) async throws -> String {
    // Reads the stored session. The user signs in only when there is none or when it has ended.
    if try await session.restore().requiresSignIn { try await session.signIn() }
    // The profile is kept across launches and readable offline.
    let profile = try await session.profile(maxAge: 3600, allowStale: true)
    // A change that cannot be sent now is stored and sent later.
    try await session.metadata.updateOrWait(["country": "UK"])
    return "Hello, \(profile.name ?? profile.subject)"
}

/// The README's quick start, run against the identity server. For iOS it is compiled as a whole (scripts/guide_code.py).
@Suite struct QuickStartTests {
    @Test func theReadmesCodeIsWhatRunsHere() throws {
        let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../..")
        let readme = try text(checkout.appendingPathComponent("README.md"))
        let code = try #require(readme.components(separatedBy: "```swift\n").dropFirst().first)
        let function = try #require(code.components(separatedBy: "```")[0].range(of: "func greet"))
        let shown = code.components(separatedBy: "```")[0][function.lowerBound...]
        #expect(try text(URL(fileURLWithPath: #filePath)).contains(shown))
    }

    @Test func itSignsInOnceAndGreetsAtEachLaunch() async throws {
        let (server, folder) = (try await IdentityServer.start(), try TemporaryFolder())
        for number in 1...2 { #expect(try await greet(launch(number, server, folder)) == "Hello, Ada Lovelace") }
        #expect(try await server.counter("code_grants_honoured") == 1)
        #expect(try await server.metadata(of: "ada@example.com")["country"] == "UK")
        await server.stop()
    }

    @Test func itGreetsWithoutANetworkToo() async throws {
        let (server, folder) = (try await IdentityServer.start(), try TemporaryFolder())
        let first = try launch(1, server, folder)
        _ = try await greet(first)
        try await server.setMetadata(of: "ada@example.com", [:])
        // At the next launch the access token has expired.
        try await server.change(["access_token_lifetime": 0])
        _ = try? await first.accessToken(forceRefresh: true)
        #expect(first.cachedAccessToken() == nil)
        try await server.goOffline()
        let second = try launch(2, server, folder)
        #expect(try await greet(second) == "Hello, Ada Lovelace")
        #expect(second.metadata.pending.map(\.changes) == [["country": "UK"]])
        try await server.goOnline()
        try await server.change(["access_token_lifetime": 86_400])
        #expect(try await greet(launch(3, server, folder)) == "Hello, Ada Lovelace")
        #expect(try await server.metadata(of: "ada@example.com")["country"] == "UK")
        #expect(try await server.counter("code_grants_honoured") == 1)
        await server.stop()
    }

    @Test func itSignsInAgainWhenTheIssuerHasEndedTheSession() async throws {
        let (server, folder) = (try await IdentityServer.start(), try TemporaryFolder())
        let first = try launch(1, server, folder)
        _ = try await greet(first)
        try await server.revoke("ada@example.com")
        await #expect(throws: SessionError.self) { try await first.accessToken(forceRefresh: true) }
        let second = try launch(2, server, folder)
        #expect(try await second.restore() == .reauthenticationRequired(reason: .refreshTokenRejected))
        #expect(try await greet(second) == "Hello, Ada Lovelace")
        #expect(second.isSignedIn)
        #expect(try await server.counter("code_grants_honoured") == 2)
        await server.stop()
    }

    /// A launch of the app: another process with the same store.
    private func launch(_ number: Int, _ server: IdentityServer, _ folder: TemporaryFolder) throws -> Session {
        try Session(
            server.auth0(metadataAccess: true), storage: folder.store("sessions", process: number), log: .none)
    }

    private func text(_ url: URL) throws -> String {
        String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
}

extension Session {
    /// Replaces the sign-in with the system's browser sheet, which only Apple's platforms have.
    fileprivate func signIn() async throws {
        try await signIn(using: TestBrowser())
    }
}
