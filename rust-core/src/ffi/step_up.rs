//! What an API requires of the user's authentication (RFC 9470).

use crate::protocol::challenge::{self, AuthenticationRequirement};

/// What an API's 401 response requires of the user's authentication, from its `WWW-Authenticate` headers, which may be
/// joined by commas; nil if they do not contain `insufficient_user_authentication`.
#[uniffi::export]
pub fn insufficient_authentication(headers: Vec<String>) -> Option<AuthenticationRequirement> {
    challenge::insufficient_authentication(&headers)
}
