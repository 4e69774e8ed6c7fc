//! SHA-2 and HMAC by the operating system: CommonCrypto, which is part of libSystem (CC_SHA(3cc), CCHmac(3cc)).
#![allow(unsafe_code, reason = "CommonCrypto is a C interface")]

use std::ffi::{c_int, c_void};

#[cfg(feature = "http-client")]
use zeroize::Zeroize as _;

use super::algorithm::Hash;

/// The state of a message that is hashed in parts.
#[derive(Clone)]
pub(super) enum State {
    Sha256(Sha256Context),
    Sha384(Sha512Context),
    Sha512(Sha512Context),
}

/// `CC_SHA256_CTX`
#[repr(C)]
#[derive(Clone, Default)]
pub(super) struct Sha256Context {
    count: [u32; 2],
    hash: [u32; 8],
    block: [u32; 16],
}

/// `CC_SHA512_CTX`, also used for SHA-384, which is SHA-512 with other initial values and a truncated result.
#[repr(C)]
#[derive(Clone, Default)]
pub(super) struct Sha512Context {
    count: [u64; 2],
    hash: [u64; 8],
    block: [u64; 16],
}

impl State {
    pub(super) fn new(hash: Hash) -> Self {
        let (mut short, mut long) = (Sha256Context::default(), Sha512Context::default());
        // SAFETY: each call writes one context, which exists.
        unsafe {
            match hash {
                Hash::Sha256 => {
                    CC_SHA256_Init(&raw mut short);
                    Self::Sha256(short)
                }
                Hash::Sha384 => {
                    CC_SHA384_Init(&raw mut long);
                    Self::Sha384(long)
                }
                Hash::Sha512 => {
                    CC_SHA512_Init(&raw mut long);
                    Self::Sha512(long)
                }
            }
        }
    }

    pub(super) fn update(&mut self, part: &[u8]) {
        // A call takes a 32-bit length.
        for part in part.chunks(1 << 30) {
            let (data, length) = (part.as_ptr().cast(), part.len() as u32);
            // SAFETY: the context was initialised for the same hash, and `data` has `length` bytes.
            unsafe {
                match self {
                    Self::Sha256(context) => CC_SHA256_Update(context, data, length),
                    Self::Sha384(context) => CC_SHA384_Update(context, data, length),
                    Self::Sha512(context) => CC_SHA512_Update(context, data, length),
                };
            }
        }
    }

    /// Writes as many bytes as the hash has.
    pub(super) fn finish(mut self, hash: &mut [u8; Hash::LONGEST]) {
        let place = hash.as_mut_ptr();
        // SAFETY: the context was initialised for the same hash, and the buffer has room for the longest one.
        unsafe {
            match &mut self {
                Self::Sha256(context) => CC_SHA256_Final(place, context),
                Self::Sha384(context) => CC_SHA384_Final(place, context),
                Self::Sha512(context) => CC_SHA512_Final(place, context),
            };
        }
    }
}

/// Writes the HMAC (RFC 2104) of the concatenated parts of a message: as many bytes as the hash has.
#[cfg(feature = "http-client")]
pub(crate) fn hmac<'a>(
    hash: Hash,
    key: &[u8],
    parts: impl IntoIterator<Item = &'a [u8]>,
    code: &mut [u8; Hash::LONGEST],
) {
    // `CCHmacAlgorithm`
    let algorithm = match hash {
        Hash::Sha256 => 2,
        Hash::Sha384 => 3,
        Hash::Sha512 => 4,
    };
    let mut context = HmacContext([0; 96]);
    // SAFETY: the context exists and is initialised before its use, each length is that of the bytes passed with it,
    // and the buffer has room for the longest hash.
    unsafe {
        CCHmacInit(&raw mut context, algorithm, key.as_ptr().cast(), key.len());
        for part in parts {
            CCHmacUpdate(&raw mut context, part.as_ptr().cast(), part.len());
        }
        CCHmacFinal(&raw mut context, code.as_mut_ptr().cast());
    }
    // The key could be recovered from it.
    context.0.zeroize();
}

/// `CCHmacContext`
#[cfg(feature = "http-client")]
#[repr(C)]
struct HmacContext([u32; 96]);

// The CC_SHA functions always return 1.
unsafe extern "C" {
    fn CC_SHA256_Init(context: *mut Sha256Context) -> c_int;
    fn CC_SHA256_Update(context: *mut Sha256Context, data: *const c_void, length: u32) -> c_int;
    fn CC_SHA256_Final(digest: *mut u8, context: *mut Sha256Context) -> c_int;
    fn CC_SHA384_Init(context: *mut Sha512Context) -> c_int;
    fn CC_SHA384_Update(context: *mut Sha512Context, data: *const c_void, length: u32) -> c_int;
    fn CC_SHA384_Final(digest: *mut u8, context: *mut Sha512Context) -> c_int;
    fn CC_SHA512_Init(context: *mut Sha512Context) -> c_int;
    fn CC_SHA512_Update(context: *mut Sha512Context, data: *const c_void, length: u32) -> c_int;
    fn CC_SHA512_Final(digest: *mut u8, context: *mut Sha512Context) -> c_int;
}
#[cfg(feature = "http-client")]
unsafe extern "C" {
    fn CCHmacInit(context: *mut HmacContext, algorithm: u32, key: *const c_void, length: usize);
    fn CCHmacUpdate(context: *mut HmacContext, data: *const c_void, length: usize);
    fn CCHmacFinal(context: *mut HmacContext, code: *mut c_void);
}
