import Foundation
internal import PilotlightCore

extension Session {
    /// The endpoints of older Auth0 tenants: see ``LegacyAuth0``.
    public var legacy: LegacyAuth0 {
        LegacyAuth0(session: self)
    }
}

/// Auth0's endpoints from before June 2017, for tenants that still have them: `/oauth/ro`, `/delegation` and
/// `/tokeninfo`. For apps that move to sign-in in the browser and have users who signed in with Lock 1.
///
/// The configuration must have `legacy`; otherwise every call throws
/// ``SessionError/configurationInvalid(field:message:)`` for `legacy` and sends nothing. A tenant whose endpoints are
/// switched off causes the same error; its message says what to switch on, or what to use instead.
///
/// ```swift
/// let session = try Session(.auth0(domain: "tenant.auth0.com", clientID: "…", legacy: true))
/// let idToken = try await session.legacy.idToken(minTTL: 60)
/// ```
///
/// A session from ``signIn(username:password:connection:device:parameters:)`` is based on its ID token: its state
/// expires with it, and ``idToken(minTTL:)`` renews it by delegation.
/// ``Session/accessToken(minTTL:forceRefresh:allowExpired:)`` returns the access token that came with the sign-in until
/// the first renewal; after that there is none, and the call throws. ``Session/profile(refresh:)`` uses `/tokeninfo`.
public struct LegacyAuth0: Sendable {
    let session: Session

    /// An ID token that is good for at least `minTTL` seconds: the one in memory, or a renewed one (network; persists).
    ///
    /// A session that is based on its ID token is renewed by delegation: with its refresh token, or, without one, with
    /// the ID token while it is valid. A session from the browser is renewed as usual. Any number of callers share one
    /// renewal. Only Auth0's refusal of the refresh token ends the session.
    ///
    /// - Parameter minTTL: How long the token must still be good, in seconds.
    /// - Throws: As ``Session/accessToken(minTTL:forceRefresh:allowExpired:)``;
    ///   ``SessionError/configurationInvalid(field:message:)`` for `legacy`.
    public func idToken(minTTL: TimeInterval = 0) async throws -> String {
        let seconds = try wholeSeconds(minTTL)
        return try await session.call { try await $0.idToken(minTtlSeconds: seconds) }
    }

    /// The ID token in memory, if it is good for at least `minTTL` seconds; otherwise nil, also if the configuration does
    /// not have `legacy`. No `await`, no store, no network.
    public func cachedIDToken(minTTL: TimeInterval = 0) -> String? {
        guard session.gate?.isOpen ?? true, let seconds = try? wholeSeconds(minTTL) else { return nil }
        return session.core.cachedIdToken(minTtlSeconds: seconds)
    }

    /// Signs in with the user's name and password at `/oauth/ro`. Network; persists the session.
    ///
    /// Prefer the browser: ``Session/signIn(using:options:)``. An app with a password field sees the password, teaches
    /// users to type it anywhere, and shuts out single sign-on, second factors and passkeys (RFC 8252 8.12; RFC 9700
    /// 2.4 forbids this grant). Pilotlight sends the password once, wipes its own copies, and neither stores nor
    /// logs it. It cannot wipe the `String` that you pass.
    ///
    /// The ID token is verified with Auth0's published keys. Old clients may be set to HS256, signed with the client's
    /// secret, which no app can verify. Such a token is accepted because it came from Auth0 over TLS
    /// (OpenID Connect Core 3.1.3.7, 6.); its claims are still checked. Set the client to RS256 where you can.
    ///
    /// - Parameters:
    ///   - username: The user's name or address.
    ///   - password: The password.
    ///   - connection: The name of the database connection.
    ///   - device: What to call this device in Auth0's list of the user's devices. Needed with the scope
    ///     `offline_access`: the refresh token is bound to it.
    ///   - parameters: More parameters for the request.
    /// - Returns: The new state, `.signedIn`.
    /// - Throws: ``SessionError/signInFailed(code:message:)`` with Auth0's code (`invalid_user_password`, `unauthorized` for a
    ///   blocked user, `too_many_attempts`, `password_leaked`, …); ``SessionError/argumentInvalid(argument:message:)``;
    ///   ``SessionError/configurationInvalid(field:message:)``;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``; ``SessionError/signInCancelled`` when another
    ///   sign-in or a sign-out replaced it; `CancellationError`, after which the sign-in may still succeed. None of them changes
    ///   a session that existed before.
    @discardableResult
    public func signIn(
        username: String, password: String, connection: String = "Username-Password-Authentication",
        device: String? = nil, parameters: [String: String] = [:]
    ) async throws -> SessionState {
        let state = SessionState(
            try await session.call(givesNothingOut: true) {
                try await $0.signInWithPassword(
                    username: username, password: password, connection: connection, device: device,
                    parameters: parameters)
            })
        session.gates.open()
        return state
    }

    /// The token that is sent to `/delegation`.
    public enum Grant: Hashable, Sendable {
        /// The session's ID token, renewed first if it has expired.
        case idToken
        /// The session's refresh token: only for a session that is based on its ID token, because other refresh tokens
        /// may be rotated. Swift never sees it.
        case refreshToken
    }

    /// Exchanges the session's token for a token of another client or of an add-on. Network; nothing in the answer is stored.
    ///
    /// ```swift
    /// let aws = try await session.legacy.delegate(apiType: "aws", parameters: ["role": role, "principal": principal])
    /// let key = aws["Credentials"]?["AccessKeyId"]?.stringValue
    /// ```
    ///
    /// - Parameters:
    ///   - apiType: `app` for an ID token, or the name of the add-on: `aws`, `firebase`, `azure_sb`, `salesforce_api`, …
    ///   - target: The client that the token is for, if it is another one.
    ///   - scopes: The scopes of the token, if it has any.
    ///   - parameters: Further parameters that the add-on needs.
    ///   - grant: The token that is sent. Auth0 limits these calls (10 a minute for a user).
    /// - Returns: Auth0's answer; its structure depends on the add-on.
    /// - Throws: As ``idToken(minTTL:)``; ``SessionError/signInRequired(reason:message:)`` with `.accessDenied` if Auth0
    ///   refuses the token for this purpose; the session continues.
    public func delegate(
        apiType: String, target: String? = nil, scopes: [String] = [], parameters: [String: String] = [:],
        grant: Grant = .idToken
    ) async throws -> [String: SessionJSON] {
        try JSONText.object(
            try await session.call {
                try await $0.delegate(
                    apiType: apiType, target: target, scopes: scopes, parameters: parameters,
                    byRefreshToken: grant == .refreshToken)
            })
    }

    /// The profile of an ID token's user, from `/tokeninfo`. Network.
    ///
    /// - Parameter idToken: The token. If nil, the session's own ID token is used, and the profile becomes the session's
    ///   profile (persists).
    /// - Throws: ``SessionError/argumentInvalid(argument:message:)`` for a token that Auth0 refuses; otherwise as
    ///   ``idToken(minTTL:)``.
    public func tokenInfo(idToken: String? = nil) async throws -> SessionProfile {
        SessionProfile(try await session.call { try await $0.tokenInfo(idToken: idToken) })
    }
}
