//! The internal error: what happened, precisely. `ffi::error` turns it into the public one, which says what to do.
//!
//! Nothing here holds a token, a code, a verifier or a profile's content. A server's own words (`error_description`)
//! are kept only after [`server_words`], because servers do quote what they were sent.

mod outside;

use std::fmt;

use crate::envelope::EnvelopeError;
use crate::state::ReauthenticationReason;

pub use outside::{RandomnessUnavailable, StoreError, TransportError, TransportErrorKind};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A field of the app's configuration is wrong; found without asking anybody.
    #[error("configuration: {field} {problem}")]
    Configuration {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The server's answer says that the configuration here or there is wrong.
    #[error("{endpoint}: {problem}; check {field}")]
    ServerConfiguration {
        /// Who answered.
        endpoint: Endpoint,
        /// The field of the configuration to look at first.
        field: &'static str,
        /// What the server said, and the usual cause.
        problem: String,
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
    #[error("{endpoint}: the issuer wants the user to take part ({code})")]
    InteractionRequired {
        /// Who answered.
        endpoint: Endpoint,
        /// The issuer's error code.
        code: String,
    },
    /// The issuer denies a renewal by a rule of its own; the session has not ended.
    #[error("{endpoint}: the issuer denied access ({description})")]
    AccessDenied {
        /// Who answered.
        endpoint: Endpoint,
        /// The issuer's words.
        description: String,
    },
    /// A sign-in attempt failed.
    #[error("the sign-in failed: {code}: {description}")]
    SignIn {
        /// The issuer's error code or our own.
        code: String,
        /// In words.
        description: String,
    },
    /// The sign-in was cancelled or replaced by another.
    #[error("the sign-in was cancelled")]
    SignInCancelled,
    /// An ID token was not believed.
    #[error("the ID token was not accepted: {0}")]
    IdToken(#[from] IdTokenProblem),
    /// There is no answer.
    #[error("{endpoint}: {error}")]
    Transport {
        /// Who was asked.
        endpoint: Endpoint,
        /// What went wrong.
        error: TransportError,
    },
    /// 429.
    #[error("{endpoint}: too many requests{}", wait_words(*.retry_after))]
    RateLimited {
        /// Who answered.
        endpoint: Endpoint,
        /// Seconds to wait, where the server said so.
        retry_after: Option<u64>,
    },
    /// 5xx, or `temporarily_unavailable`.
    #[error("{endpoint}: the server has a fault (status {status}){}", wait_words(*.retry_after))]
    ServerFault {
        /// Who answered.
        endpoint: Endpoint,
        /// The status code.
        status: u16,
        /// Seconds to wait, where the server said so.
        retry_after: Option<u64>,
    },
    /// An answer that the protocol does not know: a captive portal, a proxy, a broken server.
    #[error("{endpoint}: the answer (status {status}) is not what the protocol says: {problem}")]
    UnexpectedAnswer {
        /// Who answered, or seemed to.
        endpoint: Endpoint,
        /// The status code.
        status: u16,
        /// What is unexpected.
        problem: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is stored cannot be read.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The lock between processes cannot be had.
    #[error(
        "the session is locked: another process renews it and does not come to an end, or this one is about to be suspended"
    )]
    Busy,
    /// The session was opened to be looked at only.
    #[error("this session is read-only: the app itself signs in and out and renews")]
    ReadOnly,
    /// Something that cannot happen.
    #[error("internal fault: {0}")]
    Internal(String),
}

/// Whom a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/.well-known/openid-configuration`
    Discovery,
    /// The JSON Web Key Set.
    Keys,
    /// The token endpoint.
    Token,
    /// The UserInfo endpoint.
    UserInfo,
    /// The revocation endpoint.
    Revocation,
    /// Auth0's Management API, `/api/v2/users/{id}`.
    Users,
    /// Auth0's `/delegation`.
    Delegation,
    /// Auth0's `/tokeninfo`.
    TokenInfo,
    /// Auth0's `/oauth/ro`.
    ResourceOwner,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discovery => "discovery document",
            Self::Keys => "key set",
            Self::Token => "token endpoint",
            Self::UserInfo => "userinfo endpoint",
            Self::Revocation => "revocation endpoint",
            Self::Users => "users endpoint",
            Self::Delegation => "delegation endpoint",
            Self::TokenInfo => "tokeninfo endpoint",
            Self::ResourceOwner => "resource owner endpoint",
        })
    }
}

