//! ID tokens: accepting one, or saying why not; and DPoP proofs (`proof`). Pure: no I/O, no clock.
//!
//! The rules are those of OpenID Connect Core 3.1.3.7 (sign-in) and 12.2 (renewal), on top of JWS (RFC 7515), JWK
//! (RFC 7517), JWT (RFC 7519) and their best current practices (RFC 8725). The caller uses:
//!
//! 1. [`announced_algorithms`] once, from the discovery document;
//! 2. [`KeySet::parse`] once per fetched key set, which decodes the keys for all tokens;
//! 3. [`verify`] for each ID token, or [`verify_signature`] alone for the issuer's other JWTs, such as a signed
//!    UserInfo answer (OpenID Connect Core 5.3.2);
//! 4. after an error, [`newer_keys_may_help`], which says whether to fetch the key set again for one more try.
//!
//! The crate `jsonwebtoken` provides only the algorithm names. Its `decode` is not used: it takes its cryptography from
//! one process-wide setting, which any other user of that crate can set first. Then it panics, or verifies with a
//! backend that Pilotlight did not choose. Therefore the verification calls [`crate::crypto`] directly.

mod algorithms;
mod base64url;
mod claims;
mod direct;
mod key_set;
mod problem;
mod proof;
mod public_key;
mod signature;
mod token_hash;

pub use algorithms::{Algorithm, announced_algorithms};
pub use claims::{Expectations, IdTokenClaims, RequestedAuthentication, ValidationContext, names_audience, validate};
pub use direct::{claims_signed_with_secret, claims_without_signature, lifetime};
pub use key_set::KeySet;
pub use problem::{IdTokenError, IdTokenProblem};
pub use proof::{ProofClaims, public_point, signed_proof, thumbprint, unsigned_proof};
pub use signature::{VerifiedClaims, decode_object, key_id, verify_signature};

use crate::model::secret::Secret;

/// Checks an ID token completely: the signature with [`verify_signature`], then the claims with [`validate`].
///
/// # Errors
/// Those of both, the signature's first: nothing is read from unsigned claims.
pub fn verify(
    token: &Secret,
    keys: &KeySet,
    allowed: &[Algorithm],
    expected: &Expectations<'_>,
) -> Result<IdTokenClaims, IdTokenError> {
    validate(&verify_signature(token, keys, allowed)?, expected)
}

/// Whether an outdated key set can be the cause: the issuer changed its keys, with a new `kid`
/// ([`IdTokenProblem::UnknownKey`]), or without one or under the old one ([`IdTokenProblem::BadSignature`]). The caller
/// fetches the keys again at most once, and not if it has only just fetched them (OpenID Connect Core 10.1.1).
pub fn newer_keys_may_help(problem: &IdTokenProblem) -> bool {
    matches!(problem, IdTokenProblem::UnknownKey | IdTokenProblem::BadSignature)
}
