//! Auth0.swift's `CredentialsManager`, versions 1 to 3.
//!
//! It stores one archived object, `Credentials`, whose Objective-C name is `A0Credentials` in all three versions, under
//! the account `credentials` (`storeKey:`) of SimpleKeychain's default service, the bundle identifier. The fields are
//! those of its `encode(with:)`: `accessToken`, `tokenType`, `idToken`, `refreshToken`, `expiresIn` (an `NSDate`, also
//! in version 3, whose property is called `expiresAt`), `scope`, and since 1.21 `recoveryCode`, which is not imported.
//! Version 1 writes nil for an absent value; versions 2 and 3 write empty strings for the access token, the type and
//! the ID token. Sources: auth0/Auth0.swift, `Credentials.swift` and `CredentialsManager.swift` at 1.20.0, 1.39.1,
//! 2.0.0, 2.14.0 and 3.1.0.

use super::archive::Object;
use super::foreign_session::{ForeignSession, ImportProblem};

/// The archived class.
pub const CLASS: &str = "A0Credentials";

/// The account of the key that its tokens are bound to, in the Secure Enclave: a generic password under the same
/// service, whose data is CryptoKit's `dataRepresentation` (Auth0.swift 3.1.0, `SecureEnclaveKeyStore.swift`).
pub const PROOF_KEY_ACCOUNT: &str = "com.auth0.sdk.dpop.privateKey";

/// Reads the archived credentials.
///
/// # Errors
/// None at present.
pub fn read(root: &Object<'_>) -> Result<ForeignSession, ImportProblem> {
    Ok(ForeignSession {
        is_bound: is_bound(root, "tokenType"),
        access_token: root.text("accessToken"),
        refresh_token: root.text("refreshToken"),
        id_token: root.text("idToken"),
        scope: root.plain_text("scope"),
        expires_at: root.moment("expiresIn"),
        client_id: None,
        profile: None,
        proof_key: None,
    })
}

/// A token that is bound to a key is of no use without it, the refresh token included (RFC 9449 5).
pub(super) fn is_bound(object: &Object<'_>, field: &str) -> bool {
    object
        .plain_text(field)
        .is_some_and(|kind| kind.eq_ignore_ascii_case("dpop"))
}
