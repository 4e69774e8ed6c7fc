import Foundation
internal import PilotlightCore

/// When a Keychain item can be read (Apple: "Restricting keychain item accessibility"). The two last cases are those that
/// Apple has deprecated. The raw values are the cases' names, for an app that keeps the choice among its settings.
public enum KeychainAccessibility: String, CaseIterable, Codable, Hashable, Sendable {
    /// After the first unlock since the device started, also in the background. Never leaves this device. The default.
    case afterFirstUnlockThisDeviceOnly
    /// The same, and is part of encrypted backups to a new device.
    case afterFirstUnlock
    /// Only while the device is unlocked: renewal in the background fails on a locked device. Never leaves this device.
    case whenUnlockedThisDeviceOnly
    /// The same, and is part of encrypted backups.
    case whenUnlocked
    /// Only while unlocked, and only while a passcode is set: removing the passcode deletes the item.
    case whenPasscodeSetThisDeviceOnly
    /// Deprecated by Apple, for apps that have items of this class: readable also before the first unlock. Never leaves
    /// this device.
    case alwaysThisDeviceOnly
    /// The same, and is part of encrypted backups.
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
    /// Any finger or face that is enrolled, now or later; no passcode.
    case biometryAny
    /// The fingers or the face enrolled now: when they change, the session is lost and the user signs in again.
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
/// The session is read once, at its restore, and written at each renewal. In the background the user cannot be asked, so a
/// session with access control is renewed only while the app is in front. Signing out does not prompt.
public struct KeychainAccessControl: Hashable, Sendable {
    /// Who may use the item.
    public var constraint: KeychainAccessConstraint
    /// The reason that the system's dialogue shows.
    public var prompt: String
    /// How long one authentication stays valid, in seconds: 0 to 300.
    public var reuse: TimeInterval

    /// Authenticates the user.
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
        // What is no number of seconds becomes one that the core refuses by name, when a session is made.
        PilotlightCore.KeychainAccessControl(
            constraint: constraint.core, prompt: prompt, reuseSeconds: UInt32(exactly: reuse.rounded(.up)) ?? .max)
    }
}
