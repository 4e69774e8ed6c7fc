import Foundation
internal import PilotlightCore

/// Which issuer and which client an app signs in with. Make one with
/// ``auth0(domain:clientID:redirectURI:scopes:audience:metadataAccess:metadataByIDToken:authorizeParameters:tokenParameters:headers:leeway:dpop:lifetime:legacy:)``
/// or
/// ``openIDConnect(issuer:clientID:redirectURI:scopes:audience:resources:authorizeParameters:tokenParameters:headers:leeway:dpop:lifetime:)``,
/// and change single fields before you create the ``Session``:
///
/// ```swift
/// var configuration = SessionConfiguration.auth0(domain: "tenant.eu.auth0.com", clientID: "…")
/// configuration.scopes.append("read:orders")
/// ```
///
/// Every field is checked when a session is created with the configuration. Nothing here is secret, because a native app is
/// a public client (RFC 8252 8.5).
public struct SessionConfiguration: Hashable, Sendable {
    /// Who issues the tokens.
    public enum Provider: Hashable, Sendable {
        /// Auth0. `domain` is the domain of the tenant (`tenant.eu.auth0.com`) or the custom domain. A URL is accepted too, and
        /// `http` on a loopback host, for a development server. The endpoints are known: no discovery request is made.
        case auth0(domain: String)
        /// Any OpenID Connect provider. Its endpoints are discovered (OpenID Connect Discovery 1.0). `issuer` is the issuer
        /// URL, without `/.well-known/openid-configuration`.
        case openIDConnect(issuer: String)
    }

    /// Who issues the tokens.
    public var provider: Provider
    /// The client identifier that the issuer gave this app (RFC 6749 2.2).
    public var clientID: String
    /// Where the issuer sends the browser back to, exactly as registered there: a custom scheme
    /// (`com.example.app://callback`), a claimed `https` URL, or `http` on a loopback host (RFC 8252 7).
    public var redirectURI: String
    /// The scopes to request. `openid` is required; `offline_access` requests a refresh token at most issuers.
    public var scopes: [String]
    /// The API that the access token is for: sent as `audience` (Auth0) in the authorization request.
    public var audience: String?
    /// Auth0 only: requests what ``Session/metadata`` needs, that is a token for the Management API in the user's own name
    /// instead of an ``audience``, and ``auth0MetadataScopes`` in addition to ``scopes``.
    public var metadataAccess: Bool
    /// Providers other than Auth0: the APIs for which access tokens can be requested later, besides the session's own. Each
    /// is an absolute URI without a fragment, sent as a `resource` of the authorization request (RFC 8707 2.1): a provider
    /// issues tokens only for the APIs that the user's grant names.
    public var resources: [String]
    /// More parameters for the authorization request, for example `prompt` or `connection`.
    public var authorizeParameters: [String: String]
    /// More parameters for every token request.
    public var tokenParameters: [String: String]
    /// More headers for the requests to the issuer: to its own origin (scheme, host and port), and to ``headerOrigins``.
    public var headers: [String: String]
    /// Further origins that receive ``headers``, such as `https://login.example.com`, if the issuer has endpoints on other
    /// hosts that need them. They must be listed because a discovery document can name any host, and a header can be a key.
    public var headerOrigins: [String]
    /// How far the times in an ID token (`exp`, `iat`, `nbf`, `auth_time`) may differ from the issuer's clock, in
    /// seconds: 0 to 300. The session follows the issuer's clock, so a device whose clock is wrong needs no leeway.
    public var leeway: TimeInterval
    /// Sends the ID token to Auth0's Management API, as Auth0's first mobile SDKs did: for old tenants that still
    /// accept it. Other tenants require an access token, which Pilotlight obtains automatically.
    public var metadataByIDToken: Bool
    /// Pushes the authorization request to the issuer by POST, so that the browser's URL only refers to it (RFC 9126; Auth0:
    /// "Configure Pushed Authorization Requests (PAR)"). If the issuer's discovery document requires this, the request is
    /// pushed in any case; Pilotlight cannot see Auth0's setting.
    public var pushesAuthorizationRequests: Bool
    /// Whether the tokens are bound to a key of this device, in its Secure Enclave if it has one (DPoP, RFC 9449). See
    /// <doc:BindTokens>. Cannot be combined with storage that is `synchronizable`.
    public var dpop: TokenBinding
    /// When a session ends, even if its tokens are still valid. See <doc:LimitSessions>.
    public var lifetime: SessionLifetime
    /// Auth0 only: allows ``Session/legacy``, which uses the endpoints from before June 2017 (`/delegation`, `/tokeninfo`,
    /// `/oauth/ro`). If false, those calls are refused on the device and nothing is sent.
    public var legacy: Bool

