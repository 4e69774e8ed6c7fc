//! The text of a token on its way to Swift.
#![allow(
    unsafe_code,
    reason = "UniFFI's traits for what crosses the border are unsafe to implement"
)]

use std::fmt;

use uniffi::{Lower, MetadataBuffer, RustBuffer, TypeId};
use zeroize::Zeroizing;

use crate::model::secret::Secret;

/// A string for Swift that leaves no copy behind in Rust, but the one buffer that Swift reads: UniFFI frees that without
/// wiping it. As a plain `String` an optional one would be copied into a buffer that grows, and freed, both unwiped.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(Zeroizing<String>);

impl TokenText {
    /// A copy of `token`.
    pub fn of(token: &str) -> Self {
        Self(Zeroizing::new(token.to_owned()))
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<Secret> for TokenText {
    fn from(secret: Secret) -> Self {
        Self::of(secret.expose())
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(redacted)")
    }
}

// SAFETY: it hands over what `String` does: the text as it is, or behind its length as a big-endian `i32`.
unsafe impl<UT> Lower<UT> for TokenText {
    type FfiType = RustBuffer;

    fn lower(mut text: Self) -> RustBuffer {
        RustBuffer::from_vec(std::mem::take(&mut *text.0).into_bytes())
    }

    fn write(text: Self, buffer: &mut Vec<u8>) {
        let bytes = text.0.as_bytes();
        // The length of a text that is longer cannot be given; no token is.
        let (length, bytes) = i32::try_from(bytes.len()).map_or((0, [].as_slice()), |length| (length, bytes));
        // At once, so that the buffer does not move with the text in it.
        buffer.reserve_exact(size_of::<i32>() + bytes.len());
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(bytes);
    }
}

uniffi::derive_ffi_traits!(impl<UT> LowerReturn<UT> for TokenText);

impl<UT> TypeId<UT> for TokenText {
    const TYPE_ID_META: MetadataBuffer = <String as TypeId<UT>>::TYPE_ID_META;
}
