import Foundation
import Pilotlight

extension IdentityServer {
    /// The server's only client.
    public static let clientID = "native-app"
    /// A redirect URI that the server accepts.
    public static let redirectURI = "com.example.pilotlight://callback"

    /// The configuration of an Auth0 client at this server.
    public func auth0(
        redirectURI: String = redirectURI, audience: String? = nil, metadataAccess: Bool = false,
        dpop: TokenBinding = .off
    ) -> SessionConfiguration {
        .auth0(
            domain: issuer, clientID: Self.clientID, redirectURI: redirectURI, audience: audience,
            metadataAccess: metadataAccess, dpop: dpop)
    }

    /// A session at this server, in memory, with ada signed in.
    public func signedInSession(
        audience: String? = nil, metadataAccess: Bool = false, dpop: TokenBinding = .off
    ) async throws -> Session {
        let session = try Session(
            auth0(audience: audience, metadataAccess: metadataAccess, dpop: dpop), storage: .inMemory, log: .none)
        try await session.signIn(using: TestBrowser())
        return session
    }
}

/// A new folder, which is removed with this object.
public final class TemporaryFolder: Sendable {
    /// The folder.
    public let url: URL

    /// Creates the folder.
    public init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("pilotlight-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// A file in the folder, which need not exist.
    public func file(_ name: String) -> URL {
        url.appendingPathComponent(name)
    }

    /// The store in that file as another process would open it. Sessions of one process with the same path share their state. So
    /// this writes the path of the same file in a different way for each pretended process.
    public func store(_ name: String, process: Int = 0) -> SessionStorage {
        .file(URL(fileURLWithPath: url.path + String(repeating: "/.", count: process) + "/" + name))
    }
}
