//! Why an ID token is not accepted.

/// Why an ID token was not believed (OpenID Connect Core 3.1.3.7). Names claims, never their values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
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
