//! What an app can know of its session at any moment.

use serde::Serialize;

use crate::model::time::Timestamp;

/// The session's state, as an app shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
pub enum SessionState {
    /// Nobody is signed in.
    SignedOut,
    /// The store cannot be read until the device is unlocked. Whether somebody is signed in is not known; the session
    /// comes back by itself at the next call after the unlock.
    Locked,
    /// A user is signed in, also while the network is down and also when the access token needs renewal.
    SignedIn {
        /// The user's `sub` claim, unique at the issuer (OpenID Connect Core 2).
        subject: String,
        /// When the access token in hand expires, in seconds since 1970 by the device's clock; where a session lives by
        /// its ID token, when that does.
        expires_at: Timestamp,
    },
    /// The session cannot go on without the user: begin a sign-in.
    ReauthenticationRequired {
        /// Why.
        reason: ReauthenticationReason,
    },
}

/// Why the user has to sign in again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, uniffi::Enum)]
#[serde(rename_all = "snake_case")]
pub enum ReauthenticationReason {
    /// The issuer refused the current refresh token: it expired, was revoked, or was used twice.
    RefreshTokenRejected,
    /// The access token expired and the issuer gave no refresh token (ask for the scope `offline_access`).
    NoRefreshToken,
    /// The session has lasted as long as the app or the issuer lets one last, from the sign-in on.
    LifetimeEnded,
    /// The session was not used for longer than the app allows.
    IdleTooLong,
}
