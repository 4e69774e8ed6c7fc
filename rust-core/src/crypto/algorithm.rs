//! The parameters of signatures: curves, hash functions and paddings.

/// An elliptic curve of SEC 2, by its NIST name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// secp256r1
    P256,
    /// secp384r1
    P384,
}

/// A hash function (FIPS 180-4).
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
    /// The length of the longest hash, in bytes.
    pub(crate) const LONGEST: usize = 64;

    /// The length of the hash in bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => Self::LONGEST,
        }
    }
}

impl Curve {
    /// The length in bytes of a coordinate of a point, and of each half of a signature.
    pub const fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }
}
