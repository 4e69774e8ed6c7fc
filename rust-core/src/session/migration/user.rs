//! Finds the user of an imported session.
//!
//! **Promises.** If tokens have to be renewed for this, the new ones are stored before anything else can fail, and
//! nothing is renewed while the store is not writable. The issuer is not asked again just after a failure. **Needs**
//! the context, the store, the issuer and its verifier.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::context::Context;
use super::super::issuer::{Issuer, Possession, Verifier};
use super::super::store::SessionStore;
use crate::machine::error::Error;
use crate::machine::input::ImportRenewed;
use crate::machine::retry::RetryPolicy;
use crate::machine::{Attempt, Generation, Machine, Stored, Verdict};
use crate::model::credentials::Credentials;
use crate::model::json::text_of;
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::ports::LogLevel;
use crate::protocol::discovery::IssuerMetadata;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::failure::Grant;
use crate::protocol::token;
use crate::protocol::userinfo::{self, UserInfo};
use crate::storage::envelope::RenewedImport;
use crate::storage::migration::identity::UnverifiedIdentity;
use crate::storage::migration::{ForeignSession, ImportProblem};

/// The user of a session, and what else the ID token says about the sign-in.
pub(super) struct User {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) nonce: Option<Secret>,
    pub(super) authenticated_at: Option<Timestamp>,
}

/// What the userinfo endpoint says.
enum Asked {
    User(String),
    /// There is no such endpoint, it does not accept the token, or its answer has no user.
    Nobody,
    /// Its answer is none that a userinfo endpoint gives, and no passing trouble.
    Broken(Error),
}

type Answer<T> = Result<Result<T, ImportProblem>, Error>;

#[derive(Debug)]
pub(super) struct UserLookup {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    issuer: Arc<Issuer>,
    verifier: Arc<Verifier>,
}

