import Foundation
internal import PilotlightCore

extension Session {
    /// An access token that is good for at least `minTTL` seconds: the one in memory, or a renewed one.
    ///
    /// A valid token in memory is returned at once, on the caller's own actor: no suspension, no actor hop, no Keychain, no
    /// network. Otherwise the refresh token is used (network; the new tokens are stored before anything else). All
    /// callers in this process share one renewal, also those of another ``Session`` with the same
    /// configuration, storage and name. Processes that share the store renew one at a time. Transient failures are
    /// retried for up to 20 seconds; for a moment after a failure, further calls fail at once (<doc:WorkingOffline>).
    ///
    /// On iOS the session asks the system for background time, so that a renewal can finish after the app has left the screen.
    ///
    /// - Parameters:
    ///   - minTTL: How long the token must still be good, in seconds: at least as long as you need it.
    ///   - forceRefresh: Renew the token even if it is still good, for example after an API answered 401.
    ///   - allowExpired: If the token cannot be renewed now (no network, a fault at the issuer), return the
    ///     expired one instead of throwing: for work offline, or for an API that decides for itself.
    /// - Returns: The token, as `Authorization: Bearer` takes it (RFC 6750 2.1).
    /// - Throws: ``SessionError/signInRequired(reason:message:)`` if the user has to sign in;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)`` when the issuer cannot be reached (the session has
    ///   not ended); ``SessionError/readOnly(message:)`` when the session is read-only and holds no good token;
    ///   ``SessionError/deviceLocked(message:)``; ``SessionError/userAuthenticationFailed(reason:message:)`` with access
    ///   control; ``SessionError/storageFailed(status:message:)`` when the new tokens could not be stored;
    ///   ``SessionError/argumentInvalid(argument:message:)`` for a `minTTL` that is negative or not a number;
    ///   `CancellationError` if the task is cancelled while it waits; the renewal continues.
    @_disfavoredOverload
    public func accessToken(
        minTTL: TimeInterval = 0, forceRefresh: Bool = false, allowExpired: Bool = false
    ) async throws -> String {
        try await accessToken(
            minTTL: minTTL, forceRefresh: forceRefresh, allowExpired: allowExpired, isolation: nil)
    }

    /// The overload that callers get: it runs on their own actor, which Swift 6.0 can express only with an argument. Swift 6.2
    /// has `nonisolated(nonsending)` for this (SE-0461). It is inlinable, so that a token in memory costs the caller no
    /// asynchronous call.
    @_documentation(visibility: internal)
    @inlinable
    public func accessToken(
        minTTL: TimeInterval = 0, forceRefresh: Bool = false, allowExpired: Bool = false,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> String {
        if !forceRefresh, let token = cachedAccessToken(minTTL: minTTL) { return token }
        return try await newAccessToken(minTTL: minTTL, forceRefresh: forceRefresh, allowExpired: allowExpired)
    }

    @usableFromInline
    func newAccessToken(minTTL: TimeInterval, forceRefresh: Bool, allowExpired: Bool) async throws -> String {
        let seconds = try wholeSeconds(minTTL)
        if let gate {
            // The user is asked once here, so the calls below do not ask again.
            try await gate.pass()
            if !forceRefresh, let token = tokens.token(of: core, epoch: epoch, minTtlSeconds: seconds) { return token }
        }
        // A forced renewal must begin after this call, so it cannot share one that is already under way.
        guard !forceRefresh, let now = epoch.now else {
            return try await call(givesNothingOut: true) {
                try await $0.accessToken(minTtlSeconds: seconds, forceRefresh: forceRefresh, allowExpired: allowExpired)
            }
        }
        // Calls are nested as little as possible: thousands of callers may wait here, and each nested call takes memory of its
        // task.
        let ticket = tokenCallers.ticket(
            for: TokenCallers.Wanted(epoch: now, minTtlSeconds: seconds, allowExpired: allowExpired))
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { caller in
                if tokenCallers.enter(caller, ticket) { callForAll(ticket.wanted) }
            }
        } onCancel: {
            tokenCallers.leave(ticket)
        }
    }

    /// The access token in memory, if it is good for at least `minTTL` seconds; otherwise nil, also if nobody is
    /// signed in, and before ``restore()``. O(1): no `await`, no store, no network, on any thread.
    public func cachedAccessToken(minTTL: TimeInterval = 0) -> String? {
        guard gate?.isOpen ?? true, let seconds = try? wholeSeconds(minTTL) else { return nil }
        return tokens.token(of: core, epoch: epoch, minTtlSeconds: seconds)
    }

    /// Whether a user is signed in with an access token that is good for at least `minTTL` seconds or can be renewed.
    /// It is also true while the network is down. O(1); false before ``restore()``.
    public func hasValidSession(minTTL: TimeInterval = 0) -> Bool {
        guard let seconds = try? wholeSeconds(minTTL) else { return false }
        return core.hasValidSession(minTtlSeconds: seconds)
    }

    /// Whether the session has a refresh token; false when nobody is signed in, and before ``restore()``. O(1).
    ///
    /// Without one the user has to sign in again when the access token expires. An issuer may issue none although
    /// `offline_access` was requested; ``SessionEvent/refreshTokenMissing`` then reports it at the sign-in, and its documentation
    /// says what helps.
    public var hasRefreshToken: Bool {
        core.hasRefreshToken()
    }

    /// The scopes of the session's access token: those that the issuer granted or, if it did not say, those that were
    /// requested (RFC 6749 5.1). O(1).
    ///
    /// After ``refresh(scopes:parameters:)`` with some of the scopes it contains only these, until the next renewal of another
    /// kind. Nil if nobody is signed in, before ``restore()``, and for an imported session whose library did not store them.
    public var grantedScopes: [String]? {
        core.grantedScopes()
    }

    /// When the user last authenticated at the issuer, according to the ID token of the sign-in (`auth_time`, OpenID Connect
    /// Core 2); nil if the issuer did not say. The issuer must say so if the sign-in requested a `maxAge`. O(1).
    ///
    /// To require a recent authentication before an important action, sign in again with ``SignInOptions/maxAge``: the issuer
    /// then asks the user.
    public var authenticatedAt: Date? {
        core.authenticatedAt()
    }

    /// Renews the access token for a subset of the granted scopes, or with extra parameters (RFC 6749 6). Network;
    /// persists. The new token becomes the session's access token.
    ///
    /// - Parameters:
    ///   - scopes: A subset of the scopes granted at the sign-in; empty asks for all of them.
    ///   - parameters: More parameters for this token request. To get a token for another API without replacing the session's
    ///     own, use ``accessToken(for:minTTL:forceRefresh:allowExpired:)``.
    /// - Returns: The new access token.
    /// - Throws: As ``accessToken(minTTL:forceRefresh:allowExpired:)``, and
    ///   ``SessionError/argumentInvalid(argument:message:)`` for a scope or a parameter that may not be sent.
    @discardableResult
    public func refresh(scopes: [String] = [], parameters: [String: String] = [:]) async throws -> String {
        try await call { try await $0.refresh(scopes: scopes, parameters: parameters) }
    }
}

/// Rounds up, because a token that is good for a shorter time than requested is not good enough.
func wholeSeconds(_ minTTL: TimeInterval, argument: String = "minTTL") throws -> UInt32 {
    // By far the most common value, and every request comes through here.
    if minTTL == 0 { return 0 }
    guard minTTL > 0, let seconds = UInt32(exactly: minTTL.rounded(.up)) else {
        throw SessionError.argumentInvalid(
            argument: argument, message: "\(argument) is \(minTTL), and must be between 0 and 4294967295 seconds")
    }
    return seconds
}
