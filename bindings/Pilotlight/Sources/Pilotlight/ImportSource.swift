import Foundation
internal import PilotlightCore

/// Where another library stored its session; see ``Session/importSession(from:)``.
public struct ImportSource: Hashable, Sendable {
    let core: PilotlightCore.ImportSource

    /// Auth0.swift's `CredentialsManager`, versions 1 to 3.
    ///
    /// - Parameters:
    ///   - service: The service of its SimpleKeychain; by default the bundle identifier, as in Auth0.swift.
    ///   - account: Its `storeKey`.
    ///   - accessGroup: The Keychain group of its SimpleKeychain; if nil, all groups of the app are searched.
    public static func auth0CredentialsManager(
        service: String? = nil, account: String = "credentials", accessGroup: String? = nil
    ) -> ImportSource {
        let service = service ?? Bundle.main.bundleIdentifier ?? ProcessInfo.processInfo.processName
        return item(service: service, account: account, accessGroup: accessGroup)
    }

    /// The items that apps stored with SimpleKeychain as the tutorials of Lock for iOS, version 1, showed: the strings
    /// `id_token`, `refresh_token` and `access_token`, and the archived `profile`, which becomes ``Session/cachedProfile``.
    /// Each may be missing.
    public static func lockV1(service: String = "Auth0", accessGroup: String? = nil) -> ImportSource {
        ImportSource(core: .keychainStrings(service: service, accessGroup: accessGroup))
    }

    /// AppAuth's `OIDAuthState`, versions 1 and 2, archived in a Keychain item that the app chose.
    public static func appAuth(service: String, account: String, accessGroup: String? = nil) -> ImportSource {
        item(service: service, account: account, accessGroup: accessGroup)
    }

    /// An archive that the app has read itself, from `UserDefaults` or from its own storage: an archived
    /// `OIDAuthState` or the archived `Credentials` of Auth0.swift.
    public static func archive(_ bytes: Data) -> ImportSource {
        ImportSource(core: .archivedBytes(bytes: bytes))
    }

    /// Tokens that the app has read itself. The access token is treated as expired; `profileArchive` is an archived
    /// `A0UserProfile` of Lock.
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
