import Foundation
import Pilotlight

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

private let authenticator = NobodysBrowser()

private struct NobodysBrowser: WebAuthenticator {
    func authenticate(url: URL, redirectURI: URL) async throws -> URL { url }
}

private func showSignIn() async {}

// The right side of the guide "Migrate from another library", word for word: MigrationGuideTests compares.

func launch(_ session: Session) async throws {
    try await session.restore()
    try await session.importSession(from: .auth0CredentialsManager())
    if session.state?.requiresSignIn == true { try await session.signIn(using: authenticator) }
}

func forget(_ session: Session) async throws {
    try await session.discardImportedSession(from: .auth0CredentialsManager())
}

// MARK: SimpleKeychain

func token(_ session: Session) async throws -> String {
    // From memory. Renewed and stored when needed: once, however many callers ask.
    try await session.accessToken()
}

func signOut(_ session: Session) async {
    // Also at the issuer: the refresh token is revoked.
    await session.signOut()
}

func migrateFromSimpleKeychain(_ session: Session) async throws -> ImportOutcome {
    // The service and the names of the tutorials: access_token, refresh_token, id_token, profile.
    try await session.importSession(from: .lockV1())
}

func migrateFromOtherKeys(_ session: Session, read: (String) -> String?) async throws -> ImportOutcome {
    // Other names: read them as before.
    try await session.importSession(
        from: .tokens(refreshToken: read("my-refresh-token"), idToken: read("my-id-token")))
}

// MARK: Lock

func idToken(_ session: Session) async throws -> String {
    // For a tenant that still has /delegation. Elsewhere APIs need accessToken().
    try await session.legacy.idToken()
}

func profile(_ session: Session) async throws -> SessionProfile {
    // cachedProfile needs no await: it is there at launch, and offline.
    try await session.profile(maxAge: 3600, allowStale: true)
}

func migrateFromLock(_ session: Session) async throws -> ImportOutcome {
    // The service of the tutorials, and their item names.
    try await session.importSession(from: .lockV1())
}

// MARK: CredentialsManager

func signIn(_ session: Session) async throws {
    // On iOS: signIn(from:), with the system's browser sheet.
    try await session.signIn(using: authenticator)
}

func fetch(_ url: URL, _ session: Session) async throws -> Data {
    // Sent once more, with a new token, when the API rejects this one.
    try await session.data(for: URLRequest(url: url)).0
}

func migrateFromCredentialsManager(_ session: Session) async throws -> ImportOutcome {
    // CredentialsManager(authentication: …), with no other arguments.
    try await session.importSession(from: .auth0CredentialsManager())
}

func migrateFromAnotherStore(_ session: Session) async throws -> ImportOutcome {
    // CredentialsManager(authentication: …, storeKey: "user", storage: SimpleKeychain(service: "S", accessGroup: "G"))
    try await session.importSession(
        from: .auth0CredentialsManager(service: "S", account: "user", accessGroup: "G"))
}

// MARK: AppAuth

func follow(_ session: Session) async {
    for await event in session.events {
        switch event {
        case .ended, .signedOut: await showSignIn()
        // For logs. Renewed tokens are stored already; a failed renewal ends nothing.
        case .renewed, .renewalFailed: break
        default: break
        }
    }
}

func freshToken(_ session: Session) async throws -> String {
    try await session.accessToken(minTTL: 60)
}

func migrateFromAppAuth(_ session: Session, defaults: UserDefaults) async throws -> ImportOutcome {
    // From UserDefaults, as in AppAuth's examples, or a file.
    guard let archive = defaults.data(forKey: "authState") else { return .nothingFound }
    return try await session.importSession(from: .archive(archive))
}

func migrateFromAppAuthInKeychain(_ session: Session) async throws -> ImportOutcome {
    // From a generic password that the app made.
    try await session.importSession(from: .appAuth(service: "com.example.app", account: "authState"))
}
