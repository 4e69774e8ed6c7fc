import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

// The part of the README's quick start that needs no screen, word for word.

func greet(_ session: Session) async throws -> String {
    // Reads the stored session. The user signs in only when there is none.
    if try await session.restore() == .signedOut { try await session.signIn() }
    // A valid token comes from memory. An expired one is renewed once, however many callers ask.
    _ = try await session.accessToken()
    // The profile is kept across launches and readable offline.
    let profile = try await session.profile()
    try await session.metadata.update(["country": "UK"])
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
        let server = try await IdentityServer.start()
        let folder = try TemporaryFolder()
        let first = try Session(
            server.auth0(metadataAccess: true), storage: folder.store("sessions"), log: .none)
        #expect(try await greet(first) == "Hello, Ada Lovelace")
        // The next launch: another process with the same store.
        let second = try Session(
            server.auth0(metadataAccess: true), storage: folder.store("sessions", process: 1), log: .none)
        #expect(try await greet(second) == "Hello, Ada Lovelace")
        #expect(try await server.counter("code_grants_honoured") == 1)
        #expect(try await server.metadata(of: "ada@example.com")["country"] == "UK")
        await server.stop()
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
