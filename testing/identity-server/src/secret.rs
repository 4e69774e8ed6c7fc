//! Passwords and client secrets.

use std::fmt;

/// A password or client secret. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(secret.into())
    }

    /// Plain comparison: the server guards nothing but test accounts.
    pub(crate) fn is(&self, candidate: &str) -> bool {
        self.0 == candidate
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
