import Foundation
internal import PilotlightCore

/// Where another library keeps, or kept, the session: for ``Session/importSession(from:)``.
public struct ImportSource: Hashable, Sendable {
    let core: PilotlightCore.ImportSource

    /// Auth0.swift's `CredentialsManager`, versions 1 to 3.
    ///
    /// - Parameters:
    ///   - service: The service of its SimpleKeychain; left out, the bundle identifier, as there.
    ///   - account: Its `storeKey`.
    ///   - accessGroup: The Keychain group of its SimpleKeychain; left out, all groups of the app are searched.
    public static func auth0CredentialsManager(
        service: String? = nil, account: String = "credentials", accessGroup: String? = nil
    ) -> ImportSource {
        let service = service ?? Bundle.main.bundleIdentifier ?? ProcessInfo.processInfo.processName
        return item(service: service, account: account, accessGroup: accessGroup)
    }

    /// What the tutorials of Lock for iOS, version 1, had apps write with SimpleKeychain: the strings `id_token`,
    /// `refresh_token` and `access_token`, and the archived `profile`, which becomes ``Session/cachedProfile``. Each
    /// may be missing.
    public static func lockV1(service: String = "Auth0", accessGroup: String? = nil) -> ImportSource {
        ImportSource(core: .keychainStrings(service: service, accessGroup: accessGroup))
    }

    /// AppAuth's `OIDAuthState`, versions 1 and 2, archived into a Keychain item of the app's choice.
    public static func appAuth(service: String, account: String, accessGroup: String? = nil) -> ImportSource {
        item(service: service, account: account, accessGroup: accessGroup)
    }

    /// An archive that the app has read itself, from `UserDefaults` or from its own storage: an archived
    /// `OIDAuthState` or the archived `Credentials` of Auth0.swift.
    public static func archive(_ bytes: Data) -> ImportSource {
        ImportSource(core: .archivedBytes(bytes: bytes))
    }

    /// Tokens that the app has read itself. The access token counts as expired; the archive is one of Lock's
    /// `A0UserProfile`.
    public static func tokens(
        accessToken: String? = nil, refreshToken: String? = nil, idToken: String? = nil, profileArchive: Data? = nil
    ) -> ImportSource {
        ImportSource(
            core: .tokenValues(
                accessToken: accessToken, refreshToken: refreshToken, idToken: idToken, profileArchive: profileArchive))
    }

    private static func item(service: String, account: String, accessGroup: String?) -> ImportSource {
        ImportSource(
            core: .keychainArchive(
                item: KeychainItemReference(service: service, account: account, accessGroup: accessGroup)))
    }
}
