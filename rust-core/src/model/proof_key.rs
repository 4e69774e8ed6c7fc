//! The key that a session's tokens are bound to (DPoP, RFC 9449): an elliptic curve key on P-256. If the device has a
//! Secure Enclave, the private key never leaves it.

use std::fmt;

use serde::Serialize;

use crate::model::secret::Secret;

/// The algorithm of the proofs (RFC 7518 3.4).
pub const ALGORITHM: &str = "ES256";
/// The name of the configuration's field.
pub const FIELD: &str = "dpop";

/// A key as it is stored with the tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ProofKey {
    /// What its provider needs to use it, in base64url: for a key in hardware, a handle that no other device can use;
    /// for a software key, the key itself.
    pub handle: Secret,
    /// The public key.
    pub public: PublicPoint,
    /// Whether it is in hardware.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_hardware: bool,
}

/// A point on P-256: both coordinates in base64url, 32 bytes each, as in a JWK (RFC 7518 6.2.1).
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
    /// They are not. A session whose tokens are already bound stays usable.
    #[default]
    Off,
    /// If the issuer offers it.
    WhenOffered,
    /// Always: tokens that are not bound are refused.
    Required,
}