impl UserLookup {
    pub(super) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        issuer: Arc<Issuer>,
        verifier: Arc<Verifier>,
    ) -> Self {
        Self {
            context,
            store,
            issuer,
            verifier,
        }
    }

    /// Replaces the tokens by those that an earlier attempt of the same import has renewed, if there was one.
    pub(super) fn take_renewed(&self, found: &mut ForeignSession) {
        let renewed = self
            .renewed_before()
            .filter(|renewed| found.refresh_token.as_ref() == Some(&renewed.spent));
        if let Some(renewed) = renewed {
            take_tokens(found, renewed.credentials);
        }
    }

    /// Finds the user by the ID token, or else the profile, or else the issuer. Without an ID token, nothing shows
    /// which client and issuer the tokens belong to, and the configuration is trusted. The issuer may give `found` new
    /// tokens.
    ///
    /// # Errors
    /// Those of the issuer's answers; [`Error::NoSession`] if the user has signed in or out since `asked`.
    pub(super) async fn find(&self, found: &mut ForeignSession, asked: Generation) -> Answer<User> {
        match self.user_of_id_token(found) {
            Ok(Some(user)) => return Ok(Ok(user)),
            Ok(None) => {}
            Err(problem) => return Ok(Err(problem)),
        }
        if let Some(refusal) = self.context.attempt_refusal(Attempt::Import) {
            return Err(refusal);
        }
        let answer = self.find_at_the_issuer(found, asked).await;
        if let Err(error) = &answer {
            self.context.note_failed_attempt(Attempt::Import, error.clone());
        }
        answer
    }

    async fn find_at_the_issuer(&self, found: &mut ForeignSession, asked: Generation) -> Answer<User> {
        let metadata = self.issuer.metadata().await?;
        let subject = found.profile.as_ref().and_then(|profile| subject_of(&profile.0));
        if let Some(subject) = subject {
            return Ok(Ok(user_at(&metadata, subject)));
        }
        self.ask_the_issuer(&metadata, found, asked).await
    }

    fn user_of_id_token(&self, found: &ForeignSession) -> Result<Option<User>, ImportProblem> {
        let Some(id_token) = &found.id_token else {
            return Ok(None);
        };
        let configuration = self.context.configuration();
        match UnverifiedIdentity::read(
            id_token,
            configuration.issuer.as_url().as_str(),
            &configuration.client_id,
        ) {
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

    /// Asks the userinfo endpoint, with the access token as it is, or with a new one. If the endpoint is broken, new
    /// tokens are requested too: an ID token may come with them.
    async fn ask_the_issuer(
        &self,
        metadata: &IssuerMetadata,
        found: &mut ForeignSession,
        asked: Generation,
    ) -> Answer<User> {
        let may_be_good = found.expires_at.is_none_or(|end| end > self.context.now().wall);
        let asked_first = if may_be_good {
            self.ask_userinfo(metadata, found).await?
        } else {
            Asked::Nobody
        };
        let refresh_token = match (asked_first, found.refresh_token.clone()) {
            (Asked::User(subject), _) => return Ok(Ok(user_at(metadata, subject))),
            (Asked::Nobody, None) => return Ok(Err(ImportProblem::UnknownUser)),
            (Asked::Nobody, Some(refresh_token)) => refresh_token,
            // Each further renewal would bring no ID token either.
            (Asked::Broken(_), Some(refresh_token)) if !self.came_by_renewal(&refresh_token) => refresh_token,
            (Asked::Broken(error), _) => return Err(error),
        };
        let key = found.proof_key.clone();
        let renewed = match self.renew(metadata, &refresh_token, key, asked).await {
            Ok(renewed) => renewed,
            Err(error) => {
                let has_ended = matches!(error, Error::Reauthenticate(_));
                // The item that was written in the session's place is no longer needed.
                if has_ended || self.renewed_before().is_none() {
                    self.keep_renewed(None, asked).await;
                }
                return if has_ended {
                    Ok(Err(ImportProblem::Ended))
                } else {
                    Err(error)
                };
            }
        };
        take_tokens(found, renewed);
        match self.user_of_id_token(found) {
            Ok(Some(user)) => return Ok(Ok(user)),
            Ok(None) => {}
            Err(problem) => return Ok(Err(problem)),
        }
        match self.ask_userinfo(metadata, found).await? {
            Asked::User(subject) => Ok(Ok(user_at(metadata, subject))),
            Asked::Nobody => Ok(Err(ImportProblem::UnknownUser)),
            Asked::Broken(error) => Err(error),
        }
    }

    /// Gets new tokens and stores them: they exist nowhere else. Sends no request if they could not be stored. If the
    /// user has signed out since `asked`, nobody uses them, and they are to be revoked.
    async fn renew(
        &self,
        metadata: &IssuerMetadata,
        refresh_token: &Secret,
        key: Option<ProofKey>,
        asked: Generation,
    ) -> Result<Credentials, Error> {
        self.store.prove_insertable().await?;
        if self.context.read(Machine::generation) != asked {
            return Err(Error::NoSession);
        }
        let configuration = self.context.configuration();
        let request = token::refresh(&metadata.token_endpoint, &configuration, refresh_token, &[], &[]);
        let key = key.as_ref();
        let possession = key.map(Possession::of);
        let mut retries = RetryPolicy::from(self.context.now().monotonic);
        let (answer, sent) = self
            .issuer
            .call_again(possession, Endpoint::TOKEN, request, Some(&mut retries))
            .await?;
        let extras = token::extras(&configuration, &[], &[]);
        let answer = token::read_with(&answer, Grant::RefreshToken, extras, key, self.issuer.server_now())?;
        let credentials = Credentials {
            access_token: answer.access_token,
            refresh_token: answer.refresh_token.or_else(|| Some(refresh_token.clone())),
            id_token: answer.id_token,
            scope: answer.scope,
            received_at: sent.wall,
            lifetime_seconds: Credentials::lifetime_for(answer.expires_in),
            lives_by_id_token: false,
            unchecked: false,
            proof_key: answer.proof_key,
            is_bound: answer.is_bound,
        };
        let renewed = RenewedImport {
            // The old items still contain the first refresh token.
            spent: self
                .renewed_before()
                .map_or_else(|| refresh_token.clone(), |known| known.spent),
            credentials: credentials.clone(),
        };
        if self.keep_renewed(Some(renewed), asked).await == Verdict::Superseded {
            return Err(Error::NoSession);
        }
        Ok(credentials)
    }

    fn came_by_renewal(&self, refresh_token: &Secret) -> bool {
        let renewed = self.renewed_before();
        renewed.is_some_and(|renewed| renewed.credentials.refresh_token.as_ref() == Some(refresh_token))
    }

    fn renewed_before(&self) -> Option<RenewedImport> {
        self.context
            .read(|machine| Stored::of(machine).renewed_import().cloned())
    }

    /// If the store refuses the write now, it is repeated at the next opportunity.
    async fn keep_renewed(&self, renewed: Option<RenewedImport>, asked: Generation) -> Verdict {
        let kept = self.context.apply(ImportRenewed {
            generation: asked,
            renewed: renewed.map(Box::new),
        });
        self.store.save_if_possible().await;
        kept.verdict
    }

    async fn ask_userinfo(&self, metadata: &IssuerMetadata, found: &ForeignSession) -> Result<Asked, Error> {
        let (Some(endpoint), Some(token)) = (&metadata.userinfo_endpoint, &found.access_token) else {
            return Ok(Asked::Nobody);
        };
        let key = found.proof_key.as_ref().filter(|_| found.is_bound);
        let possession = key.map(|key| Possession {
            key,
            access_token: Some(token),
        });
        let request = userinfo::request(endpoint, token);
        let answer = self
            .issuer
            .call_showing(possession, userinfo::ENDPOINT, request)
            .await?;
        let subject = match userinfo::read(&answer, self.issuer.server_now()) {
            Ok(UserInfo::Claims(claims)) => subject_of(&claims),
            Ok(UserInfo::Signed(jwt)) => subject_of(&self.verifier.verify_userinfo(&jwt, metadata).await?),
            Err(ProtocolError::Configuration { .. }) => None,
            Err(error @ ProtocolError::UnexpectedAnswer { .. }) => {
                let error = Error::from(error);
                self.context.log(LogLevel::Warning, &format!("import: {error}"));
                return Ok(Asked::Broken(error));
            }
            Err(error) => return Err(error.into()),
        };
        Ok(subject.map_or(Asked::Nobody, Asked::User))
    }
}

/// Values that the answer omits stay, and so does the key with which it was requested.
fn take_tokens(found: &mut ForeignSession, renewed: Credentials) {
    fn take<T>(found: &mut Option<T>, renewed: Option<T>) {
        *found = renewed.or(found.take());
    }
    take(&mut found.access_token, renewed.access_token);
    take(&mut found.refresh_token, renewed.refresh_token);
    take(&mut found.id_token, renewed.id_token);
    take(&mut found.scope, renewed.scope);
    found.is_bound = renewed.is_bound;
    let lifetime = i64::try_from(renewed.lifetime_seconds).unwrap_or(i64::MAX);
    found.expires_at = Some(renewed.received_at.plus(lifetime));
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
