import Foundation
import Pilotlight

/// What the app's settings screen holds, and what the app and its widget read at their start.
public struct AppSettings: Codable, Equatable, Sendable {
    /// Whether Auth0 is at the other end, or what answers as it does; else any OpenID Connect provider.
    public var isAuth0 = true
    /// Auth0's domain, or the provider's issuer URL.
    public var address = "http://127.0.0.1:8080/"
    /// The client ID that the issuer gave.
    public var clientID = "native-app"
    /// Where the issuer sends the browser back to; empty takes Auth0's convention.
    public var redirectURI = "com.example.pilotlight://callback"
    /// Whether to ask for the user's metadata, which only Auth0 keeps.
    public var metadataAccess = true
    /// More parameters for the authorization request.
    public var parameters: [String: String] = [:]
    /// Whether the authorization request is pushed to the issuer (PAR, RFC 9126).
    public var pushesRequests = false
    /// Whether tokens are bound to a key of this device, where the issuer offers that (DPoP, RFC 9449).
    public var bindsTokens = false
    /// Whether there is a button for Sign in with Apple, whose code the issuer exchanges.
    public var offersApple = false
    /// The client ID of another app that signs in by this one's sign-in, with a device secret; empty for none.
    public var otherClientID = ""
    /// Whether the browser sheet keeps no cookies.
    public var isEphemeral = false
    /// When the session can be read.
    public var accessibility = KeychainAccessibility.afterFirstUnlockThisDeviceOnly
    /// Whether the owner of the device is asked before the session is read.
    public var biometricLock = false
    /// Whether the app locks five minutes after its user has shown who they are, and at each launch.
    public var appLock = false
    /// Whether the session is on all the user's devices, through iCloud Keychain.
    public var isSynchronizable = false
    /// Whether a new installation forgets the session that an earlier one left in the Keychain.
    public var forgetsAfterReinstall = false

    /// For the identity server of this project (testing/identity-server) on the Mac that the simulator runs on.
    public init() {}

    /// What was saved last; nil when nothing was, or when it is of a release that had other settings.
    public init?(savedIn defaults: UserDefaults) {
        guard let data = defaults.data(forKey: "settings"),
            let saved = try? JSONDecoder().decode(Self.self, from: data)
        else { return nil }
        self = saved
    }

    /// Saves them.
    public func save(in defaults: UserDefaults) {
        defaults.set(try? JSONEncoder().encode(self), forKey: "settings")
    }

    /// What a session is made with.
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

    /// The Keychain with these options, in the places that the app and its widget share. The system's dialogue says the
    /// `prompt`.
    public func storage(in places: SharedPlaces, prompt: String) -> SessionStorage {
        .keychain(
            service: places.service, accessGroup: places.accessGroup, appGroup: places.appGroup,
            accessibility: accessibility, synchronizable: isSynchronizable,
            accessControl: biometricLock ? KeychainAccessControl(.userPresence, prompt: prompt, reuse: 60) : nil,
            afterReinstall: forgetsAfterReinstall ? .wipe : .keep)
    }

    /// The app's own lock, which holds while the app runs: the `owner` of the device opens it, on the locked screen only.
    public func lock(reason: String, opensFor owner: some UserAuthenticator) -> UserAuthenticationPolicy? {
        appLock ? .after(300, reason: reason, authenticator: owner).askedByApp() : nil
    }

    /// Whether the address is the device itself: the default issuer runs beside the simulator, on the Mac.
    public func isOnDevice(environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
        ["127.0.0.1", "localhost", "[::1]", "::1"].contains(URLComponents(string: base)?.host?.lowercased())
            && environment["SIMULATOR_DEVICE_NAME"] == nil
    }

    /// An address that takes the access token, to try a request with: Auth0's own. Empty at other issuers.
    public var exampleRequest: String {
        isAuth0 ? base + (base.hasSuffix("/") ? "userinfo" : "/userinfo") : ""
    }

    private var base: String {
        address.contains("://") ? address.trimmed : "https://\(address.trimmed)"
    }
}

extension String {
    /// Without white space at its ends, which comes with what is pasted.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
