import Foundation
internal import PilotlightCore

extension SessionConfiguration {
    /// The scopes that are requested by default: the user's identity, and a refresh token (`offline_access`).
    public static let standardScopes = ["openid", "profile", "email", "offline_access"]

    /// The scopes that ``Session/metadata`` and ``Session/fetchUser(fields:include:)`` need at Auth0.
    public static let auth0MetadataScopes = PilotlightCore.auth0MetadataScopes()

    /// A client at Auth0.
    ///
    /// - Parameters:
    ///   - domain: The domain of the tenant, such as `tenant.eu.auth0.com`, or the custom domain; a URL is accepted too, and
    ///     `http` on a loopback host.
    ///   - clientID: The application's client ID. The application's type must be "Native".
    ///   - redirectURI: One of the application's "Allowed Callback URLs". If nil, it follows Auth0's convention for
    ///     native apps, `{bundle id}.auth0://{domain}/ios/{bundle id}/callback` (`macos` on a Mac). For an `https` URL
    ///     see `SystemWebAuthenticator`.
    ///   - scopes: The scopes to request; `openid` is required, and `offline_access` requests the refresh token.
    ///   - audience: The identifier of the API that the access token is for.
    ///   - metadataAccess: True requests a token for the Management API in the user's own name instead of an
    ///     `audience`, and the scopes that ``Session/metadata`` needs. Pass either this or `audience`.
    ///   - metadataByIDToken: True sends the ID token to the Management API, as Auth0's first mobile SDKs did: for
    ///     old tenants that still accept it.
    ///   - authorizeParameters: More parameters for the authorization request: `connection`, `organization`,
    ///     `ui_locales` …
    ///   - tokenParameters: More parameters for every token request.
    ///   - headers: More headers for the requests to the issuer's own origin; see ``SessionConfiguration/headerOrigins``.
    ///   - leeway: How far the times in an ID token may differ from the issuer's clock, in seconds: 0 to 300.
    ///   - dpop: Whether the tokens are bound to a key of this device (RFC 9449): see <doc:BindTokens>.
    ///   - lifetime: When a session ends, even if its tokens are still valid: see <doc:LimitSessions>.
    ///   - legacy: True allows ``Session/legacy``, for a tenant that still has Auth0's endpoints from before June 2017.
    public static func auth0(
        domain: String, clientID: String, redirectURI: String? = nil, scopes: [String] = standardScopes,
        audience: String? = nil, metadataAccess: Bool = false, metadataByIDToken: Bool = false,
        authorizeParameters: [String: String] = [:], tokenParameters: [String: String] = [:],
        headers: [String: String] = [:], leeway: TimeInterval = 60, dpop: TokenBinding = .off,
        lifetime: SessionLifetime = .unlimited, legacy: Bool = false
    ) -> SessionConfiguration {
        SessionConfiguration(
            provider: .auth0(domain: domain),
            clientID: clientID,
            redirectURI: redirectURI ?? auth0RedirectURI(domain: domain, bundleID: Bundle.main.bundleIdentifier) ?? "",
            scopes: scopes,
            audience: audience,
            metadataAccess: metadataAccess,
            authorizeParameters: authorizeParameters,
            tokenParameters: tokenParameters,
            headers: headers,
            leeway: leeway,
            metadataByIDToken: metadataByIDToken,
            dpop: dpop,
            lifetime: lifetime,
            legacy: legacy)
    }

