//! The one entrance for JSON that a server sent.
//!
//! An answer may hold a rotated refresh token, which exists nowhere else. So whatever else is wrong with the answer, each
//! member of the object that can be read is read, and [`Object`] says how much that was: a caller for whom a half-read
//! object is worse than none asks [`Object::is_complete`] or [`Object::is_exact`].
//!
//! Stepped over are: a byte order mark (RFC 8259 8.1), UTF-16, bytes that are not UTF-8, control characters, NUL, lone
//! surrogates, unknown escapes, comments, superfluous and missing commas, values that are no JSON or nested too deeply,
//! members named twice, what follows the object, and an end that comes too soon.

mod members;
mod object;
mod scanner;
#[cfg(test)]
mod tests;
mod text;

pub use members::{present, text_of};
pub use object::Object;
pub use scanner::DEEPEST;

use object::Fidelity;

impl Object {
    /// Reads the object that `bytes` hold; `None` where they do not begin with one.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match text::from_utf16(bytes) {
            Some(text) => scanner::read(text.as_bytes()).map(|mut object| {
                object.lower(Fidelity::Repaired);
                object
            }),
            None => scanner::read(bytes),
        }
    }
}
