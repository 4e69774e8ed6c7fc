//! Identifiers that nobody can guess.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};

/// 32 random bytes, base64url without padding (43 characters).
#[expect(
    clippy::expect_used,
    reason = "without a source of randomness no test of a sign-in means anything"
)]
pub(crate) fn token() -> String {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).expect("the system's randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A short identifier, for values that are not secret (key ids, `jti`, `sid`).
pub(crate) fn identifier() -> String {
    token().chars().take(21).collect()
}