    /// A client at Auth0 whose `ClientId` and `Domain` are in `Auth0.plist`, as Auth0's quick starts write it into the
    /// app's target.
    ///
    /// - Parameters:
    ///   - bundle: Where `Auth0.plist` is.
    ///   - redirectURI: As in
    ///     ``auth0(domain:clientID:redirectURI:scopes:audience:metadataAccess:metadataByIDToken:authorizeParameters:tokenParameters:headers:leeway:dpop:lifetime:legacy:)``.
    ///   - scopes: The scopes to request; `openid` is required, and `offline_access` requests the refresh token.
    ///   - audience: The identifier of the API that the access token is for.
    ///   - metadataAccess: True requests what ``Session/metadata`` needs, instead of an `audience`.
    /// - Throws: ``SessionError/configurationInvalid(field:message:)`` naming `Auth0.plist` if the file is missing or
    ///   lacks a key.
    public static func auth0(
        plistIn bundle: Bundle = .main, redirectURI: String? = nil, scopes: [String] = standardScopes,
        audience: String? = nil, metadataAccess: Bool = false
    ) throws -> SessionConfiguration {
        let file = try Auth0PropertyList(bundle.url(forResource: "Auth0", withExtension: "plist"))
        return .auth0(
            domain: file.domain, clientID: file.clientID, redirectURI: redirectURI, scopes: scopes, audience: audience,
            metadataAccess: metadataAccess)
    }

    /// A client at any OpenID Connect provider. Its endpoints are discovered (OpenID Connect Discovery 1.0) when they are
    /// first needed.
    ///
    /// - Parameters:
    ///   - issuer: The issuer URL, without `/.well-known/openid-configuration`.
    ///   - clientID: The client identifier. The client is public: it has no secret (RFC 8252 8.5).
    ///   - redirectURI: Exactly as registered at the provider: `com.example.app://callback`, a claimed `https` URL,
    ///     or `http` on a loopback host (RFC 8252 7). `SystemWebAuthenticator` says what an `https` URL needs; it does
    ///     not accept `http`.
    ///   - scopes: The scopes to request; `openid` is required, and `offline_access` requests the refresh token at most
    ///     providers.
    ///   - audience: Sent as `audience`, for providers that know this parameter.
    ///   - resources: The APIs for which ``Session/accessToken(for:minTTL:forceRefresh:allowExpired:)`` will request tokens:
    ///     absolute URIs, each sent as a separate `resource` at the sign-in (RFC 8707 2.1). A provider issues tokens
    ///     only for the APIs that the sign-in named, so users must sign in again after you add one.
    ///     Add the APIs' scopes to `scopes`.
    ///   - authorizeParameters: More parameters for the authorization request: `prompt`, `login_hint` …
    ///   - tokenParameters: More parameters for every token request.
    ///   - headers: More headers for the requests to the issuer's own origin; see ``SessionConfiguration/headerOrigins``.
    ///   - leeway: How far the times in an ID token may differ from the issuer's clock, in seconds: 0 to 300.
    ///   - dpop: Whether the tokens are bound to a key of this device (RFC 9449): see <doc:BindTokens>.
    ///   - lifetime: When a session ends, even if its tokens are still valid: see <doc:LimitSessions>.
    public static func openIDConnect(
        issuer: String, clientID: String, redirectURI: String, scopes: [String] = standardScopes,
        audience: String? = nil, resources: [String] = [], authorizeParameters: [String: String] = [:],
        tokenParameters: [String: String] = [:], headers: [String: String] = [:], leeway: TimeInterval = 60,
        dpop: TokenBinding = .off, lifetime: SessionLifetime = .unlimited
    ) -> SessionConfiguration {
        SessionConfiguration(
            provider: .openIDConnect(issuer: issuer),
            clientID: clientID,
            redirectURI: redirectURI,
            scopes: scopes,
            audience: audience,
            resources: resources,
            authorizeParameters: authorizeParameters,
            tokenParameters: tokenParameters,
            headers: headers,
            leeway: leeway,
            dpop: dpop,
            lifetime: lifetime)
    }

    /// The URI by Auth0's convention ("Add Login to your iOS app": Callback URL); nil in a program without a bundle identifier.
    static func auth0RedirectURI(domain: String, bundleID: String?) -> String? {
        guard let bundleID else { return nil }
        #if os(macOS)
        let platform = "macos"
        #else
        let platform = "ios"
        #endif
        let host = auth0BaseURL(domain).split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        return "\(bundleID).auth0://\(host)/\(platform)/\(bundleID)/callback"
    }

    static func auth0BaseURL(_ domain: String) -> String {
        let url = domain.contains("://") ? domain : "https://\(domain)"
        return url.hasSuffix("/") ? url : url + "/"
    }
}
