import Foundation
internal import PilotlightCore

extension Session {
    /// The user's profile: the cached one, or one fetched from the userinfo endpoint (OpenID Connect Core 5.3) if
    /// none is cached or `refresh` is true (network; persists).
    ///
    /// - Parameter refresh: Fetch it again. Issuers limit this (Auth0: 5 a minute for a user), so do not do it every time
    ///   a view appears.
    /// - Throws: ``SessionError/signInRequired(reason:message:)``;
    ///   ``SessionError/temporarilyUnavailable(reason:retryAfter:message:)``;
    ///   ``SessionError/configurationInvalid(field:message:)`` when the issuer has no userinfo endpoint or the token is not for
    ///   it; `CancellationError`.
    public func profile(refresh: Bool = false) async throws -> SessionProfile {
        SessionProfile(try await call { try await $0.profile(refresh: refresh) })
    }

    /// The user's profile, fetched less than `maxAge` ago: the cached one, or a new one from the userinfo endpoint
    /// (network; persists). Concurrent calls share one request.
    ///
    /// - Parameters:
    ///   - maxAge: How old it may be, in seconds by the device's clock; 0 always fetches.
    ///   - allowStale: If a new profile cannot be fetched now (no network, a fault at the issuer), return the old one
    ///     instead of throwing.
    /// - Throws: As ``profile(refresh:)``, and ``SessionError/argumentInvalid(argument:message:)`` for a `maxAge` that is
    ///   negative or not a number.
    public func profile(maxAge: TimeInterval, allowStale: Bool = false) async throws -> SessionProfile {
        let seconds = try wholeSeconds(maxAge, argument: "maxAge")
        return SessionProfile(
            try await call { try await $0.profileWithin(maxAgeSeconds: seconds, allowStale: allowStale) })
    }

    /// The last profile that was fetched, in this or an earlier launch; nil if none was fetched yet, before
    /// ``restore()``, and while the user has to authenticate first
    /// (``isUserAuthenticationRequired``). O(1): a profile is copied from the core once.
    public var cachedProfile: SessionProfile? {
        gate?.isOpen ?? true ? broadcaster.profiles.profile(of: core) : nil
    }

    /// The user's metadata at Auth0 (`user_metadata`), which the app may read and change.
    public var metadata: SessionMetadata {
        SessionMetadata(session: self)
    }

    /// The user's record in Auth0's Management API ("Get a User"). Network. Needs a configuration with
    /// `metadataAccess`, or with the same audience and scopes.
    ///
    /// - Parameters:
    ///   - fields: Names of fields; empty means all.
    ///   - include: True returns only `fields`; false returns all other fields.
    /// - Throws: As ``SessionMetadata/get(_:)``.
    public func fetchUser(fields: [String] = [], include: Bool = true) async throws -> [String: SessionJSON] {
        try JSONText.object(try await call { try await $0.fetchUser(fields: fields, include: include) })
    }
}
