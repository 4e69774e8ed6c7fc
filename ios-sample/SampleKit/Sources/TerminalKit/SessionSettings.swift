import Pilotlight

/// The settings for creating a session: the issuer, the client, and what to request.
public struct SessionSettings: Equatable, Sendable {
    /// Who issues the tokens.
    public enum Provider: Equatable, Sendable {
        /// Auth0, by its domain.
        case auth0(domain: String)
        /// Any OpenID Connect provider, by its issuer URL.
        case openIDConnect(issuer: String)
    }

    /// Who issues the tokens.
    public var provider: Provider
    /// The client ID that the issuer gave.
    public var clientID: String
    /// Where the issuer sends the browser back to; nil means Auth0's convention, if there is a bundle identifier.
    public var redirectURI: String?
    /// The scopes; empty means the standard ones.
    public var scopes: [String]
    /// The API that the access token is for.
    public var audience: String?
    /// Whether to request a token from Auth0 that may read and change the user's metadata.
    public var metadataAccess: Bool
    /// More parameters for the authorization request.
    public var parameters: [String: String]
    /// Whether the authorization request is sent to the issuer by POST, so that the browser's URL only refers to it (RFC 9126).
    public var pushes: Bool
    /// Whether the tokens are bound to a key of this device (DPoP, RFC 9449).
    public var bindsTokens: Bool
    /// When the session ends, even if its tokens are still valid.
    public var lifetime: SessionLifetime

    /// Creates settings.
    public init(
        provider: Provider, clientID: String, redirectURI: String? = nil, scopes: [String] = [],
        audience: String? = nil, metadataAccess: Bool = false, parameters: [String: String] = [:],
        pushes: Bool = false, bindsTokens: Bool = false, lifetime: SessionLifetime = .unlimited
    ) {
        self.provider = provider
        self.clientID = clientID
        self.redirectURI = redirectURI
        self.scopes = scopes
        self.audience = audience
        self.metadataAccess = metadataAccess
        self.parameters = parameters
        self.pushes = pushes
        self.bindsTokens = bindsTokens
        self.lifetime = lifetime
    }

    /// The configuration of a session. Its fields are checked when a session is created with it.
    public func configuration() -> SessionConfiguration {
        var configuration = configurationOfProvider
        configuration.metadataAccess = metadataAccess
        configuration.pushesAuthorizationRequests = pushes
        configuration.dpop = bindsTokens ? .required : .off
        configuration.lifetime = lifetime
        return configuration
    }

    private var configurationOfProvider: SessionConfiguration {
        let scopes = scopes.isEmpty ? SessionConfiguration.standardScopes : scopes
        switch provider {
        case .auth0(let domain):
            return .auth0(
                domain: domain, clientID: clientID, redirectURI: redirectURI, scopes: scopes, audience: audience,
                authorizeParameters: parameters)
        case .openIDConnect(let issuer):
            return .openIDConnect(
                issuer: issuer, clientID: clientID, redirectURI: redirectURI ?? "", scopes: scopes, audience: audience,
                authorizeParameters: parameters)
        }
    }

    /// Creates a session with these settings. Reads nothing yet. A read-only session, for a widget, returns the tokens that the
    /// app stored, and never renews, signs in or out, or writes.
    ///
    /// - Throws: `SessionError.configurationInvalid` naming the field; `SessionError.storageFailed`.
    public func makeSession(
        storage: SessionStorage, name: String = "default", readOnly: Bool = false, log: SessionLog = .standard
    ) throws -> Session {
        try Session(configuration(), storage: storage, name: name, readOnly: readOnly, log: log)
    }
}
