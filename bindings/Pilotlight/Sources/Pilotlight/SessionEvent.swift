import Foundation
internal import PilotlightCore

/// Something that happened to a session; see ``Session/events``.
///
/// It holds no token, code or other secret, and of personal data only the user's `sub` claim. Later releases may
/// add events: give a `switch` a `default`.
public enum SessionEvent: Equatable, Sendable {
    /// A user signed in. `subject` is the user's `sub` claim (OpenID Connect Core 2), `by` says how: also in another
    /// process that shares the store.
    case signedIn(subject: String, by: SignInMethod)
    /// The sign-in asked for a refresh token (scope `offline_access`), and the issuer gave none: when the access token expires,
    /// the user has to sign in again. To fix it, add `prompt` `consent` to the `authorizeParameters` (OpenID Connect Core
    /// 11); at Auth0, switch on "Allow Offline Access" in the settings of the API. See also ``Session/hasRefreshToken``.
    case refreshTokenMissing
    /// The session of an earlier launch was read from the store: at launch, or after the device was unlocked. Or a session
    /// continues after ``ended(reason:)``: another request had just used the refresh token that the issuer refused, and its
    /// answer brought a newer one.
    case restored(subject: String)
    /// There is a new access token, stored: the session's own, or with `audience` one for a further API. It expires at
    /// `expiresAt` by the device's clock. With `elsewhere` another process renewed it. At
    /// older tenants the ID token may be what was renewed (``Session/legacy``).
    case renewed(audience: String?, expiresAt: Date, elsewhere: Bool)
    /// A renewal failed after all attempts; the session continues. `error` is what the waiting calls
    /// throw: its case says what to do. Before `retryAt` calls fail at once and send nothing; with nil the
    /// next call may send a request.
    case renewalFailed(audience: String?, error: SessionError, retryAt: Date?)
    /// The session will end at that time by the device's clock, because of its ``SessionLifetime`` or because the issuer says so.
    /// Sent ``SessionLifetime/warning`` seconds before, and again if a use has postponed the end.
    case willEnd(at: Date, reason: ReauthenticationReason)
    /// The session cannot continue without the user: the issuer refused the refresh token, or there is none and the access
    /// token expired, or its time is over (<doc:LimitSessions>). Begin a sign-in.
    case ended(reason: ReauthenticationReason)
    /// The user signed out; with `elsewhere` in another process that shares the store.
    case signedOut(elsewhere: Bool)
    /// The profile has changed, or is the session's first: ``Session/cachedProfile`` has it.
    case profileChanged
    /// A change made with ``SessionMetadata/updateOrWait(_:)`` reached the server, whether it had to wait or not.
    case metadataUpdateSent(id: PendingMetadataUpdate.ID)
    /// The server rejected such a change permanently, and it was dropped; ``SessionMetadata/flush()`` says why.
    case metadataUpdateRefused(id: PendingMetadataUpdate.ID)
}

extension SessionEvent {
    init(_ event: PilotlightCore.SessionEvent) {
        switch event {
        case .signedIn(let subject, let by): self = .signedIn(subject: subject, by: SignInMethod(by))
        case .refreshTokenMissing: self = .refreshTokenMissing
        case .restored(let subject): self = .restored(subject: subject)
        case .renewed(let audience, let expiresAt, let elsewhere):
            self = .renewed(audience: audience, expiresAt: expiresAt, elsewhere: elsewhere)
        case .renewalFailed(let audience, let cause, let retryAt):
            self = .renewalFailed(audience: audience, error: SessionError(cause), retryAt: retryAt)
        case .willEnd(let end, let reason): self = .willEnd(at: end, reason: ReauthenticationReason(reason))
        case .ended(let reason): self = .ended(reason: ReauthenticationReason(reason))
        case .signedOut(let elsewhere): self = .signedOut(elsewhere: elsewhere)
        case .profileChanged: self = .profileChanged
        case .metadataUpdateSent(let id): self = .metadataUpdateSent(id: id)
        case .metadataUpdateRefused(let id): self = .metadataUpdateRefused(id: id)
        }
    }
}
