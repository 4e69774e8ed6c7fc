//! The public error: each case says what the caller should do. This file contains the only conversion to it.

use std::fmt;
use std::ops::Deref;

use crate::jose::{IdTokenError, IdTokenProblem};
use crate::machine::error::Error;
use crate::model::state::ReauthenticationReason;
use crate::ports::{StoreError, TransportErrorKind};
use crate::protocol::issuer_message::IssuerMessage;

/// Why a call did not succeed, named by what to do about it. `message` is for developers; it never contains a token, a
/// code or the content of a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum SessionError {
    /// Nothing is wrong with the session; try the same call again later.
    #[error("{message}")]
    RetryLater {
        /// Why the call failed.
        reason: RetryReason,
        /// How long the server asked to wait, in seconds; nil if it did not say.
        retry_after_seconds: Option<u64>,
        /// For developers.
        message: ErrorMessage,
    },
    /// The device is locked and the session cannot be read; try again when it has been unlocked.
    #[error("{message}")]
    WaitForUnlock {
        /// For developers.
        message: ErrorMessage,
    },
    /// The Keychain asked the user to authenticate (Face ID, Touch ID, the passcode), and the user did not. Nothing is
    /// lost: the same call asks again, so repeat it only when the user wants it.
    #[error("{message}")]
    AuthenticateUser {
        /// Whether the user cancelled; otherwise the authentication failed.
        cancelled: bool,
        /// For developers.
        message: ErrorMessage,
    },
    /// The call needs the user: begin a sign-in.
    #[error("{message}")]
    SignIn {
        /// Why.
        reason: SignInReason,
        /// For developers.
        message: ErrorMessage,
    },
    /// The issuer requires a second factor for this renewal, and gave a token to continue with; the session has not
    /// ended. Continue with `mfa_answer` within ten minutes; a sign-in helps too.
    #[error("{message}")]
    MfaRequired {
        /// The number of the challenge.
        challenge: u64,
        /// The types of the factors that the user has, if the issuer said so.
        challenge_types: Vec<String>,
        /// The types that the user can enroll, if the user has no factor.
        enroll_types: Vec<String>,
        /// For developers.
        message: ErrorMessage,
    },
    /// The issuer did not accept this second factor; ask the user for another. The session has not ended.
    #[error("{message}")]
    MfaRejected {
        /// The issuer's error code; `expired_token` if the challenge is over, also by Pilotlight's own clock.
        code: String,
        /// For developers.
        message: ErrorMessage,
    },
    /// This sign-in attempt failed; show why and let the user begin another. A session that existed before is
    /// untouched.
    #[error("{message}")]
    RestartSignIn {
        /// The issuer's error code (RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6), or Pilotlight's own:
        /// `id_token_invalid`, `no_sign_in_in_progress`, `sign_in_expired`, `state_mismatch`, `issuer_mismatch`.
        code: String,
        /// For developers.
        message: ErrorMessage,
    },
    /// The sign-in was cancelled, by the user or by the app. Usually nothing needs to be shown.
    #[error("the sign-in was cancelled")]
    SignInCancelled,
    /// This session is read-only and has no token that is valid for long enough: the app itself has to run, to renew
    /// the session or to sign in or out.
    #[error("{message}")]
    OpenApp {
        /// For developers.
        message: ErrorMessage,
    },
    /// The app's configuration, or the client's settings at the issuer, must be changed.
    #[error("{message}")]
    FixConfiguration {
        /// The field of the configuration that the error is about.
        field: String,
        /// For developers.
        message: ErrorMessage,
    },
    /// An argument of this call must be changed.
    #[error("{message}")]
    FixArgument {
        /// The argument.
        argument: String,
        /// For developers.
        message: ErrorMessage,
    },
    /// The store refused or failed. After a renewal the new tokens stay usable in this process and are written again at
    /// the next call.
    #[error("{message}")]
    CheckStorage {
        /// The system's error number: an `OSStatus` or an `errno`.
        status: Option<i32>,
        /// For developers.
        message: ErrorMessage,
    },
    /// A fault in Pilotlight itself; please report it. The session is untouched.
    #[error("{message}")]
    ReportBug {
        /// For developers.
        message: ErrorMessage,
    },
}

/// What happened, in words.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ErrorMessage {
    /// For the developer's log.
    pub text: String,
    /// What the issuer said about it: for the user, not for a log.
    pub issuer: Option<IssuerMessage>,
}

impl Deref for ErrorMessage {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ErrorMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a call failed that may succeed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum RetryReason {
    /// No connection, a broken connection, or no answer in time.
    Network,
    /// No trusted TLS connection: often a captive portal, a proxy or a wrong clock.
    UntrustedConnection,
    /// The server has a fault (5xx).
    ServerFault,
    /// The server limits the rate of requests (429).
    RateLimited,
    /// An answer that the protocol does not define, such as one from a captive portal or a proxy.
    UnexpectedAnswer,
    /// Another process that shares the session is renewing it and has not finished.
    AnotherProcess,
    /// The system gives this process no background time, and the session is shared with other processes.
    NoBackgroundTime,
}

/// Why the user is needed.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SignInReason {
    /// Nobody is signed in.
    SignedOut,
    /// The issuer refused the refresh token; the session has ended.
    RefreshTokenRejected,
    /// The access token expired and there is no refresh token.
    NoRefreshToken,
    /// The session has lasted as long as the app or the issuer allows.
    LifetimeEnded,
    /// The session was not used for longer than the app allows.
    IdleTooLong,
    /// The issuer wants the user to do something (a second factor, consent); the session has not ended.
    InteractionRequired,
    /// The issuer denied this renewal by a rule or policy; the session has not ended.
    AccessDenied,
    /// For more than a minute the issuer has refused each renewal with an error that does not say why. Most likely the
    /// refresh token is dead. The session has not ended: renewals are still tried, and one that succeeds ends this
    /// state.
    RenewalsRefused {
        /// The issuer's last error code.
        code: String,
    },
    /// The tokens are bound to a key (DPoP) that this device can no longer use, for example after a backup was restored
    /// to another device. The session has not ended, but is useless on this device.
    ProofKeyLost,
}

