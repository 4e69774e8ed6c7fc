//! The only way to read JSON from a server.
//!
//! An answer may contain a rotated refresh token, which exists nowhere else. So, whatever else is wrong with the
//! answer, each member of the object that can be read is read, and [`Object`] says how much that was. If a partly read
//! object is worse than none, the caller checks [`Object::is_complete`] or [`Object::is_exact`].
//!
//! The reader tolerates: a byte order mark (RFC 8259 8.1), UTF-16, bytes that are not UTF-8, control characters, NUL,
//! lone surrogates, unknown escapes, comments, superfluous and missing commas, values that are not JSON or nested too
//! deep, duplicate members, data after the object, and a premature end.

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
    /// Reads the object in `bytes`; `None` if they do not begin with one.
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
