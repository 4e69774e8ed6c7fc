//! The text of a token on its way to Swift.
#![allow(
    unsafe_code,
    reason = "UniFFI's traits for what crosses the border are unsafe to implement"
)]

use std::fmt;

use uniffi::{Lower, MetadataBuffer, RustBuffer, TypeId};
use zeroize::Zeroizing;

use crate::model::secret::Secret;

/// A string for Swift that leaves no unwiped copy in Rust, except the one buffer that Swift reads: UniFFI frees it
/// without wiping it. A plain optional `String` would be copied into a growing buffer and freed, and both would stay
/// unwiped.
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

// SAFETY: this passes the same bytes as `String`: the text as it is, or preceded by its length as a big-endian `i32`.
unsafe impl<UT> Lower<UT> for TokenText {
    type FfiType = RustBuffer;

    fn lower(mut text: Self) -> RustBuffer {
        RustBuffer::from_vec(std::mem::take(&mut *text.0).into_bytes())
    }

    fn write(text: Self, buffer: &mut Vec<u8>) {
        let bytes = text.0.as_bytes();
        // The length of a longer text cannot be expressed; no token is that long.
        let (length, bytes) = i32::try_from(bytes.len()).map_or((0, [].as_slice()), |length| (length, bytes));
        // Reserves everything at once, so that the buffer does not move once the text is in it.
        buffer.reserve_exact(size_of::<i32>() + bytes.len());
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(bytes);
    }
}

uniffi::derive_ffi_traits!(impl<UT> LowerReturn<UT> for TokenText);

impl<UT> TypeId<UT> for TokenText {
    const TYPE_ID_META: MetadataBuffer = <String as TypeId<UT>>::TYPE_ID_META;
}
