//! Tokens on their way to Swift: nothing of them is left in Rust except the one buffer that Swift reads and frees.

use pilotlight_core::ffi::TokenText;
use pilotlight_core::model::secret::Secret;
use uniffi::{Lower, RustBuffer};
use zeroize::Zeroize as _;

use crate::allocator::{PLANTED, blocks_left_by, secret};

/// UniFFI's implementations are for every such type.
struct Border;

/// How many blocks are left besides the buffer, and the contents of the buffer.
fn crossing(lower: impl FnOnce() -> RustBuffer) -> (usize, Vec<u8>) {
    let mut read = Vec::new();
    let left = blocks_left_by(|| {
        let mut buffer = lower().destroy_into_vec();
        read.clone_from(&buffer);
        buffer.zeroize();
    });
    (left, read)
}

fn lower<T: Lower<Border, FfiType = RustBuffer>>(value: T) -> RustBuffer {
    T::lower(value)
}

#[test]
fn a_token_leaves_nothing_beside_the_buffer_that_swift_reads() {
    let kept = Secret::new(secret());
    let (left, read) = crossing(|| lower(TokenText::from(kept.clone())));
    assert_eq!((left, read.as_slice()), (0, secret().as_bytes()));
    let (left, _) = crossing(|| lower(Some(TokenText::of(kept.expose()))));
    assert_eq!(left, 0);
    assert_eq!(blocks_left_by(|| drop(TokenText::of(kept.expose()))), 0);
}

/// The remains of a plain string, which prove that the test above can detect them.
#[test]
fn a_plain_string_does() {
    let (left, _) = crossing(|| lower(Some(secret())));
    assert!(left > 0);
}

#[test]
fn swift_reads_what_it_would_read_of_a_string() {
    for text in ["", "a", &secret(), "\u{e9}\u{1f511}"] {
        let (_, of_string) = crossing(|| lower(Some(text.to_owned())));
        let (_, of_token) = crossing(|| lower(Some(TokenText::of(text))));
        assert_eq!(of_token, of_string, "{text}");
        let (_, of_string) = crossing(|| lower(text.to_owned()));
        let (_, of_token) = crossing(|| lower(TokenText::of(text)));
        assert_eq!(of_token, of_string, "{text}");
    }
    assert_eq!(format!("{:?}", TokenText::of(PLANTED)), "TokenText(redacted)");
}
