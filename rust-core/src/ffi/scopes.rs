//! Scopes that both Swift and the core need, in one list.

use crate::model::metadata::CURRENT_USER_SCOPES;

/// The scopes that access to the metadata needs at Auth0.
#[uniffi::export]
pub fn auth0_metadata_scopes() -> Vec<String> {
    CURRENT_USER_SCOPES.map(str::to_owned).to_vec()
}