/// Why an ID token was not believed (OpenID Connect Core 3.1.3.7). Names claims, never their values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenProblem {
    /// Not a JWS in compact form, or its JSON is not what it should be.
    #[error("it is not a well-formed JWT ({0})")]
    Malformed(&'static str),
    /// An algorithm that is not allowed: `none`, a symmetric one, or one the issuer did not announce.
    #[error("its algorithm is not allowed here")]
    AlgorithmNotAllowed,
    /// No key of the issuer's fits.
    #[error("the issuer publishes no key for it")]
    UnknownKey,
    /// The issuer's keys could not be read.
    #[error("the issuer's keys cannot be read")]
    KeysUnavailable,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    BadSignature,
    /// A claim is missing.
    #[error("the claim {0} is missing")]
    MissingClaim(&'static str),
    /// A claim has a value that must not be.
    #[error("the claim {0} has a wrong value")]
    WrongClaim(&'static str),
    /// It expired.
    #[error("it expired")]
    Expired,
    /// It was issued in the future.
    #[error("it was issued in the future")]
    IssuedInTheFuture,
    /// The user authenticated longer ago than `max_age` allows.
    #[error("the user authenticated too long ago")]
    AuthenticationTooOld,
}

impl Error {
    /// A sign-in attempt that failed.
    pub fn sign_in(code: &str, description: &str) -> Self {
        Self::SignIn {
            code: code.to_owned(),
            description: description.to_owned(),
        }
    }

    /// The same problem, found in an argument of a call and not in the configuration.
    pub fn into_argument(self) -> Self {
        match self {
            Self::Configuration { field, problem } => Self::Argument { name: field, problem },
            other => other,
        }
    }
}

impl From<RandomnessUnavailable> for Error {
    fn from(error: RandomnessUnavailable) -> Self {
        Self::Internal(error.to_string())
    }
}

/// A server's own words, made safe to show: servers quote what they were sent, tokens, addresses and names among it.
/// Kept is what reads like the sentence around a value: words in lower case, the first word of a sentence, short
/// numbers and acronyms. All else is cut out, control characters are dropped, and 200 characters are kept.
pub fn server_words(words: &str) -> String {
    const LONGEST: usize = 200;
    let mut kept = String::new();
    let mut starts_sentence = true;
    for word in words
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        let shown = if is_prose(word, starts_sentence) {
            word
        } else {
            "[redacted]"
        };
        starts_sentence = word.ends_with('.');
        if kept.chars().count() + shown.chars().count() >= LONGEST {
            kept.push('…');
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(shown);
    }
    kept
}

fn is_prose(word: &str, starts_sentence: bool) -> bool {
    const LONGEST_WORD: usize = 20;
    let word = word.trim_matches(|c: char| matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '"' | '(' | ')'));
    let lower = |text: &str| {
        text.split(['_', '-', ':', '\''])
            .all(|part| part.len() <= LONGEST_WORD && part.bytes().all(|byte| byte.is_ascii_lowercase()))
    };
    let capitalised = || {
        word.get(1..)
            .is_some_and(|rest| word.as_bytes()[0].is_ascii_uppercase() && lower(rest))
    };
    let acronym = || word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let number = || word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    word.len() <= 2 * LONGEST_WORD && (lower(word) || (starts_sentence && capitalised()) || acronym() || number())
}

fn reauthentication_words(reason: ReauthenticationReason) -> &'static str {
    match reason {
        ReauthenticationReason::RefreshTokenRejected => "the issuer refused the refresh token",
        ReauthenticationReason::NoRefreshToken => {
            "the access token expired and the issuer gave no refresh token (ask for the scope offline_access)"
        }
    }
}

fn wait_words(retry_after: Option<u64>) -> String {
    retry_after
        .map(|seconds| format!("; it asks to wait {seconds} s"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_words_keep_the_sentence_and_lose_the_values_in_it() {
        for (said, shown) in [
            ("Unknown or invalid refresh token.", "Unknown or invalid refresh token."),
            (
                "Grant type 'refresh_token' not allowed. Use PKCE.",
                "Grant type 'refresh_token' not allowed. Use PKCE.",
            ),
            (
                "Insufficient scope, expected any of: read:users",
                "Insufficient scope, expected any of: read:users",
            ),
            ("error_unauthorized_client", "error_unauthorized_client"),
            ("token v1.MjAyNS1wbGFudGVk is spent", "token [redacted] is spent"),
            (
                "no user ada@example.com, Ms Lovelace",
                "no user [redacted] [redacted] [redacted]",
            ),
            ("wait 30 of 12345 s", "wait 30 of [redacted] s"),
            ("abcdefghijklmnopqrstuvwxyzabcdef", "[redacted]"),
            ("Ünïcödé \u{1b}[31mred", "[redacted] [redacted]"),
        ] {
            assert_eq!(server_words(said), shown);
        }
    }

    #[test]
    fn server_words_are_short_and_on_one_line() {
        let long = server_words(&"word\n".repeat(100));
        assert!(long.chars().count() <= 202 && !long.contains('\n'), "{long}");
    }
}
