import Foundation
import Pilotlight
import ServerSupport
import Testing

@testable import TerminalKit

@Suite struct LoopbackTests {
    private func listener(_ redirectURI: String) throws -> LoopbackListener {
        try LoopbackListener(try #require(URLComponents(string: redirectURI)))
    }

    private func authorizeURL(state: String = "c") throws -> URL {
        try #require(URL(string: "https://issuer.example.com/authorize?client_id=x&state=\(state)&nonce=n"))
    }

    @Test(arguments: ["http://127.0.0.1/callback", "http://localhost/callback", "http://127.0.0.1"])
    func aFreePortIsPutInAndTheCallbackComesThrough(redirectURI: String) async throws {
        let listener = try listener(redirectURI)
        let listening = try listener.listen()
        let port = try #require(URLComponents(string: listening)?.port)
        #expect(port > 0)
        let shown = try authorizeURL()
        let waiting = Task { try await listener.callback(to: shown) }
        let base = listening.hasSuffix("/callback") ? listening : listening + "/"
        let other = try #require(URL(string: "http://127.0.0.1:\(port)/favicon.ico"))
        #expect(try await TestBrowser.open(other).contains("not the page"))
        let callback = try #require(URL(string: base + "?code=a%20b&state=c"))
        #expect(try await TestBrowser.open(callback).contains("close this window"))
        #expect(try await waiting.value == callback)
    }

    /// The other callbacks come from a web page or another program that guesses the port.
    @Test func callbacksOfOthersAreRefusedAndItWaitsOn() async throws {
        let listener = try listener("http://127.0.0.1/callback")
        let listening = try listener.listen()
        let shown = try authorizeURL(state: "own%20one")
        let waiting = Task { try await listener.callback(to: shown) }
        for stray in [
            "", "?code=a", "?code=a&state=", "?code=a&state=other", "?error=access_denied",
            "?code=a&state=own%20one&state=other",
        ] {
            let url = try #require(URL(string: listening + stray))
            #expect(try await TestBrowser.open(url).contains("does not belong"), "\(stray)")
        }
        let callback = try #require(URL(string: listening + "?code=a&state=own%20one"))
        #expect(try await TestBrowser.open(callback).contains("close this window"))
        #expect(try await waiting.value == callback)
    }

    @Test func thePortOfTheURIIsTaken() async throws {
        let free = try listener("http://127.0.0.1/callback")
        let port = try #require(URLComponents(string: try free.listen())?.port)
        do {
            _ = try listener("http://127.0.0.1:\(port)/callback").listen()
            Issue.record("two listen on one port")
        } catch SessionError.configurationInvalid(let field, _) {
            #expect(field == "redirectURI")
        }
    }

    @Test func onlyLoopbackHostsAreListenedOn() throws {
        #expect(throws: SessionError.self) { try listener("http://example.com/callback") }
        #expect(throws: SessionError.self) { try listener("http://0.0.0.0/callback") }
    }

    @Test func aCancelledWaitEnds() async throws {
        let listener = try listener("http://127.0.0.1/callback")
        _ = try listener.listen()
        let shown = try authorizeURL()
        let waiting = Task { try await listener.callback(to: shown) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
