internal import PilotlightCore

/// Why a call failed that may succeed later.
public enum RetryReason: Hashable, Sendable {
    /// No connection, a broken one, or no answer in time.
    case network
    /// No trusted TLS connection: often a captive portal, a proxy or a wrong clock.
    case untrustedConnection
    /// The server failed (5xx).
    case serverFault
    /// The server limits the rate of requests (429).
    case rateLimited
    /// The answer does not follow the protocol, for example a captive portal's page.
    case unexpectedAnswer
    /// Another process that shares the session is renewing it, and has not finished in time.
    case anotherProcess
    /// The system grants this process no background time, and the session is shared with other processes. It is
    /// renewed when the app is in the foreground.
    case noBackgroundTime
}

/// Why the user has not authenticated on this device.
public enum UserAuthenticationFailure: Hashable, Sendable {
    /// Authentication is due, but the user was not asked: the app is not in the foreground, or the app asks itself
    /// (``UserAuthenticationPolicy/askedByApp()``). Show the app as locked, and call ``Session/authenticateUser()``.
    case required
    /// The user closed the dialogue. Offer to try again.
    case cancelled
    /// The device did not recognise its owner. Offer to try again, and to sign out.
    case failed
    /// Authentication is not possible on this device: no passcode is set, or no face or finger is enrolled or allowed for this
    /// app. Tell the user so; a sign-in counts as an authentication.
    case unavailable
}

/// Why the user has to sign in.
public enum SignInReason: Hashable, Sendable {
    /// Nobody is signed in.
    case signedOut
    /// The issuer refused the refresh token; the session has ended.
    case refreshTokenRejected
    /// The access token expired and there is no refresh token.
    case noRefreshToken
    /// The session has lasted as long as ``SessionLifetime/absolute`` or the issuer (`session_expiry`) allows.
    case lifetimeEnded
    /// The session was not used for longer than ``SessionLifetime/idle``.
    case idleTooLong
    /// The issuer requires the user to do something (a second factor, consent); the session has not ended.
    case interactionRequired
    /// A rule at the issuer denies this renewal; the session has not ended.
    case accessDenied
    /// For more than a minute the issuer has refused every renewal with an error code that does not say why. Most likely
    /// the refresh token is no longer valid. The session has not ended: later calls try again, and a renewal that succeeds
    /// clears this reason. `code` is the issuer's last error code.
    case renewalsRefused(code: String)
    /// The tokens are bound to a key (``TokenBinding``) that this device cannot use, for example after a backup was restored to
    /// another device. The session has not ended, but it cannot be used here.
    case proofKeyLost
}

extension RetryReason {
    init(_ core: PilotlightCore.RetryReason) {
        switch core {
        case .network: self = .network
        case .untrustedConnection: self = .untrustedConnection
        case .serverFault: self = .serverFault
        case .rateLimited: self = .rateLimited
        case .unexpectedAnswer: self = .unexpectedAnswer
        case .anotherProcess: self = .anotherProcess
        case .noBackgroundTime: self = .noBackgroundTime
        }
    }
}

extension SignInReason {
    init(_ core: PilotlightCore.SignInReason) {
        switch core {
        case .signedOut: self = .signedOut
        case .refreshTokenRejected: self = .refreshTokenRejected
        case .noRefreshToken: self = .noRefreshToken
        case .lifetimeEnded: self = .lifetimeEnded
        case .idleTooLong: self = .idleTooLong
        case .interactionRequired: self = .interactionRequired
        case .accessDenied: self = .accessDenied
        case .renewalsRefused(let code): self = .renewalsRefused(code: code)
        case .proofKeyLost: self = .proofKeyLost
        }
    }
}
