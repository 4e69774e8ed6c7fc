//! The internal error: what happened, precisely. `ffi::error` converts it to the public error, which says what to do.
//!
//! Nothing here holds a token, a code, a verifier or the content of a profile. A server's own text
//! (`error_description`) is kept only after [`crate::protocol::sanitized`], because servers do quote what they were
//! sent.

use crate::jose::{IdTokenError, IdTokenProblem};
use crate::model::invalid::{InvalidConfiguration, InvalidValue};
use crate::model::state::ReauthenticationReason;
use crate::protocol::endpoint::Server;
use crate::protocol::error::ProtocolError;
use crate::protocol::failure::said;
use crate::protocol::issuer_message::{Explanation, IssuerMessage};
use crate::protocol::mfa_token::MfaRequirements;
use crate::protocol::transport_error::TransportError;
use crate::storage::StoreError;
use crate::storage::envelope::EnvelopeError;

// Every result of a call is as large as this type. At 120 bytes, moving results took 13 kB more of each app.
const _: () = assert!(size_of::<Error>() <= 48, "box what is large");

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Error {
    /// A field of the app's configuration is wrong; found without a request.
    #[error("{field} {problem}")]
    Configuration {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The server's answer shows that the configuration is wrong, in the app or at the issuer.
    #[error("{server}: {problem}; check {field}")]
    ServerConfiguration {
        /// The server that answered.
        server: Server,
        /// The field of the configuration to look at first.
        field: &'static str,
        /// What the server said, and the usual cause.
        problem: Explanation,
    },
    /// An argument of the call is wrong.
    #[error("{name} {problem}")]
    Argument {
        /// The argument.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    NoSession,
    /// The session cannot go on without the user.
    #[error("the user has to sign in again: {}", reauthentication_words(*.0))]
    Reauthenticate(ReauthenticationReason),
    /// The issuer wants the user to do something; the session has not ended.
    #[error("{server}: the issuer requires the user to interact ({code})")]
    InteractionRequired {
        /// The server that answered.
        server: Server,
        /// The issuer's error code.
        code: Explanation,
    },
    /// The issuer wants a second factor; the session has not ended.
    #[error("{server}: the issuer wants a second factor (mfa_required)")]
    MfaRequired {
        /// The server that answered.
        server: Server,
        /// The number of the challenge. The `mfa_token` stays in the session.
        challenge: u64,
        /// The factors that the issuer accepts.
        requirements: Box<MfaRequirements>,
        /// The issuer's words.
        description: Explanation,
    },
    /// The issuer did not accept this second factor; the session has not ended.
    #[error("the second factor was not accepted: {}", said(.code, .description))]
    MfaRejected {
        /// The issuer's error code, or our own.
        code: String,
        /// The description.
        description: Explanation,
    },
    /// The issuer denied the renewal by a rule or policy; the session has not ended.
    #[error("{server}: the issuer denied access{}", in_brackets(.description))]
    AccessDenied {
        /// The server that answered.
        server: Server,
        /// The issuer's words.
        description: Explanation,
    },
    /// The issuer refused a renewal with a code that does not say why; the session has not ended.
    #[error(
        "{server}: the issuer refused the renewal (status {status}): {}; that does not say what is wrong",
        said(.code, .description)
    )]
    Refused {
        /// The server that answered.
        server: Server,
        /// The status code.
        status: u16,
        /// The issuer's error code.
        code: String,
        /// The issuer's words.
        description: Explanation,
    },
    /// The issuer refused renewals that way several times over more than a minute. The session has not ended, but most
    /// likely its refresh token is dead.
    #[error(
        "the user has to sign in again: for more than a minute the issuer has refused to renew the session ({}); the session \
         is kept, and a renewal that succeeds ends this",
        said(.code, .description)
    )]
    RenewalsRefused {
        /// The issuer's last error code.
        code: String,
        /// Its words.
        description: Explanation,
    },
    /// A sign-in attempt failed.
    #[error("the sign-in failed: {}", said(.code, .description))]
    SignIn {
        /// The issuer's error code or our own.
        code: String,
        /// The description.
        description: Explanation,
    },
    /// The sign-in was cancelled or replaced by another.
    #[error("the sign-in was cancelled")]
    SignInCancelled,
    /// An ID token was not accepted.
    #[error("the ID token was not accepted: {0}")]
    IdToken(#[from] IdTokenError),
    /// No answer came.
    #[error("{server}: {error}")]
    Transport {
        /// The server that was asked.
        server: Server,
        /// What went wrong.
        error: TransportError,
    },
    /// 429.
    #[error("{server}: too many requests{}", wait_words(*.retry_after))]
    RateLimited {
        /// The server that answered.
        server: Server,
        /// Seconds to wait, if the server said so.
        retry_after: Option<u64>,
    },
    /// 5xx, or `temporarily_unavailable`.
    #[error("{server}: the server has a fault (status {status}){}", wait_words(*.retry_after))]
    ServerFault {
        /// The server that answered.
        server: Server,
        /// The status code.
        status: u16,
        /// Seconds to wait, if the server said so.
        retry_after: Option<u64>,
    },
    /// An answer that the protocol does not define: from a captive portal, a proxy, or a broken server.
    #[error("{server}: the answer (status {status}) is not what the protocol defines: {problem}")]
    UnexpectedAnswer {
        /// The server that answered, or seemed to.
        server: Server,
        /// The status code.
        status: u16,
        /// What is unexpected.
        problem: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored item cannot be read.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The tokens are bound to a key that this device can no longer use. The session is kept, but is useless without
    /// the key.
    #[error(
        "the user has to sign in again: the tokens are bound to a key (DPoP) that this device cannot use any more, as after a \
         backup was restored to another device"
    )]
    ProofKeyLost,
    /// A key for binding tokens could not be made or used.
    #[error("a proof of possession (DPoP) could not be made: {0}")]
    ProofKey(String),
    /// The lock between processes could not be obtained.
    #[error("another process is renewing the session and has not finished in time")]
    Busy,
    /// The lock between processes may not be held: the process may be suspended at any moment.
    #[error(
        "the process has no background time, and the session is shared with other processes: it is \
         renewed when the app is in front, or when the system gives it time"
    )]
    NoBackgroundTime,
    /// The session was opened read-only.
    #[error("this session is read-only; only the app itself can sign in, sign out or renew")]
    ReadOnly,
    /// Something that should be impossible.
    #[error("internal fault: {0}")]
    Internal(String),
}

