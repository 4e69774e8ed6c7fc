import Foundation
import Pilotlight

/// What the app's settings screen holds, and what the app and its widget read at their start.
public struct AppSettings: Codable, Equatable, Sendable {
    /// What stands at the other end.
    public enum Issuer: String, CaseIterable, Codable, Identifiable, Sendable {
        /// Auth0, or what answers as it does; the address is a domain.
        case auth0
        /// Any OpenID Connect provider; the address is its issuer URL.
        case openIDConnect

        /// The case itself.
        public var id: Self { self }
    }

    /// When the session can be read: Keychain Services' seven classes.
    public enum Accessibility: String, CaseIterable, Codable, Identifiable, Sendable {
        /// Also in the background, on this device only.
        case afterFirstUnlockThisDeviceOnly
        /// Also in the background, and in encrypted backups.
        case afterFirstUnlock
        /// Only while the device is unlocked, on this device only.
        case whenUnlockedThisDeviceOnly
        /// Only while the device is unlocked, and in encrypted backups.
        case whenUnlocked
        /// Only while a passcode is set.
        case whenPasscodeSetThisDeviceOnly
        /// Also before the first unlock, on this device only. Deprecated by Apple.
        case alwaysThisDeviceOnly
        /// Also before the first unlock, and in encrypted backups. Deprecated by Apple.
        case always

        /// The case itself.
        public var id: Self { self }

        /// Whether Apple advises against it: for apps that have items of this class.
        public var isDeprecated: Bool { [.alwaysThisDeviceOnly, .always].contains(self) }

        /// The class of that name in the SDK.
        public var keychain: KeychainAccessibility {
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

    /// What stands at the other end.
    public var issuer = Issuer.auth0
    /// The domain or the issuer URL.
    public var address = "http://127.0.0.1:8080/"
    /// The client ID that the issuer gave.
    public var clientID = "native-app"
    /// Where the issuer sends the browser back to; empty takes Auth0's convention.
    public var redirectURI = "com.example.pilotlight://callback"
    /// Whether to ask for the user's metadata, which only Auth0 keeps.
    public var metadataAccess = true
    /// More parameters for the authorization request.
    public var parameters: [String: String] = [:]
    /// Whether the browser sheet keeps no cookies.
    public var isEphemeral = false
    /// When the session can be read.
    public var accessibility = Accessibility.afterFirstUnlockThisDeviceOnly
    /// Whether the owner of the device is asked before the session is read.
    public var biometricLock = false
    /// Whether the session is on all the user's devices, through iCloud Keychain.
    public var isSynchronizable = false
    /// Whether a new installation forgets the session that an earlier one left in the Keychain.
    public var forgetsAfterReinstall = false

    /// For the identity server of this project (testing/identity-server) on the Mac that the simulator runs on.
    public init() {}

    /// These settings with those of a command line, as `scripts/run-sample.sh` gives them to the app.
    public func merging(_ settings: SessionSettings) -> AppSettings {
        var merged = self
        switch settings.provider {
        case .auth0(let domain): (merged.issuer, merged.address) = (.auth0, domain)
        case .openIDConnect(let issuer): (merged.issuer, merged.address) = (.openIDConnect, issuer)
        }
        merged.clientID = settings.clientID
        merged.redirectURI = settings.redirectURI ?? merged.redirectURI
        merged.metadataAccess = settings.metadataAccess
        merged.parameters = settings.parameters
        return merged
    }

    /// What a session is made with.
    public var sessionSettings: SessionSettings {
        SessionSettings(
            provider: issuer == .auth0 ? .auth0(domain: address.trimmed) : .openIDConnect(issuer: address.trimmed),
            clientID: clientID.trimmed,
            redirectURI: redirectURI.trimmed.isEmpty ? nil : redirectURI.trimmed,
            metadataAccess: metadataAccess && issuer == .auth0,
            parameters: parameters)
    }

    /// Whether the address names the machine that the app runs on.
    var isLoopback: Bool {
        let address = address.trimmed
        let url = URLComponents(string: address.contains("://") ? address : "https://\(address)")
        return ["127.0.0.1", "localhost", "[::1]", "::1"].contains(url?.host?.lowercased())
    }

    /// Whether the address is the device itself: the default issuer runs beside the simulator, on the Mac.
    public func isOnDevice(environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
        isLoopback && environment["SIMULATOR_DEVICE_NAME"] == nil
    }

    /// An address that takes the access token, to try a request with: where Auth0 tells about the user. Empty where
    /// only the issuer's own description would tell it.
    public var exampleRequest: String {
        guard issuer == .auth0 else { return "" }
        let domain = address.trimmed
        let base = domain.contains("://") ? domain : "https://\(domain)"
        return base.hasSuffix("/") ? "\(base)userinfo" : "\(base)/userinfo"
    }

    /// The Keychain with these options, in the places that the app and its widget share.
    ///
    /// - Parameter prompt: What the system's dialogue says the session is needed for.
    public func storage(in places: SharedPlaces, prompt: String) -> SessionStorage {
        .keychain(
            service: places.service, accessGroup: places.accessGroup, appGroup: places.appGroup,
            accessibility: accessibility.keychain, synchronizable: isSynchronizable,
            accessControl: biometricLock
                ? KeychainAccessControl(.userPresence, prompt: prompt, reuse: 60) : nil,
            afterReinstall: forgetsAfterReinstall ? .wipe : .keep)
    }
}

extension String {
    /// Without white space at its ends, which comes with what is pasted.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