impl<E: Into<Error>> From<E> for SessionError {
    fn from(error: E) -> Self {
        Self::of(error.into())
    }
}

impl SessionError {
    fn of(error: Error) -> Self {
        let message = ErrorMessage {
            text: error.to_string(),
            issuer: error.issuer_message().cloned(),
        };
        match error {
            Error::Configuration { field, .. } => Self::FixConfiguration {
                field: field.to_owned(),
                message,
            },
            Error::ServerConfiguration { field, .. } => Self::FixConfiguration {
                field: field.to_owned(),
                message,
            },
            Error::Argument { name, .. } => Self::FixArgument {
                argument: name.to_owned(),
                message,
            },
            Error::NoSession => Self::SignIn {
                reason: SignInReason::SignedOut,
                message,
            },
            Error::Reauthenticate(reason) => Self::SignIn {
                reason: reason.into(),
                message,
            },
            Error::InteractionRequired { .. } => Self::SignIn {
                reason: SignInReason::InteractionRequired,
                message,
            },
            Error::MfaRequired {
                challenge,
                requirements,
                ..
            } => Self::MfaRequired {
                challenge,
                challenge_types: requirements.challenge,
                enroll_types: requirements.enroll,
                message,
            },
            Error::MfaRejected { code, .. } => Self::MfaRejected { code, message },
            Error::AccessDenied { .. } => Self::SignIn {
                reason: SignInReason::AccessDenied,
                message,
            },
            Error::RenewalsRefused { code, .. } => Self::SignIn {
                reason: SignInReason::RenewalsRefused { code },
                message,
            },
            Error::ProofKeyLost => Self::SignIn {
                reason: SignInReason::ProofKeyLost,
                message,
            },
            Error::SignIn { code, .. } => Self::RestartSignIn { code, message },
            Error::SignInCancelled => Self::SignInCancelled,
            Error::IdToken(IdTokenError {
                problem: IdTokenProblem::KeysUnavailable,
                ..
            }) => Self::RetryLater {
                reason: RetryReason::UnexpectedAnswer,
                retry_after_seconds: None,
                message,
            },
            Error::IdToken(_) => Self::RestartSignIn {
                code: "id_token_invalid".to_owned(),
                message,
            },
            Error::Transport { error: transport, .. } => Self::RetryLater {
                reason: transport.kind.into(),
                retry_after_seconds: None,
                message,
            },
            Error::RateLimited { retry_after, .. } => Self::RetryLater {
                reason: RetryReason::RateLimited,
                retry_after_seconds: retry_after,
                message,
            },
            Error::ServerFault { retry_after, .. } => Self::RetryLater {
                reason: RetryReason::ServerFault,
                retry_after_seconds: retry_after,
                message,
            },
            Error::UnexpectedAnswer { .. } | Error::Refused { .. } => Self::RetryLater {
                reason: RetryReason::UnexpectedAnswer,
                retry_after_seconds: None,
                message,
            },
            Error::Store(StoreError::Locked) => Self::WaitForUnlock { message },
            Error::Store(StoreError::AuthenticationCancelled) => Self::AuthenticateUser {
                cancelled: true,
                message,
            },
            Error::Store(StoreError::AuthenticationFailed { .. }) => Self::AuthenticateUser {
                cancelled: false,
                message,
            },
            Error::Store(StoreError::NotPermitted { status, .. } | StoreError::Failed { status, .. }) => {
                Self::CheckStorage { status, message }
            }
            Error::Envelope(_) | Error::ProofKey(_) => Self::CheckStorage { status: None, message },
            Error::Busy => Self::RetryLater {
                reason: RetryReason::AnotherProcess,
                retry_after_seconds: None,
                message,
            },
            Error::NoBackgroundTime => Self::RetryLater {
                reason: RetryReason::NoBackgroundTime,
                retry_after_seconds: None,
                message,
            },
            Error::ReadOnly => Self::OpenApp { message },
            Error::Internal(_) => Self::ReportBug { message },
        }
    }
}

impl From<ReauthenticationReason> for SignInReason {
    fn from(reason: ReauthenticationReason) -> Self {
        match reason {
            ReauthenticationReason::RefreshTokenRejected => Self::RefreshTokenRejected,
            ReauthenticationReason::NoRefreshToken => Self::NoRefreshToken,
            ReauthenticationReason::LifetimeEnded => Self::LifetimeEnded,
            ReauthenticationReason::IdleTooLong => Self::IdleTooLong,
        }
    }
}

impl From<TransportErrorKind> for RetryReason {
    fn from(kind: TransportErrorKind) -> Self {
        match kind {
            TransportErrorKind::Unreachable | TransportErrorKind::Timeout | TransportErrorKind::Interrupted => {
                Self::Network
            }
            TransportErrorKind::Tls => Self::UntrustedConnection,
            TransportErrorKind::TooLarge | TransportErrorKind::NotHttp => Self::UnexpectedAnswer,
        }
    }
}
