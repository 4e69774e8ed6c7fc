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

    /// When the session can be read: of the seven classes those that an app of today chooses from.
    public enum Accessibility: String, CaseIterable, Codable, Identifiable, Sendable {
        /// Also in the background, on this device only.
        case afterFirstUnlockThisDeviceOnly
        /// Also in the background, and in encrypted backups.
        case afterFirstUnlock
        /// Only while the device is unlocked, on this device only.
        case whenUnlockedThisDeviceOnly
        /// Only while a passcode is set.
        case whenPasscodeSetThisDeviceOnly

        /// The case itself.
        public var id: Self { self }

        var keychain: KeychainAccessibility {
            switch self {
            case .afterFirstUnlockThisDeviceOnly: .afterFirstUnlockThisDeviceOnly
            case .afterFirstUnlock: .afterFirstUnlock
            case .whenUnlockedThisDeviceOnly: .whenUnlockedThisDeviceOnly
            case .whenPasscodeSetThisDeviceOnly: .whenPasscodeSetThisDeviceOnly
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
            provider: issuer == .auth0 ? .auth0(domain: trimmed(address)) : .openIDConnect(issuer: trimmed(address)),
            clientID: trimmed(clientID),
            redirectURI: trimmed(redirectURI).isEmpty ? nil : trimmed(redirectURI),
            metadataAccess: metadataAccess && issuer == .auth0,
            parameters: parameters)
    }

    /// The Keychain with these options, in the places that the app and its widget share.
    ///
    /// - Parameter prompt: What the system's dialogue says the session is needed for.
    public func storage(in places: SharedPlaces, prompt: String) -> SessionStorage {
        .keychain(
            service: places.service, accessGroup: places.accessGroup, appGroup: places.appGroup,
            accessibility: accessibility.keychain,
            accessControl: biometricLock
                ? KeychainAccessControl(constraint: .userPresence, prompt: prompt, reuseSeconds: 60) : nil)
    }

    private func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

/// Where the app and its widget find the same things: from the Info.plist, in which Xcode filled in the team's prefix.
public struct SharedPlaces: Equatable, Sendable {
    /// `kSecAttrService` of the sessions.
    public let service: String
    /// The Keychain access group that both are entitled to.
    public let accessGroup: String
    /// The app group that both are entitled to: the settings, and the lock of a renewal.
    public let appGroup: String

    /// These places.
    public init(service: String, accessGroup: String, appGroup: String) {
        self.service = service
        self.accessGroup = accessGroup
        self.appGroup = appGroup
    }

    /// Those of an Info.plist, which `value` looks a key up in; nil when one is missing.
    public init?(infoPlist value: (String) -> Any?) {
        guard let service = value("PilotlightService") as? String,
            let accessGroup = value("PilotlightAccessGroup") as? String,
            let appGroup = value("PilotlightAppGroup") as? String
        else { return nil }
        self.init(service: service, accessGroup: accessGroup, appGroup: appGroup)
    }
}
