//! What a signature is made by.

/// A curve of SEC 2 with its common name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// secp256r1
    P256,
    /// secp384r1
    P384,
}

/// What a message is hashed with (FIPS 180-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

/// How an RSA signature is padded (RFC 8017).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// RSASSA-PKCS1-v1_5
    Pkcs1,
    /// RSASSA-PSS, with MGF1 over the same hash and a salt as long as the hash.
    Pss,
}

impl Hash {
    /// Of the longest one, in bytes.
    pub(crate) const LONGEST: usize = 64;

    /// How long it is.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => Self::LONGEST,
        }
    }
}

impl Curve {
    /// Of one coordinate of a point, and of each half of a signature.
    pub const fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}
