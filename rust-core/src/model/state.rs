//! The session's state as an app sees it.

use serde::Serialize;

use crate::model::time::Timestamp;

/// The session's state, for an app to show.
#[derive(Clone, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum SessionState {
    /// Nobody is signed in.
    SignedOut,
    /// The store cannot be read until the device is unlocked. It is not known whether a user is signed in; the first
    /// call after the unlock reads the session.
    Locked,
    /// A user is signed in, even while the network is unavailable or the access token needs renewal.
    SignedIn {
        /// The user's `sub` claim, unique at the issuer (OpenID Connect Core 2).
        subject: String,
        /// When the current access token expires, in seconds since 1970 by the device's clock. In a session that is
        /// based on its ID token, when that expires.
        expires_at: Timestamp,
    },
    /// The session cannot continue without the user: begin a sign-in.
    ReauthenticationRequired {
        /// The reason.
        reason: ReauthenticationReason,
    },
}

/// Why the user has to sign in again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, uniffi::Enum)]
#[serde(rename_all = "snake_case")]
pub enum ReauthenticationReason {
    /// The issuer refused the current refresh token: it expired, was revoked, or was used twice.
    RefreshTokenRejected,
    /// The access token expired and the issuer gave no refresh token (request the scope `offline_access`).
    NoRefreshToken,
    /// The session has lasted as long as the app or the issuer allows, counted from the sign-in.
    LifetimeEnded,
    /// The session was not used for longer than the app allows.
    IdleTooLong,
}
