import Foundation
internal import PilotlightCore

/// Where a session is kept: ``keychain(service:accessGroup:appGroup:accessibility:synchronizable:accessControl:afterReinstall:)``
/// in apps, ``inMemory`` in tests.
public struct SessionStorage: Hashable, Sendable {
    let core: PilotlightCore.SessionStorage
    /// That of a URL which names no file.
    private let foreignScheme: String?

    init(core: PilotlightCore.SessionStorage, foreignScheme: String? = nil) {
        self.core = core
        self.foreignScheme = foreignScheme
    }

    /// For the core.
    func checked() throws -> PilotlightCore.SessionStorage {
        guard let foreignScheme else { return core }
        throw SessionError.configurationInvalid(
            field: "storage", message: "storage is a URL with the scheme \"\(foreignScheme)\", and must be a file URL")
    }

    /// The Keychain (Apple: "Keychain Services"). ``Session/init(_:storage:name:readOnly:log:metrics:userAuthentication:)``
    /// throws on a platform without one, and for options that cannot be combined.
    ///
    /// All options except `service` and `accessGroup` may change between two versions of an app: an existing session is
    /// found, and its next write applies the new options.
    ///
    /// - Parameters:
    ///   - service: `kSecAttrService`; the bundle identifier by default. An extension has a different bundle identifier
    ///     from its app, so pass the service if they share the session.
    ///   - accessGroup: `kSecAttrAccessGroup`: a group of the entitlements, to share the session with extensions. Nil means the
    ///     first of the app's groups, which is its own.
    ///   - appGroup: An app group (`group.…`) to which the app and its extensions all belong. In its container they lock the
    ///     session while one of them renews it. Pass it whenever you pass `accessGroup`.
    ///   - accessibility: When the session can be read. With the default the session can also be read in the background on a
    ///     locked device, once the device was unlocked after it started, and it never leaves the device.
    ///   - synchronizable: Keeps the session on all the user's devices through iCloud Keychain. Only for issuers that do not
    ///     rotate refresh tokens: other issuers take the second device for an attacker and end the session. Needs an
    ///     `accessibility` that lets the item leave the device.
    ///   - accessControl: Asks for Face ID, Touch ID or the passcode before the session is read or written. The session is then
    ///     renewed only while the app is in the foreground.
    ///   - afterReinstall: What happens to the sessions of a removed installation: Keychain items outlive the app.
    public static func keychain(
        service: String? = nil, accessGroup: String? = nil, appGroup: String? = nil,
        accessibility: KeychainAccessibility = .afterFirstUnlockThisDeviceOnly, synchronizable: Bool = false,
        accessControl: KeychainAccessControl? = nil, afterReinstall: ReinstallPolicy = .keep
    ) -> SessionStorage {
        SessionStorage(
            core: .keychain(
                options: KeychainStorage(
                    service: service ?? Bundle.main.bundleIdentifier ?? ProcessInfo.processInfo.processName,
                    accessGroup: accessGroup,
                    accessibility: accessibility.core,
                    synchronizable: synchronizable,
                    accessControl: accessControl?.core,
                    lockPath: appGroup.map(lockPath(inAppGroup:)),
                    installationMarkerPath: afterReinstall == .wipe ? installationMarkerPath() : nil)))
    }

    /// A file that only its owner can read; each write replaces it atomically. It is **not encrypted**: use it for development
    /// on hosts without a Keychain. Opening a session in it throws ``SessionError/configurationInvalid(field:message:)`` on iOS,
    /// Mac Catalyst, tvOS and visionOS, and everywhere for a URL that is not a file URL and for a folder.
    public static func file(_ url: URL) -> SessionStorage {
        SessionStorage(core: .file(path: url.path), foreignScheme: url.isFileURL ? nil : url.scheme)
    }

    /// This process's memory: for tests and previews.
    public static let inMemory = SessionStorage(core: .memory)

    /// Empty if the entitlements lack the group. The core refuses an empty path, with an error that names the problem.
    private static func lockPath(inAppGroup group: String) -> String {
        #if os(iOS) || os(macOS) || os(tvOS) || os(visionOS)
        let container = FileManager.default.containerURL(forSecurityApplicationGroupIdentifier: group)
        return container?.appendingPathComponent("Library/Application Support/Pilotlight/session").path ?? ""
        #else
        return ""
        #endif
    }

    /// A path in a folder that is deleted with the app. Nil in an extension: it has its own folder, which does not show
    /// whether the app is new.
    private static func installationMarkerPath() -> String? {
        if Bundle.main.bundlePath.hasSuffix(".appex") { return nil }
        let folders = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)
        return folders.first?.appendingPathComponent("Pilotlight/installed").path ?? ""
    }
}

/// What happens to sessions that a removed installation left in the Keychain.
public enum ReinstallPolicy: Hashable, Sendable {
    /// They are kept: a user who reinstalls the app is still signed in.
    case keep
    /// They are removed before the first use in a new installation. Choose this in the first release of your app that uses
    /// Pilotlight. If you choose it later, there is no marker yet: the update looks like a new installation and signs the
    /// user out once. Extensions leave the removal to the app.
    case wipe
}
