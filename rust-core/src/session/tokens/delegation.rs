//! Renewal by delegation, in sessions of older tenants that are based on their ID token.
//!
//! **Promises.** A renewed ID token is checked, then stored, then returned. A rotated refresh token has to be stored
//! first because it would be lost; here nothing is lost, and an answer that is not accepted leaves the session as it
//! was. **Needs** the context, the store, the tokens in memory and the issuer's verifier.

use std::sync::Arc;
use std::time::Duration;

use super::super::context::Context;
use super::super::issuer::Verifier;
use super::super::legacy_base::legacy_base;
use super::super::store::SessionStore;
use super::in_memory::TokensInMemory;
use crate::machine::error::Error;
use crate::machine::input::{CheckResult, RenewalAnswered, TokensChecked};
use crate::machine::{Machine, RenewalInput, Verdict};
use crate::model::configuration::Configuration;
use crate::model::secret::Secret;
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::legacy::delegation::{self as endpoint, Shown, Wanted};
use crate::protocol::message::HttpRequest;
use crate::protocol::token::TokenAnswer;

#[derive(Debug)]
pub(super) struct DelegatedRenewal {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    memory: Arc<TokensInMemory>,
    verifier: Arc<Verifier>,
}

impl DelegatedRenewal {
    pub(super) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        memory: Arc<TokensInMemory>,
        verifier: Arc<Verifier>,
    ) -> Self {
        Self {
            context,
            store,
            memory,
            verifier,
        }
    }

    /// Processes the answer to a renewal by delegation.
    pub(super) async fn take(
        &self,
        input: Box<RenewalInput>,
        answer: Box<TokenAnswer>,
        at: Instant,
    ) -> Result<Secret, Error> {
        let unexpected = |problem: String| Error::UnexpectedAnswer {
            server: endpoint::ENDPOINT.into(),
            status: 200,
            problem,
        };
        let Some(id_token) = answer.id_token.clone() else {
            return Err(unexpected("no ID token".to_owned()));
        };
        self.verifier
            .verify_renewed_id_token(&id_token, &input)
            .await
            .map_err(|error| unexpected(error.to_string()))?;
        let (generation, audience) = (input.generation, None);
        let sent = Some(input.token).filter(|_| input.delegation == Some(Shown::RefreshToken));
        let taken = self.context.apply(RenewalAnswered {
            generation,
            subject: input.subject,
            audience,
            sent,
            asks_for_less: false,
            answer,
            at,
        });
        if taken.verdict == Verdict::Superseded {
            let message = "dropped a late answer to a session that is gone";
            self.context.log(LogLevel::Info, message);
            return self.memory.id_token(Duration::ZERO).ok_or(Error::NoSession);
        }
        // The ID token has already been checked.
        let (audience, refresh_token, session_end) = (None, None, None);
        self.context.apply(TokensChecked {
            generation,
            audience,
            token: Some(id_token.clone()),
            result: CheckResult::Accepted {
                refresh_token,
                session_end,
            },
        });
        let saved = self.store.save_in_flight().await;
        self.store.release_process_lock();
        self.context.publish();
        if self.context.read(Machine::generation) != generation {
            return self.memory.id_token(Duration::ZERO).ok_or(Error::NoSession);
        }
        saved?;
        self.context.log(LogLevel::Info, "renewed the ID token by delegation");
        Ok(id_token)
    }
}

/// The request that renews an ID token.
pub(super) fn request(configuration: &Configuration, shown: Shown, token: &Secret) -> Result<HttpRequest, Error> {
    // The session already has a refresh token.
    let scopes = configuration.scopes.iter().map(String::as_str);
    let scopes: Vec<_> = scopes.filter(|scope| *scope != "offline_access").collect();
    let wanted = Wanted {
        api_type: "app",
        target: None,
        scope: &scopes.join(" "),
        parameters: &[],
    };
    let base = legacy_base(configuration)?;
    Ok(endpoint::request(
        base,
        &configuration.client_id,
        shown,
        token,
        &wanted,
    )?)
}
