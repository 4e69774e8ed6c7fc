//! CommonCrypto, emulated. Its contexts have the size of Apple's, contain all the state of a message, and may be
//! copied.

use std::ffi::{c_int, c_void};
use std::slice;

use ring::hmac;
use sha2::block_api::{compress256, compress512};

/// `CC_SHA256_CTX` and `CC_SHA512_CTX`: the number of bytes so far, the state, and the incomplete block.
macro_rules! sha2 {
    ($context:ident, $word:ty, $block:literal, $compress:path;
     $($init:ident $update:ident $end:ident $length:literal [$($first:literal)*];)*) => {
        #[repr(C)]
        struct $context {
            count: [$word; 2],
            state: [$word; 8],
            block: [u8; $block],
        }

        impl $context {
            fn update(&mut self, data: &[u8]) {
                for byte in data {
                    let place = self.count[0] as usize % $block;
                    self.block[place] = *byte;
                    self.count[0] += 1;
                    if place + 1 == $block {
                        $compress(&mut self.state, &[self.block]);
                    }
                }
            }

            /// The padding of FIPS 180-4, 5.1.
            fn end(&mut self) -> Vec<u8> {
                let bits = 8 * u128::from(self.count[0]);
                self.update(&[0x80]);
                while self.count[0] as usize % $block != $block - $block / 8 {
                    self.update(&[0]);
                }
                self.update(&bits.to_be_bytes()[16 - $block / 8..]);
                self.state.iter().flat_map(|word| word.to_be_bytes()).collect()
            }
        }

        $(
            /// # Safety
            /// `context` must point to a context.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $init(context: *mut $context) -> c_int {
                let begun = $context { count: [0; 2], state: [$($first),*], block: [0; $block] };
                // SAFETY: there, by contract.
                unsafe { context.write(begun) };
                1
            }

            /// # Safety
            /// `context` must point to an initialised context, and `data` to `length` bytes.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $update(context: *mut $context, data: *const c_void, length: u32) -> c_int {
                // SAFETY: there, by contract.
                unsafe { (*context).update(bytes(data, length as usize)) };
                1
            }

            /// # Safety
            /// `context` must point to an initialised context, and `digest` to space for the hash.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn $end(digest: *mut u8, context: *mut $context) -> c_int {
                // SAFETY: there, by contract.
                unsafe {
                    let hash = (*context).end();
                    digest.copy_from_nonoverlapping(hash.as_ptr(), $length);
                    // Nothing of the message may stay in it.
                    context.write_bytes(0, 1);
                }
                1
            }
        )*
    };
}

sha2! {
    Sha256Context, u32, 64, compress256;
    CC_SHA256_Init CC_SHA256_Update CC_SHA256_Final 32 [
        0x6a09e667 0xbb67ae85 0x3c6ef372 0xa54ff53a 0x510e527f 0x9b05688c 0x1f83d9ab 0x5be0cd19
    ];
}
sha2! {
    Sha512Context, u64, 128, compress512;
    CC_SHA384_Init CC_SHA384_Update CC_SHA384_Final 48 [
        0xcbbb9d5dc1059ed8 0x629a292a367cd507 0x9159015a3070dd17 0x152fecd8f70e5939
        0x67332667ffc00b31 0x8eb44a8768581511 0xdb0c2e0d64f98fa7 0x47b5481dbefa4fa4
    ];
    CC_SHA512_Init CC_SHA512_Update CC_SHA512_Final 64 [
        0x6a09e667f3bcc908 0xbb67ae8584caa73b 0x3c6ef372fe94f82b 0xa54ff53a5f1d36f1
        0x510e527fade682d1 0x9b05688c2b3e6c1f 0x1f83d9abfb41bd6b 0x5be0cd19137e2179
    ];
}

/// `CCHmacContext`, which has more room than this needs: it points to the state, which is kept until the end.
#[repr(C)]
struct HmacContext(*mut hmac::Context, [u32; 94]);

/// # Safety
/// `context` must point to a context, and the key must be valid.
#[unsafe(no_mangle)]
unsafe extern "C" fn CCHmacInit(context: *mut HmacContext, algorithm: u32, key: *const c_void, length: usize) {
    let algorithm = match algorithm {
        2 => hmac::HMAC_SHA256,
        3 => hmac::HMAC_SHA384,
        4 => hmac::HMAC_SHA512,
        other => panic!("not an algorithm of the core's: {other}"),
    };
    // SAFETY: there, by contract.
    unsafe {
        let key = hmac::Key::new(algorithm, bytes(key, length));
        let begun = Box::into_raw(Box::new(hmac::Context::with_key(&key)));
        context.write(HmacContext(begun, [u32::MAX; 94]));
    }
}

/// # Safety
/// `context` must point to an initialised context, and `data` to `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn CCHmacUpdate(context: *mut HmacContext, data: *const c_void, length: usize) {
    // SAFETY: there, by contract.
    unsafe { (*(*context).0).update(bytes(data, length)) };
}

/// # Safety
/// `context` must point to a context that was initialised and not finished, and `code` to space for the hash.
#[unsafe(no_mangle)]
unsafe extern "C" fn CCHmacFinal(context: *mut HmacContext, code: *mut u8) {
    // SAFETY: there, by contract.
    unsafe {
        let tag = Box::from_raw((*context).0).sign();
        code.copy_from_nonoverlapping(tag.as_ref().as_ptr(), tag.as_ref().len());
    }
}

/// # Safety
/// `data` must point to `length` bytes. It may be null if `length` is 0.
unsafe fn bytes<'a>(data: *const c_void, length: usize) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: there, by contract.
    unsafe { slice::from_raw_parts(data.cast(), length) }
}
