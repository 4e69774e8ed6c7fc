//! What a session's tokens are exchanged for: add-ons' tokens by delegation, the profile by tokeninfo.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::super::SessionManager;
use super::parse_more;
use crate::machine::error::Error;
use crate::model::profile::Profile;
use crate::model::scopes::parse_scopes;
use crate::model::secret::Secret;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::legacy::delegation::{self as endpoint, Shown, Wanted};
use crate::protocol::legacy::tokeninfo;

/// Which token is wanted of `/delegation`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DelegationOptions {
    /// `api_type`: "app" for an ID token, or the name of an add-on: "aws", "firebase", "azure_sb", "salesforce_api", …
    pub api_type: String,
    /// `target`: the client that it is for, where it is another.
    pub target: Option<String>,
    /// `scope`; not sent when empty.
    pub scopes: Vec<String>,
    /// What else the add-on needs.
    pub parameters: Vec<(String, String)>,
    /// Shows the refresh token instead of the ID token.
    pub by_refresh_token: bool,
}

impl DelegationOptions {
    /// Checks what the caller wrote.
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

impl SessionManager {
    /// Exchanges the session's token for another at `/delegation` and gives what the issuer answers, a free map
    /// (network). Nothing of it is stored. The ID token is renewed first where it has expired.
    ///
    /// # Errors
    /// As [`SessionManager::id_token`]; [`Error::AccessDenied`] when the issuer refuses the token for this; the session
    /// goes on then. [`Error::Argument`] for `by_refresh_token` in a session that does not live by its ID token: its
    /// refresh token may be rotated.
    pub async fn delegate(&self, options: &DelegationOptions) -> Result<Map<String, Value>, Error> {
        let shared = &self.shared;
        let base = shared.legacy_base()?;
        let (shown, token) = if options.by_refresh_token {
            (Shown::RefreshToken, self.device_refresh_token().await?)
        } else {
            (Shown::IdToken, self.id_token(Duration::ZERO).await?)
        };
        let wanted = Wanted {
            api_type: &options.api_type,
            target: options.target.as_deref(),
            scope: &options.scopes.join(" "),
            parameters: &options.parameters,
        };
        let request = endpoint::request(base, &shared.configuration.client_id, shown, &token, &wanted)?;
        let answer = shared.call(Endpoint::Delegation, request).await?;
        endpoint::read(&answer, shown, shared.server_now()).map_err(|error| match error {
            // Whether the session has ended is for its own renewal to find out.
            ProtocolError::RefreshTokenRejected => Error::AccessDenied {
                server: Endpoint::Delegation.into(),
                description: "it refuses the refresh token for this".to_owned(),
            },
            other => other.into(),
        })
    }

    /// The profile of the user whom an ID token is about, from `/tokeninfo` (network): of `id_token`, or of the session's
    /// own, renewed where it has expired; that one is kept as the session's profile (persists).
    ///
    /// # Errors
    /// [`Error::Argument`] for an `id_token` that the issuer refuses; else as [`SessionManager::id_token`].
    pub async fn token_info(&self, id_token: Option<&Secret>) -> Result<Profile, Error> {
        match id_token {
            Some(id_token) => self.fetch_token_info(id_token).await,
            None => {
                self.shared.legacy_base()?;
                self.load_profile(true).await
            }
        }
    }

    /// That of the session's own ID token, if it is about `subject`.
    pub(in super::super) async fn fetch_own_token_info(&self, subject: &str) -> Result<Profile, Error> {
        let id_token = self.id_token(Duration::ZERO).await?;
        let profile = self.fetch_token_info(&id_token).await.map_err(|error| match error {
            Error::Argument { problem, .. } => Error::AccessDenied {
                server: Endpoint::TokenInfo.into(),
                description: format!("the session's ID token {problem}"),
            },
            other => other,
        })?;
        if profile.subject != subject {
            return Err(unexpected("it is not about the user who signed in"));
        }
        Ok(profile)
    }

    async fn fetch_token_info(&self, id_token: &Secret) -> Result<Profile, Error> {
        let shared = &self.shared;
        let request = tokeninfo::request(shared.legacy_base()?, id_token)?;
        let answer = shared.call(Endpoint::TokenInfo, request).await?;
        let claims = tokeninfo::read(&answer, shared.server_now())?;
        Profile::from_claims(claims, shared.now().wall).ok_or_else(|| unexpected("it is about nobody"))
    }

    /// The refresh token, if it is one that is never rotated.
    async fn device_refresh_token(&self) -> Result<Secret, Error> {
        self.shared.ensure_session().await?;
        let input = self.shared.current.renewal_input();
        let input = input.filter(|input| input.delegation == Some(Shown::RefreshToken));
        input.map(|input| input.token).ok_or_else(|| Error::Argument {
            name: "by_refresh_token",
            problem: "is for a session that lives by its ID token and has a refresh token".to_owned(),
        })
    }
}

fn unexpected(problem: &str) -> Error {
    Error::UnexpectedAnswer {
        server: Endpoint::TokenInfo.into(),
        status: 200,
        problem: problem.to_owned(),
    }
}
