//! SHA-2 (FIPS 180-4). [`Context`] is a message that is hashed in parts.

use super::algorithm::Hash;
pub use super::backend::Context;
use super::digest::Digest;

/// The hash of all of `message`.
pub fn digest(hash: Hash, message: &[u8]) -> Digest {
    let mut context = Context::new(hash);
    context.update(message);
    context.finish()
}