    /// Creates a configuration from its fields. Prefer
    /// ``auth0(domain:clientID:redirectURI:scopes:audience:metadataAccess:metadataByIDToken:authorizeParameters:tokenParameters:headers:leeway:dpop:lifetime:legacy:)``
    /// and
    /// ``openIDConnect(issuer:clientID:redirectURI:scopes:audience:resources:authorizeParameters:tokenParameters:headers:leeway:dpop:lifetime:)``,
    /// which know the defaults of each provider.
    public init(
        provider: Provider, clientID: String, redirectURI: String, scopes: [String] = standardScopes,
        audience: String? = nil, metadataAccess: Bool = false, resources: [String] = [],
        authorizeParameters: [String: String] = [:], tokenParameters: [String: String] = [:],
        headers: [String: String] = [:], headerOrigins: [String] = [],
        leeway: TimeInterval = 60, metadataByIDToken: Bool = false, pushesAuthorizationRequests: Bool = false,
        dpop: TokenBinding = .off, lifetime: SessionLifetime = .unlimited, legacy: Bool = false
    ) {
        self.provider = provider
        self.clientID = clientID
        self.redirectURI = redirectURI
        self.scopes = scopes
        self.audience = audience
        self.metadataAccess = metadataAccess
        self.resources = resources
        self.authorizeParameters = authorizeParameters
        self.tokenParameters = tokenParameters
        self.headers = headers
        self.headerOrigins = headerOrigins
        self.leeway = leeway
        self.metadataByIDToken = metadataByIDToken
        self.pushesAuthorizationRequests = pushesAuthorizationRequests
        self.dpop = dpop
        self.lifetime = lifetime
        self.legacy = legacy
    }
}

extension SessionConfiguration {
    /// The core's configuration. Throws if the leeway or the lifetime is not a valid number of seconds, if the redirect URI is
    /// empty and has no default, and if metadata access is not possible.
    var core: PilotlightCore.SessionConfiguration {
        get throws {
            guard let leeway = UInt32(exactly: leeway.rounded(.up)) else {
                throw SessionError.configurationInvalid(
                    field: "leeway", message: "leeway is \(leeway), and must be between 0 and 300 seconds")
            }
            if case .auth0 = provider, redirectURI.isEmpty {
                throw SessionError.configurationInvalid(
                    field: "redirectURI",
                    message: "redirectURI is empty, and has no default in a program without a bundle identifier")
            }
            let access = try metadataAccess ? managementAPI : nil
            return PilotlightCore.SessionConfiguration(
                provider: provider.core, clientId: clientID, redirectUri: redirectURI,
                scopes: scopes + (access == nil ? [] : Self.auth0MetadataScopes), audience: access ?? audience,
                resources: resources, authorizeParameters: authorizeParameters, tokenParameters: tokenParameters,
                headers: headers, headerOrigins: headerOrigins, leewaySeconds: leeway,
                metadataByIdToken: metadataByIDToken, pushesAuthorizationRequests: pushesAuthorizationRequests,
                dpop: dpop.core, lifetime: try lifetime.core, legacy: legacy)
        }
    }

    /// The audience of Auth0's Management API.
    private var managementAPI: String {
        get throws {
            guard case .auth0(let domain) = provider else {
                throw SessionError.configurationInvalid(
                    field: "metadataAccess", message: "metadataAccess is for Auth0 only")
            }
            if audience != nil {
                throw SessionError.configurationInvalid(
                    field: "audience",
                    message: "give either audience or metadataAccess, not both: an access token is for one API")
            }
            return "\(Self.auth0BaseURL(domain))api/v2/"
        }
    }
}

extension SessionConfiguration.Provider {
    fileprivate var core: PilotlightCore.Provider {
        switch self {
        case .auth0(let domain): .auth0(domain: domain)
        case .openIDConnect(let issuer): .openIdConnect(issuer: issuer)
        }
    }
}
