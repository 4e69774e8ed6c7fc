import Foundation
import Pilotlight

private let authenticator = NobodysBrowser()

private struct NobodysBrowser: WebAuthenticator {
    func authenticate(url: URL, redirectURI: URL) async throws -> URL { url }
}

// The code of docs/guides/move-in.md, to the letter: MoveInGuideTests compares.

func launch(_ session: Session) async throws {
    try await session.restore()
    try await session.importSession(from: .auth0CredentialsManager())
    if session.state == .signedOut { try await session.signIn(using: authenticator) }
}

func forget(_ session: Session) async throws {
    try await session.discardImportedSession(from: .auth0CredentialsManager())
}

func moveInFromLock(_ session: Session) async throws -> ImportOutcome {
    // The service that the tutorials use, and their names of the items.
    try await session.importSession(from: .lockV1())
}

func moveInFromOtherKeys(_ session: Session, read: (String) -> String?) async throws -> ImportOutcome {
    // Names of your own: read them as you always did.
    try await session.importSession(
        from: .tokens(refreshToken: read("my-refresh-token"), idToken: read("my-id-token")))
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

func moveInFromAppAuth(_ session: Session, defaults: UserDefaults) async throws -> ImportOutcome {
    // From UserDefaults, as in AppAuth's examples, or a file.
    guard let archive = defaults.data(forKey: "authState") else { return .nothingFound }
    return try await session.importSession(from: .archive(archive))
}

func moveInFromAppAuthInKeychain(_ session: Session) async throws -> ImportOutcome {
    // From a generic password that the app made.
    try await session.importSession(from: .appAuth(service: "com.example.app", account: "authState"))
}
