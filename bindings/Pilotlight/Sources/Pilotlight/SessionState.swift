import Foundation
internal import PilotlightCore

/// The state of a session, as an app shows it.
public enum SessionState: Hashable, Sendable {
    /// Nobody is signed in.
    case signedOut
    /// The store cannot be read until the device is unlocked, so it is not known whether a user is signed in. The session
    /// is restored automatically after the unlock.
    case locked
    /// A user is signed in, even if the network is down or the access token needs renewal. `subject` is
    /// the user's `sub` claim, unique at the issuer (OpenID Connect Core 2). `expiresAt` says when the access token
    /// expires, by the device's clock; for a session that is based on its ID token (``Session/legacy``), when that expires.
    case signedIn(subject: String, expiresAt: Date)
    /// The session cannot continue without the user: begin a sign-in.
    case reauthenticationRequired(reason: ReauthenticationReason)

    /// Whether a user is signed in.
    public var isSignedIn: Bool {
        if case .signedIn = self { true } else { false }
    }

    /// Whether the app should begin a sign-in: nobody is signed in, or the session has ended. False while the device is locked,
    /// because then it is not known.
    ///
    /// ```swift
    /// if try await session.restore().requiresSignIn { try await session.signIn() }
    /// ```
    public var requiresSignIn: Bool {
        switch self {
        case .signedOut, .reauthenticationRequired: true
        case .signedIn, .locked: false
        }
    }
}

/// Why the user has to sign in again.
public enum ReauthenticationReason: Hashable, Sendable {
    /// The issuer refused the current refresh token: it expired, was revoked, or was used twice.
    case refreshTokenRejected
    /// The access token expired and the issuer issued no refresh token (request the scope `offline_access`).
    case noRefreshToken
    /// The session has lasted as long as ``SessionLifetime/absolute`` or the issuer (`session_expiry`) allows.
    case lifetimeEnded
    /// The session was not used for longer than ``SessionLifetime/idle``.
    case idleTooLong
}

/// How a user signed in.
public enum SignInMethod: Hashable, Sendable {
    /// In the browser.
    case browser
    /// On another device (``Session/signInOnAnotherDevice(parameters:show:)``).
    case anotherDevice
    /// With another issuer's token (``Session/signIn(exchanging:)``).
    case tokenExchange
    /// With a password, at an older Auth0 tenant (``LegacyAuth0``).
    case password
    /// The session of another library was imported (``Session/importSession(from:)``).
    case migration
    /// In another process that shares the store: the app, or one of its extensions.
    case elsewhere
}

/// What a sign-out did at the issuer. On the device it succeeded, unless the session is read-only.
///
/// A device secret (``Session/deviceSSOToken(secretType:)``) is revoked with the refresh token, and the outcome covers both.
public enum SignOutOutcome: Hashable, Sendable {
    /// The refresh token was revoked.
    case revoked
    /// There was nothing to revoke: no refresh token and no device secret.
    case nothingToRevoke
    /// The issuer offers no revocation, so the refresh token stays valid there until it expires.
    case revocationNotOffered
    /// The issuer could not be reached. The refresh token is kept only to be revoked; the next launch or sign-in tries again.
    case revocationPending
    /// Nothing was done: this session is read-only, and only the app itself can sign out.
    case readOnly
    /// The issuer refused to revoke the refresh token, which may stay valid there until it expires.
    case revocationRefused
}

// MARK: To and from the core

extension SessionState {
    init(_ core: PilotlightCore.SessionState) {
        switch core {
        case .signedOut: self = .signedOut
        case .locked: self = .locked
        case .signedIn(let subject, let expiresAt): self = .signedIn(subject: subject, expiresAt: expiresAt)
        case .reauthenticationRequired(let reason): self = .reauthenticationRequired(reason: .init(reason))
        }
    }

    var core: PilotlightCore.SessionState {
        switch self {
        case .signedOut: .signedOut
        case .locked: .locked
        case .signedIn(let subject, let expiresAt): .signedIn(subject: subject, expiresAt: expiresAt)
        case .reauthenticationRequired(let reason): .reauthenticationRequired(reason: reason.core)
        }
    }
}

extension ReauthenticationReason {
    init(_ core: PilotlightCore.ReauthenticationReason) {
        switch core {
        case .refreshTokenRejected: self = .refreshTokenRejected
        case .noRefreshToken: self = .noRefreshToken
        case .lifetimeEnded: self = .lifetimeEnded
        case .idleTooLong: self = .idleTooLong
        }
    }

    var core: PilotlightCore.ReauthenticationReason {
        switch self {
        case .refreshTokenRejected: .refreshTokenRejected
        case .noRefreshToken: .noRefreshToken
        case .lifetimeEnded: .lifetimeEnded
        case .idleTooLong: .idleTooLong
        }
    }
}

extension SignInMethod {
    init(_ core: PilotlightCore.SignInWay) {
        switch core {
        case .browser: self = .browser
        case .anotherDevice: self = .anotherDevice
        case .tokenExchange: self = .tokenExchange
        case .password: self = .password
        case .migration: self = .migration
        case .elsewhere: self = .elsewhere
        }
    }
}

extension SignOutOutcome {
    init(_ core: PilotlightCore.SignOutOutcome) {
        switch core {
        case .revoked: self = .revoked
        case .nothingToRevoke: self = .nothingToRevoke
        case .revocationNotOffered: self = .revocationNotOffered
        case .revocationPending: self = .revocationPending
        case .readOnly: self = .readOnly
        case .revocationRefused: self = .revocationRefused
        }
    }
}
