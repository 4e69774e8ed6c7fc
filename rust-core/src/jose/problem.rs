//! Why an ID token was not accepted.

use std::fmt;

use serde_json::Value;

use crate::model::time::Timestamp;

/// The rule that an ID token breaks (OpenID Connect Core 3.1.3.7).
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IdTokenProblem {
    /// The token is not a JWS in compact form, or its JSON is not as required.
    #[error("it is not a well-formed JWT ({0})")]
    Malformed(&'static str),
    /// An algorithm that is not allowed: `none`, a symmetric one, or one that the issuer did not announce.
    #[error("its algorithm is not allowed here")]
    AlgorithmNotAllowed,
    /// The issuer has no key that fits.
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
    /// A claim has a value that is not allowed.
    #[error("the claim {0} has a wrong value")]
    WrongClaim(&'static str),
    /// The token has expired.
    #[error("it expired")]
    Expired,
    /// The token was issued in the future.
    #[error("it was issued in the future")]
    IssuedInTheFuture,
    /// The user authenticated longer ago than `max_age` allows.
    #[error("the user authenticated too long ago")]
    AuthenticationTooOld,
}

/// Why an ID token was not accepted: the rule, and the expected and the found value if they are neither secret nor
/// about the user.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub struct IdTokenError {
    /// The rule that was broken.
    pub problem: IdTokenProblem,
    /// The expected and the found value. Boxed, because every error is as large as the largest.
    pub mismatch: Option<Box<Mismatch>>,
}

/// The value that a rule expects, and the value in the token. Only algorithms, issuers, clients and times: never `sub`,
/// a nonce or a hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mismatch {
    /// What would be accepted.
    pub expected: String,
    /// The value in the token.
    pub found: String,
}

impl From<IdTokenProblem> for IdTokenError {
    fn from(problem: IdTokenProblem) -> Self {
        Self {
            problem,
            mismatch: None,
        }
    }
}

impl IdTokenProblem {
    /// The error with both values.
    pub(super) fn with(self, expected: impl Into<String>, found: impl Into<String>) -> IdTokenError {
        IdTokenError {
            problem: self,
            mismatch: Some(Box::new(Mismatch {
                expected: expected.into(),
                found: found.into(),
            })),
        }
    }
}

impl fmt::Display for IdTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.problem)?;
        match self.mismatch.as_deref() {
            Some(Mismatch { expected, found }) => write!(f, " (expected {expected}, found {found})"),
            None => Ok(()),
        }
    }
}

/// A claim's value, or the elements of a list, if they look like identifiers: a server may have put anything there.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => shown_text(text),
        Value::Array(values) if !values.is_empty() => {
            const MOST: usize = 5;
            let texts = values.iter().take(MOST).map(|value| match value {
                Value::String(text) => shown_text(text),
                _ => "what is not text".to_owned(),
            });
            texts.collect::<Vec<_>>().join(" and ")
        }
        Value::Array(_) => "an empty list".to_owned(),
        _ => "what is not text".to_owned(),
    }
}

/// See [`shown`].
pub(super) fn shown_text(text: &str) -> String {
    const LONGEST: usize = 100;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte);
    if !text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_plain) {
        format!("\"{text}\"")
    } else {
        "[redacted]".to_owned()
    }
}

/// The distance between a time and the one that it is compared with.
pub(super) fn seconds_apart(earlier: Timestamp, later: Timestamp) -> String {
    format!("{} s", later.seconds_since(earlier))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_claim_holds_is_shown_as_far_as_it_reads_like_an_identifier() {
        for (value, words) in [
            (json!("a-b"), "\"a-b\""),
            (json!(""), "[redacted]"),
            (json!("a b"), "[redacted]"),
            (json!("a".repeat(100)), &format!("\"{}\"", "a".repeat(100))),
            (json!("a".repeat(101)), "[redacted]"),
            (json!([]), "an empty list"),
            (json!(["a", 1, "b c"]), "\"a\" and what is not text and [redacted]"),
            (
                json!(["1", "2", "3", "4", "5", "6"]),
                "\"1\" and \"2\" and \"3\" and \"4\" and \"5\"",
            ),
            (json!(1), "what is not text"),
            (json!(null), "what is not text"),
        ] {
            assert_eq!(shown(&value), words, "{value}");
        }
        assert_eq!(seconds_apart(Timestamp(10), Timestamp(17)), "7 s");
    }
}
