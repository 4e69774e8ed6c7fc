import Foundation
internal import PilotlightCore

extension Session {
    /// An access token that is good for at least `minTTL` seconds: the one in memory, or a renewed one.
    ///
    /// A valid token in memory is returned at once, on the caller's own actor: no suspension, no hop, no Keychain, no
    /// network. Otherwise the refresh token is used (network; the new tokens are stored before anything else). All
    /// callers in this process share one renewal, also those of another ``Session`` with the same
    /// configuration, storage and name. Processes that share the store renew one at a time. Transient failures are
    /// retried for up to 20 seconds; after a failure the next calls fail at once for a moment (<doc:WorkingOffline>).
    ///
    /// On iOS the system is asked for time, so that a renewal can end after the app has left the screen.
    ///
    /// - Parameters:
    ///   - minTTL: How long the token must still be good, in seconds. Ask for as long as what you do with it takes.
    ///   - forceRefresh: Renew even a good one, for example after an API answered 401.
    ///   - allowExpired: When the token cannot be renewed now (no network, a fault at the issuer), return the
    ///     expired one instead of throwing: for work offline, or for an API that decides for itself.
    /// - Returns: The token, as `Authorization: Bearer` wants it (RFC 6750 2.1).
    /// - Throws: ``SessionError/signInRequired(reason:message:)`` when the user has to sign in;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)`` when the issuer cannot be reached (the session has
    ///   not ended); ``SessionError/readOnly(message:)`` when the session is read-only and holds no good token;
    ///   ``SessionError/deviceLocked(message:)``; ``SessionError/userAuthenticationFailed(reason:message:)`` with access
    ///   control; ``SessionError/storageFailed(status:message:)`` when the new tokens could not be stored;
    ///   ``SessionError/argumentInvalid(argument:message:)`` for a `minTTL` that is negative or not a number;
    ///   `CancellationError` when the task is cancelled while it waits; the renewal continues.
    @_disfavoredOverload
    public func accessToken(
        minTTL: TimeInterval = 0, forceRefresh: Bool = false, allowExpired: Bool = false
    ) async throws -> String {
        try await accessToken(
            minTTL: minTTL, forceRefresh: forceRefresh, allowExpired: allowExpired, isolation: nil)
    }

    /// What callers get: the same on their own actor, which Swift 6.0 can say only by an argument. Swift 6.2 has
    /// `nonisolated(nonsending)` for it (SE-0461). A token in memory costs the caller no call of an asynchronous function, which
    /// is why the compiler may take this into the caller.
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
            // Once for this call, which passes the calls below without.
            try await gate.pass()
            if !forceRefresh, let token = tokens.token(of: core, epoch: epoch, minTtlSeconds: seconds) { return token }
        }
        // A renewal that is asked for may not have begun before.
        guard !forceRefresh, let now = epoch.now else {
            return try await call(givesNothingOut: true) {
                try await $0.accessToken(minTtlSeconds: seconds, forceRefresh: forceRefresh, allowExpired: allowExpired)
            }
        }
        // As few calls in each other as can be: thousands may wait here, and each call takes memory of its task.
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

    /// The access token in memory, if it is good for at least `minTTL` seconds; nil when it is not, when nobody is
    /// signed in, and before ``restore()``. O(1): no `await`, no store, no network, on any thread.
    public func cachedAccessToken(minTTL: TimeInterval = 0) -> String? {
        guard gate?.isOpen ?? true, let seconds = try? wholeSeconds(minTTL) else { return nil }
        return tokens.token(of: core, epoch: epoch, minTtlSeconds: seconds)
    }

    /// Whether a user is signed in with an access token that is good for at least `minTTL` seconds or can be renewed.
    /// True also while the network is down. O(1); false before ``restore()``.
    public func hasValidSession(minTTL: TimeInterval = 0) -> Bool {
        guard let seconds = try? wholeSeconds(minTTL) else { return false }
        return core.hasValidSession(minTtlSeconds: seconds)
    }

    /// Whether the session has a refresh token; false when nobody is signed in, and before ``restore()``. O(1).
    ///
    /// Without one the user has to sign in again when the access token expires. An issuer can leave it out although
    /// `offline_access` was asked for; then ``SessionEvent/refreshTokenMissing`` reports it at the sign-in; its documentation
    /// says what helps.
    public var hasRefreshToken: Bool {
        core.hasRefreshToken()
    }

    /// The scopes of the session's access token: those that the issuer granted or, where it did not say, those that were
    /// asked for (RFC 6749 5.1). O(1).
    ///
    /// After ``refresh(scopes:parameters:)`` for some of them it is these, until the next other renewal. Nil when nobody is
    /// signed in, before ``restore()``, and for an imported session whose library did not store them.
    public var grantedScopes: [String]? {
        core.grantedScopes()
    }

    /// When the user last authenticated at the issuer, by the ID token of the sign-in (`auth_time`, OpenID Connect Core 2);
    /// nil where the issuer did not say. It must say so when the sign-in asked for a `maxAge`. O(1).
    ///
    /// An app may want a recent sign-in before an important action. It then signs in again with ``SignInOptions/maxAge``,
    /// and the issuer asks the user.
    public var authenticatedAt: Date? {
        core.authenticatedAt()
    }

    /// Renews the access token for a subset of the granted scopes, or with extra parameters (RFC 6749 6). Network;
    /// persists. The new token becomes the session's access token.
    ///
    /// - Parameters:
    ///   - scopes: A subset of the scopes granted at the sign-in; empty asks for all of them.
    ///   - parameters: More parameters for this token request. For a token for another API, which leaves the session's
    ///     own alone, use ``accessToken(for:minTTL:forceRefresh:allowExpired:)``.
    /// - Returns: The new access token.
    /// - Throws: As ``accessToken(minTTL:forceRefresh:allowExpired:)``, and
    ///   ``SessionError/argumentInvalid(argument:message:)`` for a scope or a parameter that may not be sent.
    @discardableResult
    public func refresh(scopes: [String] = [], parameters: [String: String] = [:]) async throws -> String {
        try await call { try await $0.refresh(scopes: scopes, parameters: parameters) }
    }
}

/// Rounds up: a token that is good for less than was asked for is not good enough.
func wholeSeconds(_ minTTL: TimeInterval, argument: String = "minTTL") throws -> UInt32 {
    // By far the commonest, and on the way of every request.
    if minTTL == 0 { return 0 }
    guard minTTL > 0, let seconds = UInt32(exactly: minTTL.rounded(.up)) else {
        throw SessionError.argumentInvalid(
            argument: argument, message: "\(argument) is \(minTTL), and must be between 0 and 4294967295 seconds")
    }
    return seconds
}
