//! The user name and the password that the browser types.

use std::fmt;

/// The user to sign in. `Debug` leaves the password out.
#[derive(Clone)]
pub struct Credentials {
    /// What is typed where a page asks for an e-mail address, a user name or a login.
    pub username: String,
    /// What is typed into password fields.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}
