//! The tokens with which another app of the vendor signs in (OpenID Connect Native SSO for Mobile Apps 1.0; Okta:
//! "Configure SSO for native apps").
//!
//! **Promises.** The device secret is returned only to a caller that asks for it. A valid ID token comes from memory,
//! and an expired one is renewed if possible. **Needs** the context, the store, the tokens in memory and the access
//! tokens.

use std::sync::Arc;

use super::super::context::Context;
use super::super::store::SessionStore;
use super::access_tokens::AccessTokens;
use super::in_memory::TokensInMemory;
use super::subject_token;
use crate::machine::error::Error;
use crate::machine::retry::is_passing;
use crate::model::secret::Secret;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::exchanged_token::OwnToken;

/// The scope for which an issuer returns a device secret.
const SCOPE: &str = "device_sso";

/// An ID token and the device secret that belongs to it. `Debug` shows neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSso {
    /// Identifies the user who is signed in.
    pub id_token: Secret,
    /// Proves that the user is signed in on this device.
    pub device_secret: Secret,
}

#[derive(Debug)]
pub(in crate::session) struct DeviceSsoTokens {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    memory: Arc<TokensInMemory>,
    access_tokens: Arc<AccessTokens>,
}

impl DeviceSsoTokens {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        memory: Arc<TokensInMemory>,
        access_tokens: Arc<AccessTokens>,
    ) -> Self {
        Self {
            context,
            store,
            memory,
            access_tokens,
        }
    }

    /// The current ID token and device secret.
    pub(in crate::session) async fn get(&self) -> Result<DeviceSso, Error> {
        self.store.ensure_session().await?;
        // If a user has signed in again in another process, there is another secret.
        self.store.merge_if_shared().await?;
        self.store.ensure_session().await?;
        if self.memory.device_secret().is_none() {
            return Err(self.no_secret());
        }
        let id_token = self.id_token().await?;
        // A renewal may have returned a new one.
        let device_secret = self.memory.device_secret().ok_or_else(|| self.no_secret())?;
        self.context.ensure_not_over()?;
        self.access_tokens.note_use();
        Ok(DeviceSso {
            id_token,
            device_secret,
        })
    }

    /// A valid ID token. If none can be obtained now, or the issuer returns none with a renewal, the last one: an
    /// issuer may accept an expired one as long as it knows the device secret, as Okta does.
    async fn id_token(&self) -> Result<Secret, Error> {
        let error = match subject_token::fresh(&self.memory, &self.access_tokens, OwnToken::IdToken, None).await {
            Ok(id_token) => return Ok(id_token),
            Err(error) => error,
        };
        let may_be_old = match &error {
            Error::ReadOnly | Error::ServerConfiguration { .. } => true,
            error => is_passing(error),
        };
        self.memory.any_id_token().filter(|_| may_be_old).ok_or(error)
    }

    fn no_secret(&self) -> Error {
        let asks = self.context.configuration().scopes.iter().any(|scope| scope == SCOPE);
        if !asks && !self.store.is_read_only() {
            return Error::Configuration {
                field: "scopes",
                problem: "has no device_sso, without which no issuer gives a device secret for other apps to sign in with: add it beside \
                          openid and offline_access, and sign in again"
                    .to_owned(),
            };
        }
        Error::ServerConfiguration {
            server: Endpoint::TOKEN.into(),
            field: "scopes",
            problem: "the issuer gave this session no device secret. One that began without the scope device_sso has none: sign in \
                      again. Else the issuer must grant that scope: at Okta see Security > API > the authorization server > Scopes, \
                      and its Access Policies"
                .into(),
        }
    }
}
