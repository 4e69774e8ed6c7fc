//! AppAuth's `OIDAuthState`, versions 1 and 2.
//!
//! AppAuth stores nothing itself: apps archive the state and keep it in `UserDefaults`, a file or the Keychain. Its
//! fields are `refreshToken`, `scope`, `lastAuthorizationResponse`, `lastTokenResponse`, `authorizationError` and
//! `needsTokenRefresh`. A response (`OIDTokenResponse`, `OIDAuthorizationResponse`) contains `access_token`,
//! `expires_in` (an `NSDate`, despite the name), `token_type`, `id_token`, `scope` and its `request`, which contains
//! `client_id`. The refresh token of the state is the current one: AppAuth updates it with each response that contains
//! one. Version 2.0 changed none of this; it raised the minimum iOS version. Sources: openid/AppAuth-iOS,
//! `OIDAuthState.m`, `OIDTokenResponse.m`, `OIDAuthorizationResponse.m`, `OIDTokenRequest.m`, `OIDFieldMapping.m` at
//! 1.7.6 and 2.1.0, and its changelog.

use super::archive::Object;
use super::credentials_manager::is_bound;
use super::foreign_session::{ForeignSession, ImportProblem};
use crate::model::time::Timestamp;

/// The archived class.
pub const CLASS: &str = "OIDAuthState";

/// Reads the archived state.
///
/// # Errors
/// [`ImportProblem::Ended`] if AppAuth itself would say that the user is no longer signed in.
pub fn read(root: &Object<'_>) -> Result<ForeignSession, ImportProblem> {
    // From then on `isAuthorized` is false; only a sign-in resets it.
    if root.holds("authorizationError") {
        return Err(ImportProblem::Ended);
    }
    let authorization = root.object("lastAuthorizationResponse", "OIDAuthorizationResponse");
    let renewal = root.object("lastTokenResponse", "OIDTokenResponse");
    // As AppAuth's own getters: the last token response or, if there has never been one, the authorization response.
    let Some(response) = renewal.or(authorization) else {
        return Err(ImportProblem::NothingUsable);
    };
    let client_id = [renewal, authorization].into_iter().flatten().find_map(|response| {
        let request = response
            .object("request", "OIDTokenRequest")
            .or_else(|| response.object("request", "OIDAuthorizationRequest"))?;
        request.plain_text("client_id")
    });
    Ok(ForeignSession {
        access_token: response.text("access_token"),
        refresh_token: root.text("refreshToken").or_else(|| response.text("refresh_token")),
        // Most issuers return none with a renewal; then the one of the sign-in still identifies the user.
        id_token: response
            .text("id_token")
            .or_else(|| authorization.and_then(|response| response.text("id_token"))),
        scope: root.plain_text("scope").or_else(|| response.plain_text("scope")),
        // The app, or AppAuth after a 401, requires a new token whatever the date says.
        expires_at: if root.is_set("needsTokenRefresh") {
            Some(Timestamp(0))
        } else {
            response.moment("expires_in")
        },
        client_id,
        profile: None,
        is_bound: is_bound(&response, "token_type"),
        proof_key: None,
    })
}
