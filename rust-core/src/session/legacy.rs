//! The endpoints that only older Auth0 tenants have, if the configuration allows them: tokens for add-ons by
//! delegation, and the profile of an ID token.
//!
//! The sessions of these tenants are based on their ID token, like those that Lock 1 kept. How such a session is
//! renewed is in `tokens/delegation`; sign-in with a password is in `sign_in/password`.
//!
//! **Promises.** Nothing of the answer is stored, and a refusal does not end the session: only the session's own
//! renewal finds out whether it has ended. **Needs** the context, the store, the issuer, the ID tokens and the profile.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::context::Context;
use super::issuer::Issuer;
use super::legacy_base::{legacy_base, parse_more};
use super::profile::{TokenInfo, UserProfile};
use super::store::SessionStore;
use super::tokens::IdTokens;
use crate::machine::error::Error;
use crate::machine::input::RenewalAsked;
use crate::model::profile::Profile;
use crate::model::scopes::parse_scopes;
use crate::model::secret::Secret;
use crate::protocol::error::ProtocolError;
use crate::protocol::legacy::delegation::{self as endpoint, Shown, Wanted};

/// Which token to request from `/delegation`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DelegationOptions {
    /// `api_type`: "app" for an ID token, or the name of an add-on: "aws", "firebase", "azure_sb", "salesforce_api", …
    pub api_type: String,
    /// `target`: the client that the token is for, if it is another one.
    pub target: Option<String>,
    /// `scope`; not sent when empty.
    pub scopes: Vec<String>,
    /// Additional parameters that the add-on needs.
    pub parameters: Vec<(String, String)>,
    /// Sends the refresh token instead of the ID token.
    pub by_refresh_token: bool,
}

impl DelegationOptions {
    /// Validates the caller's values.
    ///
    /// # Errors
    /// [`Error::Argument`] naming the argument.
    pub fn parse(
        api_type: String,
        target: Option<String>,
        scopes: Vec<String>,
        parameters: HashMap<String, String>,
        by_refresh_token: bool,
    ) -> Result<Self, Error> {
        if api_type.is_empty() {
            return Err(Error::Argument {
                name: "api_type",
                problem: "is empty".to_owned(),
            });
        }
        Ok(Self {
            api_type,
            target,
            scopes: parse_scopes("scopes", scopes, false)?,
            parameters: parse_more(parameters, &["api_type", "target", "id_token"])?,
            by_refresh_token,
        })
    }
}

#[derive(Debug)]
pub(super) struct Delegation {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    issuer: Arc<Issuer>,
    id_tokens: Arc<IdTokens>,
    token_info: Arc<TokenInfo>,
    profile: Arc<UserProfile>,
}

impl Delegation {
    pub(super) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        issuer: Arc<Issuer>,
        id_tokens: Arc<IdTokens>,
        token_info: Arc<TokenInfo>,
        profile: Arc<UserProfile>,
    ) -> Self {
        Self {
            context,
            store,
            issuer,
            id_tokens,
            token_info,
            profile,
        }
    }

    /// Exchanges the session's token for another at `/delegation`, and returns the issuer's answer.
    pub(super) async fn delegate(&self, options: &DelegationOptions) -> Result<Map<String, Value>, Error> {
        let configuration = self.context.configuration();
        let base = legacy_base(&configuration)?;
        let (shown, token) = if options.by_refresh_token {
            (Shown::RefreshToken, self.device_refresh_token().await?)
        } else {
            (Shown::IdToken, self.id_tokens.get(Duration::ZERO).await?)
        };
        let wanted = Wanted {
            api_type: &options.api_type,
            target: options.target.as_deref(),
            scope: &options.scopes.join(" "),
            parameters: &options.parameters,
        };
        let request = endpoint::request(base, &configuration.client_id, shown, &token, &wanted)?;
        let answer = self.issuer.call(endpoint::ENDPOINT, request).await?;
        endpoint::read(&answer, shown, self.issuer.server_now()).map_err(|error| match error {
            // Only the session's own renewal finds out whether it has ended.
            ProtocolError::RefreshTokenRejected => Error::AccessDenied {
                server: endpoint::ENDPOINT.into(),
                description: "the refresh token is not accepted for delegation".into(),
            },
            other => other.into(),
        })
    }

    /// The profile of an ID token's user; that of the session's own ID token is kept as the session's profile.
    pub(super) async fn token_info(&self, id_token: Option<&Secret>) -> Result<Profile, Error> {
        match id_token {
            Some(id_token) => self.token_info.fetch(id_token).await,
            None => {
                legacy_base(&self.context.configuration())?;
                self.profile.load(true).await
            }
        }
    }

    /// The refresh token, if it is of the kind that is never rotated.
    async fn device_refresh_token(&self) -> Result<Secret, Error> {
        self.store.ensure_session().await?;
        let input = self
            .context
            .apply(RenewalAsked {
                now: self.context.now(),
            })
            .renewal();
        let input = input.filter(|input| input.delegation == Some(Shown::RefreshToken));
        input.map(|input| input.token).ok_or_else(|| Error::Argument {
            name: "by_refresh_token",
            problem: "is possible only for a session that is based on its ID token and has a refresh token".to_owned(),
        })
    }
}
