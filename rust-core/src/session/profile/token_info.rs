//! The profile that `/tokeninfo` of older Auth0 tenants returns for an ID token.
//!
//! **Promises.** The profile of the session's own ID token is about the user who signed in. **Needs** the context, the
//! issuer and the ID tokens.

use std::sync::Arc;
use std::time::Duration;

use super::super::context::Context;
use super::super::issuer::Issuer;
use super::super::legacy_base::legacy_base;
use super::super::tokens::IdTokens;
use crate::machine::error::Error;
use crate::model::profile::Profile;
use crate::model::secret::Secret;
use crate::protocol::legacy::tokeninfo;

#[derive(Debug)]
pub(in crate::session) struct TokenInfo {
    context: Arc<Context>,
    issuer: Arc<Issuer>,
    id_tokens: Arc<IdTokens>,
}

impl TokenInfo {
    pub(in crate::session) fn new(context: Arc<Context>, issuer: Arc<Issuer>, id_tokens: Arc<IdTokens>) -> Arc<Self> {
        Arc::new(Self {
            context,
            issuer,
            id_tokens,
        })
    }

    /// The profile for any ID token.
    pub(in crate::session) async fn fetch(&self, id_token: &Secret) -> Result<Profile, Error> {
        let request = tokeninfo::request(legacy_base(&self.context.configuration())?, id_token)?;
        let answer = self.issuer.call(tokeninfo::ENDPOINT, request).await?;
        let claims = tokeninfo::read(&answer, self.issuer.server_now())?;
        let now = self.context.now().wall;
        Profile::from_claims(claims, now).ok_or_else(|| unexpected("it has no sub claim"))
    }

    /// The profile for the session's own ID token, if it is about `subject`.
    pub(in crate::session) async fn fetch_own(&self, subject: &str) -> Result<Profile, Error> {
        let id_token = self.id_tokens.get(Duration::ZERO).await?;
        let profile = self.fetch(&id_token).await.map_err(|error| match error {
            Error::Argument { problem, .. } => Error::AccessDenied {
                server: tokeninfo::ENDPOINT.into(),
                description: format!("the session's ID token {problem}").into(),
            },
            other => other,
        })?;
        if profile.subject != subject {
            return Err(unexpected("it is about a different user than the one who signed in"));
        }
        Ok(profile)
    }
}

fn unexpected(problem: &str) -> Error {
    Error::UnexpectedAnswer {
        server: tokeninfo::ENDPOINT.into(),
        status: 200,
        problem: problem.to_owned(),
    }
}