impl Error {
    /// What the issuer said about it, for the app to show.
    pub fn issuer_message(&self) -> Option<&IssuerMessage> {
        match self {
            Self::ServerConfiguration { problem: said, .. }
            | Self::InteractionRequired { code: said, .. }
            | Self::MfaRequired { description: said, .. }
            | Self::MfaRejected { description: said, .. }
            | Self::AccessDenied { description: said, .. }
            | Self::Refused { description: said, .. }
            | Self::RenewalsRefused { description: said, .. }
            | Self::SignIn { description: said, .. } => said.issuer(),
            _ => None,
        }
    }

    /// A sign-in attempt that failed.
    pub fn sign_in(code: &str, description: &str) -> Self {
        Self::SignIn {
            code: code.to_owned(),
            description: description.into(),
        }
    }
}

fn reauthentication_words(reason: ReauthenticationReason) -> &'static str {
    match reason {
        ReauthenticationReason::RefreshTokenRejected => "the issuer refused the refresh token",
        ReauthenticationReason::NoRefreshToken => {
            "the access token expired and the issuer gave no refresh token (ask for the scope offline_access)"
        }
        ReauthenticationReason::LifetimeEnded => {
            "the session has lasted as long as the app or the issuer lets one last"
        }
        ReauthenticationReason::IdleTooLong => "the session was not used for longer than the app allows",
    }
}

fn in_brackets(description: &str) -> String {
    if description.is_empty() {
        String::new()
    } else {
        format!(" ({description})")
    }
}

fn wait_words(retry_after: Option<u64>) -> String {
    retry_after
        .map(|seconds| format!("; ask again after {seconds} s"))
        .unwrap_or_default()
}

impl From<IdTokenProblem> for Error {
    fn from(problem: IdTokenProblem) -> Self {
        Self::IdToken(problem.into())
    }
}

impl From<InvalidValue> for Error {
    fn from(InvalidValue { name, problem }: InvalidValue) -> Self {
        Self::Argument { name, problem }
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        match error {
            ProtocolError::Argument(invalid) => invalid.into(),
            ProtocolError::Configuration { server, field, problem } => {
                Self::ServerConfiguration { server, field, problem }
            }
            ProtocolError::RefreshTokenRejected => Self::Reauthenticate(ReauthenticationReason::RefreshTokenRejected),
            ProtocolError::InteractionRequired { server, code } => Self::InteractionRequired { server, code },
            // If no session keeps the `mfa_token`, nobody can continue with it.
            ProtocolError::MfaRequired {
                server, description, ..
            } => Self::InteractionRequired {
                server,
                code: description.with_text("mfa_required"),
            },
            ProtocolError::AccessDenied { server, description } => Self::AccessDenied { server, description },
            ProtocolError::Refused {
                server,
                status,
                code,
                description,
            } => Self::Refused {
                server,
                status,
                code,
                description,
            },
            ProtocolError::SignIn { code, description } => Self::SignIn { code, description },
            ProtocolError::RateLimited { server, retry_after } => Self::RateLimited { server, retry_after },
            ProtocolError::ServerFault {
                server,
                status,
                retry_after,
            } => Self::ServerFault {
                server,
                status,
                retry_after,
            },
            ProtocolError::UnexpectedAnswer {
                server,
                status,
                problem,
            } => Self::UnexpectedAnswer {
                server,
                status,
                problem,
            },
            ProtocolError::NotWritable => Self::Internal("a request could not be written as JSON".to_owned()),
        }
    }
}

impl From<InvalidConfiguration> for Error {
    fn from(InvalidConfiguration(invalid): InvalidConfiguration) -> Self {
        Self::Configuration {
            field: invalid.name,
            problem: invalid.problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::endpoint::Endpoint;

    #[test]
    fn what_the_issuer_said_and_how_long_to_wait_is_in_the_words_where_it_is_known() {
        let denied = |description: &str| {
            let description = description.into();
            let server = Endpoint::TOKEN.into();
            Error::AccessDenied { server, description }.to_string()
        };
        assert_eq!(denied("a rule"), format!("{} (a rule)", denied("")));
        let limited = |retry_after| {
            let server = Endpoint::TOKEN.into();
            Error::RateLimited { server, retry_after }.to_string()
        };
        assert_eq!(limited(Some(7)), format!("{}; ask again after 7 s", limited(None)));
    }
}
