import Foundation
import PilotlightCore

extension SessionStorage {
    /// The Keychain (Apple: "Keychain Services"). Throws at ``Session/init(_:storage:name:readOnly:log:)`` on a platform
    /// without one.
    ///
    /// - Parameters:
    ///   - service: `kSecAttrService`; left out, the bundle identifier. An extension has another bundle identifier
    ///     than its app, so name it when they share the session.
    ///   - accessGroup: `kSecAttrAccessGroup`: a group of the entitlements, to share the session with extensions.
    ///   - accessibility: When the session can be read. The default also works in the background on a locked device,
    ///     once it was unlocked after its start, and never leaves the device.
    public static func keychain(
        service: String? = nil, accessGroup: String? = nil,
        accessibility: KeychainAccessibility = .afterFirstUnlockThisDeviceOnly
    ) -> SessionStorage {
        let service = service ?? Bundle.main.bundleIdentifier ?? ProcessInfo.processInfo.processName
        return .keychain(service: service as String, accessGroup: accessGroup, accessibility: accessibility, lockPath: nil)
    }

    /// A file that only its owner can read, replaced atomically. It is **not encrypted**: for development on hosts
    /// without a Keychain.
    public static func file(_ url: URL) -> SessionStorage {
        .file(path: url.path)
    }

    /// This process's memory: for tests and previews.
    public static let inMemory = SessionStorage.memory
}
