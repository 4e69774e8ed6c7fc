//! What an API asks of the user's authentication (RFC 9470).

use crate::protocol::challenge::{self, AuthenticationRequirement};

/// What an API's 401 asks of the user's authentication, by its `WWW-Authenticate` headers, which may be joined by commas; nil
/// where it does not say `insufficient_user_authentication`.
#[uniffi::export]
pub fn insufficient_authentication(headers: Vec<String>) -> Option<AuthenticationRequirement> {
    challenge::insufficient_authentication(&headers)
}
