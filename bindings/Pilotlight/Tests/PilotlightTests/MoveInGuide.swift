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

// The right side of docs/guides/move-in.md, to the letter: MoveInGuideTests compares.

func launch(_ session: Session) async throws {
    try await session.restore()
    try await session.importSession(from: .auth0CredentialsManager())
    if session.state == .signedOut { try await session.signIn(using: authenticator) }
}

func forget(_ session: Session) async throws {
    try await session.discardImportedSession(from: .auth0CredentialsManager())
}

// MARK: SimpleKeychain

func token(_ session: Session) async throws -> String {
    // From memory; renewed and stored when it has to be: once, however many ask.
    try await session.accessToken()
}

func signOut(_ session: Session) async {
    // At the issuer, too: its refresh token is revoked.
    await session.signOut()
}

func moveInFromSimpleKeychain(_ session: Session) async throws -> ImportOutcome {
    // The service and the names of the tutorials: access_token, refresh_token, id_token, profile.
    try await session.importSession(from: .lockV1())
}

func moveInFromOtherKeys(_ session: Session, read: (String) -> String?) async throws -> ImportOutcome {
    // Names of your own: read them as you always did.
    try await session.importSession(
        from: .tokens(refreshToken: read("my-refresh-token"), idToken: read("my-id-token")))
}

// MARK: Lock

func idToken(_ session: Session) async throws -> String {
    // Of a tenant that still has /delegation; elsewhere, accessToken() is what APIs want.
    try await session.legacy.idToken()
}

func profile(_ session: Session) async throws -> SessionProfile {
    // cachedProfile needs no await: it is there at the launch, and offline.
    try await session.profile(maxAge: 3600, allowStale: true)
}

func moveInFromLock(_ session: Session) async throws -> ImportOutcome {
    // The service that the tutorials use, and their names of the items.
    try await session.importSession(from: .lockV1())
}

// MARK: CredentialsManager

func signIn(_ session: Session) async throws {
    // An app passes its window: signIn(from:).
    try await session.signIn(using: authenticator)
}

func fetch(_ url: URL, _ session: Session) async throws -> Data {
    // Sent once more, with a new token, when the API refuses this one.
    try await session.data(for: URLRequest(url: url)).0
}

func moveInFromCredentialsManager(_ session: Session) async throws -> ImportOutcome {
    // CredentialsManager(authentication: …), with nothing else said.
    try await session.importSession(from: .auth0CredentialsManager())
}

func moveInFromAnotherStore(_ session: Session) async throws -> ImportOutcome {
    // CredentialsManager(authentication: …, storeKey: "user", storage: SimpleKeychain(service: "S", accessGroup: "G"))
    try await session.importSession(
        from: .auth0CredentialsManager(service: "S", account: "user", accessGroup: "G"))
}

// MARK: AppAuth

func follow(_ session: Session) async {
    for await event in session.events {
        switch event {
        case .ended, .signedOut: await showSignIn()
        // Stored already, and told for logs; a failed renewal ends nothing.
        case .renewed, .renewalFailed: break
        default: break
        }
    }
}

func freshToken(_ session: Session) async throws -> String {
    try await session.accessToken(minTTL: 60)
}

func moveInFromAppAuth(_ session: Session, defaults: UserDefaults) async throws -> ImportOutcome {
    // From UserDefaults, as in AppAuth's examples, or a file.
    guard let archive = defaults.data(forKey: "authState") else { return .nothingFound }
    return try await session.importSession(from: .archive(archive))
}

func moveInFromAppAuthInKeychain(_ session: Session) async throws -> ImportOutcome {
    // From a generic password that the app made.
    try await session.importSession(from: .appAuth(service: "com.example.app", account: "authState"))
}
