import Foundation
import Pilotlight

/// The settings that the settings screen edits, and that the app and its widget read when they start.
public struct AppSettings: Codable, Equatable, Sendable {
    /// Whether the issuer is Auth0 or a server that answers as Auth0 does; otherwise any OpenID Connect provider.
    public var isAuth0 = true
    /// Auth0's domain, or the provider's issuer URL.
    public var address = "http://127.0.0.1:8080/"
    /// The client ID that the issuer gave.
    public var clientID = "native-app"
    /// Where the issuer sends the browser back to; empty means Auth0's convention.
    public var redirectURI = "com.example.pilotlight://callback"
    /// Whether to request access to the user's metadata, which only Auth0 keeps.
    public var metadataAccess = true
    /// More parameters for the authorization request.
    public var parameters: [String: String] = [:]
    /// Whether the authorization request is pushed to the issuer (PAR, RFC 9126).
    public var pushesRequests = false
    /// Whether tokens are bound to a key of this device if the issuer offers that (DPoP, RFC 9449).
    public var bindsTokens = false
    /// Whether there is a button for Sign in with Apple, whose code the issuer exchanges.
    public var offersApple = false
    /// The client ID of another app that can sign in with this app's device secret; empty means none.
    public var otherClientID = ""
    /// Whether the browser sheet keeps no cookies.
    public var isEphemeral = false
    /// When the session can be read.
    public var accessibility = KeychainAccessibility.afterFirstUnlockThisDeviceOnly
    /// Whether the owner of the device is asked before the session is read.
    public var biometricLock = false
    /// Whether the app locks at each launch, and five minutes after its user has authenticated.
    public var appLock = false
    /// Whether the session is on all the user's devices, through iCloud Keychain.
    public var isSynchronizable = false
    /// Whether a new installation deletes the session that an earlier one left in the Keychain.
    public var forgetsAfterReinstall = false

    /// Settings for the identity server of this project (testing/identity-server) on the Mac that runs the simulator.
    public init() {}

    /// The saved settings; nil if there are none, or if a release with other settings saved them.
    public init?(savedIn defaults: UserDefaults) {
        guard let data = defaults.data(forKey: "settings"),
            let saved = try? JSONDecoder().decode(Self.self, from: data)
        else { return nil }
        self = saved
    }

    /// Saves the settings.
    public func save(in defaults: UserDefaults) {
        defaults.set(try? JSONEncoder().encode(self), forKey: "settings")
    }

    /// The configuration of a session.
    public func configuration() -> SessionConfiguration {
        let (address, clientID, redirectURI) = (address.trimmed, clientID.trimmed, redirectURI.trimmed)
        var configuration: SessionConfiguration =
            isAuth0
            ? .auth0(
                domain: address, clientID: clientID, redirectURI: redirectURI.isEmpty ? nil : redirectURI,
                metadataAccess: metadataAccess)
            : .openIDConnect(issuer: address, clientID: clientID, redirectURI: redirectURI)
        configuration.authorizeParameters = parameters
        configuration.pushesAuthorizationRequests = pushesRequests
        configuration.dpop = bindsTokens ? .whenOffered : .off
        if !otherClientID.trimmed.isEmpty { configuration.scopes.append("device_sso") }
        configuration.lifetime = SessionLifetime(idle: 90 * 86_400)
        return configuration
    }

    /// The Keychain with these options, in the places that the app and its widget share. The system's dialogue shows the
    /// `prompt`.
    public func storage(in places: SharedPlaces, prompt: String) -> SessionStorage {
        .keychain(
            service: places.service, accessGroup: places.accessGroup, appGroup: places.appGroup,
            accessibility: accessibility, synchronizable: isSynchronizable,
            accessControl: biometricLock ? KeychainAccessControl(.userPresence, prompt: prompt, reuse: 60) : nil,
            afterReinstall: forgetsAfterReinstall ? .wipe : .keep)
    }

    /// The policy for the app's own lock while the app runs. Only the locked screen opens it, by asking the device's `owner`.
    public func lock(reason: String, opensFor owner: some UserAuthenticator) -> UserAuthenticationPolicy? {
        appLock ? .after(300, reason: reason, authenticator: owner).askedByApp() : nil
    }

    /// Whether the address refers to the device itself. The default issuer runs on the Mac beside the simulator.
    public func isOnDevice(environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
        ["127.0.0.1", "localhost", "[::1]", "::1"].contains(URLComponents(string: base)?.host?.lowercased())
            && environment["SIMULATOR_DEVICE_NAME"] == nil
    }

    /// An address that accepts the access token, to try a request with: Auth0's own. Empty for other issuers.
    public var exampleRequest: String {
        isAuth0 ? base + (base.hasSuffix("/") ? "userinfo" : "/userinfo") : ""
    }

    private var base: String {
        address.contains("://") ? address.trimmed : "https://\(address.trimmed)"
    }
}

extension String {
    /// The string without the white space at its ends that pasted text often has.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
