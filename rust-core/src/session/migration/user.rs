//! Whose session it is that is imported.
//!
//! **Promises.** Tokens that had to be renewed to learn that are not lost with what goes wrong before they are stored.
//! **Needs** the context, the issuer and its verifier.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

use super::super::context::Context;
use super::super::issuer::{Issuer, Verifier};
use crate::machine::error::Error;
use crate::model::json::text_of;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::protocol::discovery::IssuerMetadata;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::failure::Grant;
use crate::protocol::token;
use crate::protocol::userinfo::{self, UserInfo};
use crate::storage::migration::identity::UnverifiedIdentity;
use crate::storage::migration::{ForeignSession, ImportProblem};

/// The user of a session, and what else its ID token says of the sign-in.
pub(super) struct User {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) nonce: Option<Secret>,
    pub(super) authenticated_at: Option<Timestamp>,
}

type Answer<T> = Result<Result<T, ImportProblem>, Error>;

#[derive(Debug)]
pub(super) struct UserLookup {
    context: Arc<Context>,
    issuer: Arc<Issuer>,
    verifier: Arc<Verifier>,
    renewed: Mutex<Option<Renewed>>,
}

/// What a renewal before the import brought, until it is stored.
#[derive(Debug)]
struct Renewed {
    /// The old items' refresh token, which must not be presented again.
    spent: Secret,
    session: ForeignSession,
}

impl UserLookup {
    pub(super) fn new(context: Arc<Context>, issuer: Arc<Issuer>, verifier: Arc<Verifier>) -> Self {
        Self {
            context,
            issuer,
            verifier,
            renewed: Mutex::default(),
        }
    }

    /// What an earlier attempt of the same import has renewed.
    pub(super) fn renewed_before(&self, found: &ForeignSession) -> Option<ForeignSession> {
        let renewed = self.renewed();
        let same = renewed
            .as_ref()
            .filter(|renewed| found.refresh_token.as_ref() == Some(&renewed.spent))?;
        Some(same.session.clone())
    }

    /// It is stored.
    pub(super) fn forget_renewed(&self) {
        *self.renewed() = None;
    }

    fn renewed(&self) -> MutexGuard<'_, Option<Renewed>> {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// By the ID token, or else the profile, or else the issuer. Where there is no ID token, nothing tells whose client's
    /// and which issuer's the tokens are, and the configuration is believed.
    pub(super) async fn find(&self, found: ForeignSession) -> Answer<(ForeignSession, User)> {
        match self.user_of_id_token(&found) {
            Ok(Some(user)) => return Ok(Ok((found, user))),
            Ok(None) => {}
            Err(problem) => return Ok(Err(problem)),
        }
        let metadata = self.issuer.metadata().await?;
        let subject = found.profile.as_ref().and_then(|profile| subject_of(&profile.0));
        if let Some(subject) = subject {
            return Ok(Ok((found, user_at(&metadata, subject))));
        }
        self.ask_the_issuer(&metadata, found).await
    }

    fn user_of_id_token(&self, found: &ForeignSession) -> Result<Option<User>, ImportProblem> {
        let Some(id_token) = &found.id_token else {
            return Ok(None);
        };
        let issuer = self.context.configuration().issuer.as_url().as_str();
        match UnverifiedIdentity::read(id_token, issuer, &self.context.configuration().client_id) {
            Ok(identity) => Ok(Some(User {
                issuer: identity.issuer,
                subject: identity.subject,
                nonce: identity.nonce,
                authenticated_at: identity.authenticated_at,
            })),
            Err(ImportProblem::UnknownUser) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// The userinfo endpoint, with the access token as it is, or with a new one.
    async fn ask_the_issuer(
        &self,
        metadata: &IssuerMetadata,
        mut found: ForeignSession,
    ) -> Answer<(ForeignSession, User)> {
        let may_be_good = found.expires_at.is_none_or(|end| end > self.context.now().wall);
        if may_be_good && let Some(subject) = self.subject_by_userinfo(metadata, &found).await? {
            return Ok(Ok((found, user_at(metadata, subject))));
        }
        let Some(refresh_token) = found.refresh_token.clone() else {
            return Ok(Err(ImportProblem::UnknownUser));
        };
        let request = token::refresh(
            &metadata.token_endpoint,
            self.context.configuration(),
            &refresh_token,
            &[],
            &[],
        );
        let answer = self.issuer.call(Endpoint::TOKEN, request).await?;
        let extras = token::extras(self.context.configuration(), &[], &[]);
        let renewed = match token::read_with(&answer, Grant::RefreshToken, extras, self.issuer.server_now()) {
            Err(ProtocolError::RefreshTokenRejected) => return Ok(Err(ImportProblem::Ended)),
            outcome => outcome?,
        };
        let now = self.context.now().wall;
        let lives = renewed.expires_in.and_then(|seconds| i64::try_from(seconds).ok());
        found = ForeignSession {
            access_token: renewed.access_token.or(found.access_token),
            refresh_token: renewed.refresh_token.or(found.refresh_token),
            id_token: renewed.id_token.or(found.id_token),
            scope: renewed.scope.or(found.scope),
            expires_at: lives.map(|seconds| now.plus(seconds)),
            ..found
        };
        // The old refresh token may be spent: the new one is not lost with what goes wrong before it is stored.
        *self.renewed() = Some(Renewed {
            spent: refresh_token,
            session: found.clone(),
        });
        match self.user_of_id_token(&found) {
            Ok(Some(user)) => return Ok(Ok((found, user))),
            Ok(None) => {}
            Err(problem) => return Ok(Err(problem)),
        }
        Ok(match self.subject_by_userinfo(metadata, &found).await? {
            Some(subject) => Ok((found, user_at(metadata, subject))),
            None => Err(ImportProblem::UnknownUser),
        })
    }

    /// `None` where there is no such endpoint, or it does not take the token or says nothing of a user.
    async fn subject_by_userinfo(
        &self,
        metadata: &IssuerMetadata,
        found: &ForeignSession,
    ) -> Result<Option<String>, Error> {
        let (Some(endpoint), Some(token)) = (&metadata.userinfo_endpoint, &found.access_token) else {
            return Ok(None);
        };
        let answer = self
            .issuer
            .call(userinfo::ENDPOINT, userinfo::request(endpoint, token))
            .await?;
        match userinfo::read(&answer, self.issuer.server_now()) {
            Ok(UserInfo::Claims(claims)) => Ok(subject_of(&claims)),
            Ok(UserInfo::Signed(jwt)) => Ok(subject_of(&self.verifier.verify_userinfo(&jwt, metadata).await?)),
            Err(ProtocolError::Configuration { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn user_at(metadata: &IssuerMetadata, subject: String) -> User {
    User {
        issuer: metadata.issuer.clone(),
        subject,
        nonce: None,
        authenticated_at: None,
    }
}

fn subject_of(claims: &Map<String, Value>) -> Option<String> {
    text_of(claims, "sub")
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
