import Foundation
internal import PilotlightCore

/// Something that happened to a session; see ``Session/events``.
///
/// It contains no token, code or other secret; the only personal data is the user's `sub` claim. Later releases may
/// add events, so give each `switch` a `default`.
public enum SessionEvent: Equatable, Sendable {
    /// A user signed in, in this process or in another one that shares the store. `subject` is the user's `sub` claim (OpenID
    /// Connect Core 2); `by` says how.
    case signedIn(subject: String, by: SignInMethod)
    /// The sign-in requested a refresh token (scope `offline_access`), but the issuer issued none: when the access token expires,
    /// the user has to sign in again. To fix this, add `prompt` `consent` to the `authorizeParameters` (OpenID Connect Core
    /// 11); at Auth0, switch on "Allow Offline Access" in the settings of the API. See also ``Session/hasRefreshToken``.
    case refreshTokenMissing
    /// The session of an earlier launch was read from the store, at launch or after the device was unlocked. It is also sent if
    /// a session continues after ``ended(reason:)``, because another request had just used the refresh token that the issuer
    /// refused, and its answer brought a newer one.
    case restored(subject: String)
    /// A new access token was stored: the session's own or, if `audience` is set, one for a further API. It expires at
    /// `expiresAt` by the device's clock. If `elsewhere` is true, another process renewed it. At older tenants the renewed
    /// token may be the ID token (``Session/legacy``).
    case renewed(audience: String?, expiresAt: Date, elsewhere: Bool)
    /// A renewal failed after all attempts; the session continues. The waiting calls throw `error`, whose case says what to do.
    /// Until `retryAt`, calls fail at once and send nothing; if it is nil, the next call may send a request.
    case renewalFailed(audience: String?, error: SessionError, retryAt: Date?)
    /// The session will end at that time by the device's clock, because of its ``SessionLifetime`` or because the issuer says so.
    /// Sent ``SessionLifetime/warning`` seconds before, and again if a use has postponed the end.
    case willEnd(at: Date, reason: ReauthenticationReason)
    /// The session cannot continue without the user: the issuer refused the refresh token, the access token expired and there
    /// is no refresh token, or the session's time is over (<doc:LimitSessions>). Begin a sign-in.
    case ended(reason: ReauthenticationReason)
    /// The user signed out; if `elsewhere` is true, in another process that shares the store.
    case signedOut(elsewhere: Bool)
    /// The profile has changed, or it is the session's first one; see ``Session/cachedProfile``.
    case profileChanged
    /// A change made with ``SessionMetadata/updateOrWait(_:)`` reached the server, whether or not it had to wait.
    case metadataUpdateSent(id: PendingMetadataUpdate.ID)
    /// The server rejected such a change permanently, so it was dropped; ``SessionMetadata/flush()`` says why.
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
