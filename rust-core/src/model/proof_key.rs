//! The key that a session's tokens are bound to (DPoP, RFC 9449): an elliptic curve key on P-256. Where the device has a
//! Secure Enclave, its private half never leaves that.

use std::fmt;

use serde::Serialize;

use crate::model::secret::Secret;

/// The algorithm of the proofs (RFC 7518 3.4).
pub const ALGORITHM: &str = "ES256";
/// The configuration's field.
pub const FIELD: &str = "dpop";

/// Such a key, as it is stored with the tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ProofKey {
    /// What its provider needs to use it, in base64url: of a key in hardware a handle that no other device can use; of a
    /// software key the key itself.
    pub handle: Secret,
    /// Its public half.
    pub public: PublicPoint,
    /// Whether it is in hardware.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_hardware: bool,
}

/// A point on P-256: both coordinates in base64url, each of 32 bytes, as a JWK has them (RFC 7518 6.2.1).
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub struct PublicPoint {
    /// `x`
    pub x: String,
    /// `y`
    pub y: String,
}

impl fmt::Debug for PublicPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicPoint")
    }
}

/// Whether, and how strictly, tokens are bound to a key of this device (DPoP, RFC 9449).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, uniffi::Enum)]
pub enum TokenBinding {
    /// They are not. A session whose tokens are bound already stays usable.
    #[default]
    Off,
    /// Where the issuer offers it.
    WhenOffered,
    /// Always: tokens that are not bound are refused.
    Required,
}
