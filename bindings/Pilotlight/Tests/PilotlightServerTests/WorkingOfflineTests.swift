import Foundation
import IdentityServerSupport
import Pilotlight
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

// The code of the guide "Work offline", word for word.

func ordersOrStored(_ session: Session, _ request: URLRequest, stored: Data) async throws -> Data {
    do {
        return try await session.data(for: request).0
    } catch let error as SessionError where error.isTemporary {
        // The token has expired and cannot be renewed now.
        return stored
    } catch is URLError {
        // The token is good, but the API cannot be reached.
        return stored
    }
}

/// The guide's code, run. The identity server's userinfo endpoint plays the app's own API.
@Suite struct WorkingOfflineTests {
    @Test func theGuidesCodeIsWhatRunsHere() throws {
        let file = URL(fileURLWithPath: #filePath)
        let guide = file.deletingLastPathComponent().appendingPathComponent(
            "../../Sources/Pilotlight/Pilotlight.docc/Guides/WorkingOffline.md")
        let shown = try #require(text(guide).components(separatedBy: "```swift\n").dropFirst().first)
        #expect(try text(file).contains(shown.components(separatedBy: "```")[0]))
    }

    @Test(arguments: [false, true])
    func whatIsStoredIsShownWithAGoodTokenAndWithAnExpiredOne(isExpired: Bool) async throws {
        let server = try await IdentityServer.start()
        let session = try await server.signedInSession()
        let request = URLRequest(url: try #require(URL(string: "\(server.issuer)userinfo")))
        let stored = Data("stored".utf8)
        #expect(try await ordersOrStored(session, request, stored: stored) != stored)
        if isExpired {
            try await server.change(["access_token_lifetime": 0])
            _ = try? await session.accessToken(forceRefresh: true)
        }
        #expect((session.cachedAccessToken() == nil) == isExpired)
        try await server.goOffline()
        #expect(try await ordersOrStored(session, request, stored: stored) == stored)
        await server.stop()
    }

    private func text(_ url: URL) throws -> String {
        String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
}
