//! The ID token, if the configuration allows the legacy calls.
//!
//! **Promises.** From memory, or renewed: by delegation in a session that is based on its ID token, otherwise in the
//! usual way. Concurrent callers share one renewal. **Needs** the context, the store, the tokens in memory and the
//! access tokens.

use std::sync::Arc;
use std::time::Duration;

use super::super::context::Context;
use super::super::legacy_base::legacy_base;
use super::super::store::SessionStore;
use super::access_tokens::AccessTokens;
use super::in_memory::TokensInMemory;
use super::requirement::TokenRequirement;
use crate::machine::RenewalKind;
use crate::machine::error::Error;
use crate::machine::input::LifetimeShort;
use crate::model::secret::Secret;

#[derive(Debug)]
pub(in crate::session) struct IdTokens {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    memory: Arc<TokensInMemory>,
    access_tokens: Arc<AccessTokens>,
}

impl IdTokens {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        memory: Arc<TokensInMemory>,
        access_tokens: Arc<AccessTokens>,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            store,
            memory,
            access_tokens,
        })
    }

    /// The token in memory, if it is stored and good for at least `min_ttl`. `None` also if the configuration does not
    /// allow the legacy calls.
    pub(in crate::session) fn cached(&self, min_ttl: Duration) -> Option<Secret> {
        legacy_base(&self.context.configuration()).ok()?;
        let token = self.memory.stored_id_token(min_ttl)?;
        self.access_tokens.note_use();
        Some(token)
    }

    /// An ID token good for at least `min_ttl`.
    pub(in crate::session) async fn get(&self, min_ttl: Duration) -> Result<Secret, Error> {
        let token = self.get_current(min_ttl).await?;
        self.access_tokens.note_use();
        Ok(token)
    }

    async fn get_current(&self, min_ttl: Duration) -> Result<Secret, Error> {
        let (context, memory) = (&self.context, &self.memory);
        legacy_base(&context.configuration())?;
        self.store.ensure_session().await?;
        if let Some(token) = memory.id_token(min_ttl) {
            return Ok(token);
        }
        let too_much = || Error::Argument {
            name: "min_ttl",
            problem: "is longer than the issuer's ID tokens are valid".to_owned(),
        };
        let is_short = memory.was_short_lived(&RenewalKind::IdToken, min_ttl.as_secs());
        if is_short && memory.id_token(Duration::ZERO).is_some() {
            return Err(too_much());
        }
        let requirement = TokenRequirement::IdToken(min_ttl);
        self.access_tokens
            .renew_for_id_token(requirement, || memory.id_token(Duration::ZERO))
            .await?;
        if let Some(token) = memory.id_token(min_ttl) {
            return Ok(token);
        }
        context.apply(LifetimeShort {
            kind: RenewalKind::IdToken,
            lifetime: min_ttl.as_secs(),
            now: context.now(),
            chance: context.chance()?,
        });
        Err(too_much())
    }
}
