//! Scopes that Swift asks for and the core needs: one list for both.

use crate::model::metadata::CURRENT_USER_SCOPES;

/// The scopes that metadata needs at Auth0.
#[uniffi::export]
pub fn auth0_metadata_scopes() -> Vec<String> {
    CURRENT_USER_SCOPES.map(str::to_owned).to_vec()
}
