import Foundation
internal import PilotlightCore

/// When a Keychain item can be read (Apple: "Restricting keychain item accessibility"). Apple has deprecated the last two
/// cases. The raw values are the names of the cases, for an app that stores the choice in its settings.
public enum KeychainAccessibility: String, CaseIterable, Codable, Hashable, Sendable {
    /// After the first unlock since the device started, also in the background. The item never leaves this device. The default.
    case afterFirstUnlockThisDeviceOnly
    /// Like `afterFirstUnlockThisDeviceOnly`, but the item is part of encrypted backups and can move to a new device.
    case afterFirstUnlock
    /// Only while the device is unlocked: renewal in the background fails on a locked device. The item never leaves this device.
    case whenUnlockedThisDeviceOnly
    /// Like `whenUnlockedThisDeviceOnly`, but the item is part of encrypted backups.
    case whenUnlocked
    /// Only while the device is unlocked and has a passcode: removing the passcode deletes the item.
    case whenPasscodeSetThisDeviceOnly
    /// Always, even before the first unlock. Deprecated by Apple; for apps that have items of this class. The item never leaves
    /// this device.
    case alwaysThisDeviceOnly
    /// Like `alwaysThisDeviceOnly`, but the item is part of encrypted backups.
    case always

    var core: PilotlightCore.KeychainAccessibility {
        switch self {
        case .afterFirstUnlockThisDeviceOnly: .afterFirstUnlockThisDeviceOnly
        case .afterFirstUnlock: .afterFirstUnlock
        case .whenUnlockedThisDeviceOnly: .whenUnlockedThisDeviceOnly
        case .whenUnlocked: .whenUnlocked
        case .whenPasscodeSetThisDeviceOnly: .whenPasscodeSetThisDeviceOnly
        case .alwaysThisDeviceOnly: .alwaysThisDeviceOnly
        case .always: .always
        }
    }
}

/// Who may use a Keychain item (Apple: "SecAccessControlCreateFlags").
public enum KeychainAccessConstraint: Hashable, Sendable {
    /// The device's owner, by biometry or by the passcode.
    case userPresence
    /// Any finger or face that is enrolled, now or later; the passcode is not accepted.
    case biometryAny
    /// The fingers or the face that are enrolled now: if they change, the session is lost and the user has to sign in again.
    case biometryCurrentSet

    fileprivate var core: PilotlightCore.KeychainAccessConstraint {
        switch self {
        case .userPresence: .userPresence
        case .biometryAny: .biometryAny
        case .biometryCurrentSet: .biometryCurrentSet
        }
    }
}

/// Authenticates the user before the session is read or written (Apple: "Accessing Keychain Items with Face ID or Touch ID").
///
/// The session is read once, by ``Session/restore()``, and written at each renewal. In the background the user cannot be asked,
/// so a session with access control is renewed only while the app is in the foreground. Signing out does not prompt.
public struct KeychainAccessControl: Hashable, Sendable {
    /// Who may use the item.
    public var constraint: KeychainAccessConstraint
    /// The reason that the system's dialogue shows.
    public var prompt: String
    /// How long one authentication stays valid, in seconds: 0 to 300.
    public var reuse: TimeInterval

    /// Creates an access control.
    ///
    /// - Parameters:
    ///   - constraint: Who may use the item.
    ///   - prompt: The reason that the system's dialogue shows.
    ///   - reuse: How long one authentication stays valid, in seconds: 0 to 300.
    public init(_ constraint: KeychainAccessConstraint, prompt: String, reuse: TimeInterval = 0) {
        self.constraint = constraint
        self.prompt = prompt
        self.reuse = reuse
    }

    var core: PilotlightCore.KeychainAccessControl {
        // An invalid number becomes one that the core refuses when a session is created; its error names the field.
        PilotlightCore.KeychainAccessControl(
            constraint: constraint.core, prompt: prompt, reuseSeconds: UInt32(exactly: reuse.rounded(.up)) ?? .max)
    }
}
