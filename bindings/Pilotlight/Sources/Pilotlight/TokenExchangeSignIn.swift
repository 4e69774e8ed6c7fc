import Foundation
internal import PilotlightCore

/// A token to sign in with: the code of Sign in with Apple, the token of another app of yours
/// (``Session/deviceSSOToken(secretType:)``), or a token of any other type that the issuer accepts.
///
/// Printing it shows its type and the names of the parameters.
public struct ExternalToken: Hashable, Sendable {
    /// The token or code. It is sent when the session signs in with it, and never stored.
    public var token: String
    /// Its type, a URI (`subject_token_type`, RFC 8693 3; Auth0: "Custom Token Exchange").
    public var type: String
    /// Who acts for the user (`actor_token`, RFC 8693 2.1). For the sign-in of another app this is its device secret.
    public var actor: ActorToken?
    /// Information about the user for the issuer (`user_profile`, Auth0).
    public var userProfile: [String: SessionJSON]
    /// Further parameters of the request, such as Auth0's `organization`.
    public var parameters: [String: String]

    /// Creates a token of any type.
    ///
    /// - Parameters:
    ///   - token: The token.
    ///   - type: Its type, a URI, such as `urn:ietf:params:oauth:token-type:id_token` or the one of an Auth0 Custom Token
    ///     Exchange profile.
    ///   - actor: Who acts for the user.
    ///   - userProfile: Information about the user for the issuer (Auth0).
    ///   - parameters: Further parameters of the request.
    public init(
        _ token: String, type: String, actor: ActorToken? = nil, userProfile: [String: SessionJSON] = [:],
        parameters: [String: String] = [:]
    ) {
        self.token = token
        self.type = type
        self.actor = actor
        self.userProfile = userProfile
        self.parameters = parameters
    }

    /// The code from Sign in with Apple (Auth0: "Add Sign In with Apple to Native iOS Apps").
    ///
    /// Apple provides the name and the email address only at the user's first sign-in, and not in the code, so pass them here.
    /// The request to Apple must not have a nonce.
    ///
    /// - Parameters:
    ///   - authorizationCode: `authorizationCode` of the `ASAuthorizationAppleIDCredential`. It works once, within five minutes.
    ///   - fullName: Its `fullName`.
    ///   - email: Its `email`.
    ///   - parameters: Further parameters of the request.
    public static func apple(
        authorizationCode: Data, fullName: PersonNameComponents? = nil, email: String? = nil,
        parameters: [String: String] = [:]
    ) -> ExternalToken {
        var profile: [String: SessionJSON] = [:]
        var name: [String: SessionJSON] = [:]
        name["firstName"] = fullName?.givenName.map(SessionJSON.string)
        name["lastName"] = fullName?.familyName.map(SessionJSON.string)
        if !name.isEmpty { profile["name"] = .object(name) }
        profile["email"] = email.map(SessionJSON.string)
        return ExternalToken(
            String(decoding: authorizationCode, as: UTF8.self),
            type: "http://auth0.com/oauth/token-type/apple-authz-code", userProfile: profile, parameters: parameters)
    }
}

extension ExternalToken: Redacted {
    /// Its type, and the names of the parameters.
    public var description: String { "ExternalToken(type: \(type), parameters: \(parameters.keys.sorted()))" }
}

extension Session {
    /// Signs in with the token of another issuer or another app, without a browser (token exchange, RFC 8693; Auth0: "Token
    /// Exchange for Native Social", "Custom Token Exchange"; Okta: "Configure SSO for native apps"). Network; persists the
    /// session.
    ///
    /// ```swift
    /// func signIn(_ credential: ASAuthorizationAppleIDCredential) async throws {
    ///     guard let code = credential.authorizationCode else { return }
    ///     try await session.signIn(
    ///         exchanging: .apple(authorizationCode: code, fullName: credential.fullName, email: credential.email))
    /// }
    /// ```
    ///
    /// The session is like any other. The ID token is checked as after a sign-in in the browser, except for the nonce, which this
    /// grant does not have. The tokens are stored before this returns. It replaces a sign-in in progress.
    ///
    /// If the issuer requires a second factor, ``SessionError/mfaRequired(_:message:)`` carries the challenge, and
    /// ``verify(_:for:)`` completes the sign-in. Until then a call with the same token throws the same challenge, and does not
    /// send the token again.
    ///
    /// - Parameter token: The token to exchange.
    /// - Returns: The new state, `.signedIn`.
    /// - Throws: ``SessionError/signInFailed(code:message:)`` if the issuer does not accept the token (`invalid_grant`: get
    ///   another one) or requires the user (`login_required`, `interaction_required`: sign in with the browser).
    ///   ``SessionError/mfaRequired(_:message:)``. ``SessionError/configurationInvalid(field:message:)`` naming `clientID` if
    ///   the client may not use this grant (Auth0: Advanced Settings > Device Settings > Native Social Login; Okta: General >
    ///   Grant type > Token Exchange), or naming `audience` or `scopes`. ``SessionError/argumentInvalid(argument:message:)``.
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``: call again with the same token; if the issuer has
    ///   already answered, its answer is used. ``SessionError/signInCancelled`` if another sign-in or a sign-out happened
    ///   meanwhile; `CancellationError`, after which the sign-in may still succeed. None of them changes a session that existed
    ///   before.
    @discardableResult
    public func signIn(exchanging token: ExternalToken) async throws -> SessionState {
        let profile =
            token.userProfile.isEmpty ? nil : try JSONText.text(of: token.userProfile, argument: "userProfile")
        let state = SessionState(
            try await call(givesNothingOut: true) {
                try await $0.signInByExchange(
                    token: token.token, kind: token.type,
                    actor: token.actor.map { ExchangeActor(token: $0.token, kind: $0.type) }, userProfile: profile,
                    parameters: token.parameters)
            })
        gates.open()
        return state
    }
}
