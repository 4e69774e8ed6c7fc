//! The import of other libraries' sessions, and the calls for older Auth0 tenants.

use std::collections::HashMap;
use std::time::Duration;

use super::error::SessionError;
use super::runtime::run;
use super::session::CoreSession;
use super::token_text::TokenText;
use crate::model::profile::{Claims, Profile};
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::session::{DelegationOptions, ImportOutcome, ImportSource, PasswordSignIn};

#[uniffi::export]
impl CoreSession {
    /// Takes over the session that another library stored: once, and only while this one has none. Reads and writes the
    /// store; the old item stays. Network only where nothing in it says whose session it is. Throws `waitForUnlock`,
    /// `checkStorage`, `openApp`, `retryLater`; nothing was changed then.
    pub async fn import_session(&self, source: ImportSource) -> Result<ImportOutcome, SessionError> {
        run(
            &self.manager,
            |manager| async move { manager.import_session(source).await },
        )
        .await
    }

    /// Deletes what the other library stored; true when that was done. False, and nothing is deleted, while there is no
    /// session here and there never was one since an import was tried.
    pub async fn discard_imported_session(&self, source: ImportSource) -> Result<bool, SessionError> {
        run(&self.manager, |manager| async move {
            manager.discard_imported_session(source).await
        })
        .await
    }
}

/// All of these throw `fixConfiguration` for `legacy` where the configuration does not allow them, and send nothing then;
/// also where the tenant is of today.
#[uniffi::export]
impl CoreSession {
    /// The ID token, if one is in memory and good for at least `min_ttl_seconds`. No store, no network, no waiting.
    pub fn cached_id_token(&self, min_ttl_seconds: u32) -> Option<TokenText> {
        self.manager
            .with_cached_id_token(Duration::from_secs(min_ttl_seconds.into()), TokenText::of)
    }

    /// An ID token that is good for at least `min_ttl_seconds`: from memory, or renewed (network; the new one is stored
    /// before it is given). A session that lives by its ID token is renewed by delegation, any other as ever. Any
    /// number of callers share one renewal.
    pub async fn id_token(&self, min_ttl_seconds: u32) -> Result<TokenText, SessionError> {
        let min_ttl = Duration::from_secs(min_ttl_seconds.into());
        run(&self.manager, |manager| async move {
            manager.id_token(min_ttl).await.map(TokenText::from)
        })
        .await
    }

    /// Signs in with a name and a password at `/oauth/ro`. Network; persists the session, which lives by its ID token.
    /// The password is sent once, wiped on this side, and never stored. `device` is needed with the scope
    /// `offline_access`.
    pub async fn sign_in_with_password(
        &self,
        username: String,
        password: String,
        connection: String,
        device: Option<String>,
        parameters: HashMap<String, String>,
    ) -> Result<SessionState, SessionError> {
        let sign_in = PasswordSignIn {
            username: Secret::new(username),
            password: Secret::new(password),
            connection,
            device,
            parameters,
        };
        run(&self.manager, |manager| async move {
            manager.sign_in_with_password(sign_in).await
        })
        .await
    }

    /// Exchanges the session's ID token, or with `by_refresh_token` its refresh token, at `/delegation`. Network; stores
    /// nothing of the answer, which is JSON text of an object as the add-on of that `api_type` makes it.
    pub async fn delegate(
        &self,
        api_type: String,
        target: Option<String>,
        scopes: Vec<String>,
        parameters: HashMap<String, String>,
        by_refresh_token: bool,
    ) -> Result<Claims, SessionError> {
        let options = DelegationOptions::parse(api_type, target, scopes, parameters, by_refresh_token)?;
        run(&self.manager, |manager| async move {
            manager.delegate(&options).await.map(Claims)
        })
        .await
    }

    /// The profile for an ID token from `/tokeninfo`: for `id_token`, or for the session's own (persists). Network.
    pub async fn token_info(&self, id_token: Option<String>) -> Result<Profile, SessionError> {
        let id_token = id_token.map(Secret::new);
        run(&self.manager, |manager| async move {
            manager.token_info(id_token.as_ref()).await
        })
        .await
    }
}
