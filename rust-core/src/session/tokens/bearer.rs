//! Requests that carry a token.
//!
//! **Promises.** When the endpoint refuses the token itself, the token is renewed once and the request sent again: the
//! issuer may have revoked it early. If an endpoint refuses the new one too, no token of that session is renewed for it
//! for a while.
//! **Needs** the context, the store, the issuer, and the tokens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::context::Context;
use super::super::issuer::{Issuer, Possession};
use super::super::options::TokenOptions;
use super::super::store::SessionStore;
use super::access_tokens::AccessTokens;
use super::id_tokens::IdTokens;
use super::in_memory::TokensInMemory;
use super::requirement::TokenRequirement;
use crate::machine::error::Error;
use crate::machine::refused_tokens::RefusedTokens;
use crate::machine::{Generation, Machine};
use crate::model::audience::Audience;
use crate::model::secret::Secret;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::message::{HttpAnswer, HttpRequest};

#[derive(Debug)]
pub(in crate::session) struct BearerCalls {
    context: Arc<Context>,
    /// By session: what an endpoint refuses of one user says nothing about the next.
    refusals: Mutex<RefusedTokens<(Generation, Endpoint)>>,
    store: Arc<SessionStore>,
    issuer: Arc<Issuer>,
    memory: Arc<TokensInMemory>,
    access_tokens: Arc<AccessTokens>,
    id_tokens: Arc<IdTokens>,
}

/// The token that a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::session) enum Bearer {
    /// The session's own access token.
    AccessToken,
    /// The access token for a further audience.
    Further(Audience),
    /// The ID token, which Auth0's Management API used to accept.
    IdToken,
}

impl BearerCalls {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        issuer: Arc<Issuer>,
        memory: Arc<TokensInMemory>,
        access_tokens: Arc<AccessTokens>,
        id_tokens: Arc<IdTokens>,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            refusals: Mutex::default(),
            store,
            issuer,
            memory,
            access_tokens,
            id_tokens,
        })
    }

    /// Sends a request with a token, and again with a new one if the token is refused.
    pub(in crate::session) async fn call(
        &self,
        bearer: &Bearer,
        endpoint: Endpoint,
        refuses_token: impl Fn(&HttpAnswer) -> bool,
        request: impl Fn(&Secret) -> Result<HttpRequest, ProtocolError>,
    ) -> Result<HttpAnswer, Error> {
        let token = self.token(bearer, None).await?;
        let place = (self.context.read(Machine::generation), endpoint);
        let answer = self.send(endpoint, request(&token)?, &token).await?;
        let may_renew = || self.refusals().may_renew(&place, self.context.now());
        if !refuses_token(&answer) || !self.memory.is_renewable() || !may_renew() {
            return Ok(answer);
        }
        let renewed = self.token(bearer, Some(&token)).await?;
        let answer = self.send(endpoint, request(&renewed)?, &renewed).await?;
        let now = self.context.now();
        self.refusals().note_fresh(place, refuses_token(&answer), now);
        Ok(answer)
    }

    /// Sends the request, with a proof if its token is bound to a key.
    async fn send(&self, endpoint: Endpoint, request: HttpRequest, token: &Secret) -> Result<HttpAnswer, Error> {
        let key = self.memory.binding(token);
        let possession = key.as_ref().map(|key| Possession {
            key,
            access_token: Some(token),
        });
        self.issuer.call_showing(possession, endpoint, request).await
    }

    fn refusals(&self) -> MutexGuard<'_, RefusedTokens<(Generation, Endpoint)>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn token(&self, bearer: &Bearer, refused: Option<&Secret>) -> Result<Secret, Error> {
        let of = match bearer {
            Bearer::AccessToken => None,
            Bearer::Further(audience) => Some(audience),
            Bearer::IdToken => return self.id_token(refused).await,
        };
        match refused {
            None => self.access_tokens.get(of, TokenOptions::default()).await,
            Some(refused) => {
                self.access_tokens
                    .get_other_than(refused.clone(), of, Duration::ZERO)
                    .await
            }
        }
    }

    /// The ID token, or a new one if this one was refused: it comes with the session's own access token.
    async fn id_token(&self, refused: Option<&Secret>) -> Result<Secret, Error> {
        self.store.ensure_session().await?;
        if self.memory.lives_by_id_token() {
            return self.id_tokens.get(Duration::ZERO).await;
        }
        if let Some(token) = self.memory.any_id_token().filter(|token| Some(token) != refused) {
            return Ok(token);
        }
        let (renewals, min_ttl) = (self.memory.renewals(None), Duration::ZERO);
        let requirement = TokenRequirement::RenewedSince { renewals, min_ttl };
        let renewed = self
            .access_tokens
            .renew_for_id_token(requirement, || self.memory.any_id_token())
            .await?;
        self.context.ensure_not_over()?;
        self.access_tokens.note_use();
        Ok(renewed)
    }
}
