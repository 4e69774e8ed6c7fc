//! Access tokens: from memory, or renewed with the refresh token, one renewal at a time.
//!
//! **Promises.** A valid token comes from memory, whatever else is being renewed. Callers for the same token share one
//! renewal; renewals for different audiences take turns, because each may rotate the refresh token. A renewal continues
//! when its callers go away. **Needs** the context, the store, the tokens in memory and the renewer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::context::Context;
use super::super::metering::{MeasuredResult, Operation};
use super::super::options::{RefreshOptions, TokenOptions};
use super::super::single_flight::{Joined, SingleFlight};
use super::super::store::SessionStore;
use super::audiences::{checked_further, further};
use super::in_memory::TokensInMemory;
use super::renewer::Renewer;
use super::requirement::{Renewal, SingleUse, TokenRequirement};
use crate::machine::error::Error;
use crate::machine::input::{CooldownEnded, IdTokenMissing, LifetimeShort, Used};
use crate::machine::refused_tokens::RefusedTokens;
use crate::machine::retry::is_for_the_moment;
use crate::machine::{Generation, Lease, Machine, RenewalKind, Verdict};
use crate::model::audience::Audience;
use crate::model::secret::Secret;
use crate::ports::BoxFuture;
use crate::protocol::endpoint::Endpoint;

#[derive(Debug)]
pub(in crate::session) struct AccessTokens {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    memory: Arc<TokensInMemory>,
    renewer: Arc<Renewer>,
    in_flight: SingleFlight<Renewal, Result<Secret, Error>>,
    /// By session and API origin: what became of the tokens that replaced refused ones in the app's own requests.
    refusals: Mutex<RefusedTokens<(Generation, String)>>,
}

impl AccessTokens {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        memory: Arc<TokensInMemory>,
        renewer: Arc<Renewer>,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            store,
            memory,
            renewer,
            in_flight: SingleFlight::default(),
            refusals: Mutex::default(),
        })
    }

    /// The token in memory, if it is stored and good for at least `min_ttl`.
    pub(in crate::session) fn cached(&self, audience: Option<&Audience>, min_ttl: Duration) -> Option<Secret> {
        let of = audience.and_then(|audience| further(&self.context.configuration(), audience));
        let token = self.memory.stored_access_token(of, min_ttl)?;
        self.note_use();
        Some(token)
    }

    /// How long a copy of the session's own stored token may be used, and the epoch in which that holds.
    pub(in crate::session) fn lease(&self) -> Option<(u64, Lease)> {
        // A caller that gets no lease does not use the session.
        self.memory.access_token_lease()?;
        self.note_use();
        self.memory.access_token_lease()
    }

    /// The app gets a token: if the idle time is limited, it starts again. The store is updated in the background.
    pub(super) fn note_use(&self) {
        let now = self.context.now();
        if !self.context.read(|machine| machine.is_new_use(now)) {
            return;
        }
        if self.context.apply(Used { now }).verdict == Verdict::Changed {
            let store = Arc::clone(&self.store);
            self.context.spawn(async move { store.save_if_possible().await });
        }
    }

    /// The access token: the session's own, or that for an audience.
    pub(in crate::session) async fn get(
        &self,
        audience: Option<&Audience>,
        options: TokenOptions,
    ) -> Result<Secret, Error> {
        let of = self.checked_further(audience)?;
        let token = match self.get_current(of, options).await {
            Err(error) if options.allow_expired && is_for_the_moment(&error) => {
                self.memory.any_access_token(of).ok_or(error)
            }
            outcome => outcome,
        };
        self.give(token)
    }

    /// Withholds a token that arrived after the session's lifetime had ended.
    fn give(&self, token: Result<Secret, Error>) -> Result<Secret, Error> {
        let token = token?;
        self.context.ensure_not_over()?;
        self.note_use();
        Ok(token)
    }

    async fn get_current(&self, of: Option<&Audience>, options: TokenOptions) -> Result<Secret, Error> {
        let renewals = self.memory.renewals(of);
        self.store.ensure_session().await?;
        let min_ttl = options.min_ttl;
        let requirement = if options.force_refresh {
            TokenRequirement::RenewedSince { renewals, min_ttl }
        } else {
            TokenRequirement::ValidFor(min_ttl)
        };
        if let Some(token) = self.memory.granted(&requirement, of) {
            self.context.metering().gave_from_memory();
            return Ok(token);
        }
        let renewal = Renewal::of(of);
        if !options.force_refresh
            && let Some(token) = self.best_there_is(&renewal, min_ttl)?
        {
            return Ok(token);
        }
        let token = self.renew(renewal.clone(), requirement).await?;
        self.check_lifetime(&renewal, min_ttl)?;
        Ok(token)
    }

    /// Renews now, for the scopes and with the parameters given.
    pub(in crate::session) async fn refresh(&self, options: RefreshOptions) -> Result<Secret, Error> {
        self.store.ensure_session().await?;
        let renewal = Renewal {
            options,
            ..Renewal::default()
        };
        self.give(self.renew(renewal, TokenRequirement::Renewal).await)
    }

    /// Renews for the sake of the ID token; `in_hand` returns the one in memory, if it is of use. If the renewal brought
    /// none, no other is sent for that reason for a while: each may rotate the refresh token.
    pub(super) async fn renew_for_id_token(
        &self,
        requirement: TokenRequirement,
        in_hand: impl Fn() -> Option<Secret>,
    ) -> Result<Secret, Error> {
        let (context, kind) = (&self.context, RenewalKind::IdToken);
        if let Some(refusal) = self.memory.refusal(&kind) {
            return Err(refusal);
        }
        self.renew(Renewal::of(None), requirement).await?;
        if let Some(token) = in_hand() {
            context.apply(CooldownEnded { kind });
            return Ok(token);
        }
        // The user may have signed out meanwhile.
        self.store.ensure_session().await?;
        let error = Error::ServerConfiguration {
            server: Endpoint::TOKEN.into(),
            field: "scopes",
            problem: "the renewal returned no valid ID token; request the scope openid".into(),
        };
        context.apply(IdTokenMissing {
            generation: context.read(Machine::generation),
            error: error.clone(),
            now: context.now(),
            chance: context.chance()?,
        });
        Err(error)
    }

    /// A token to replace `refused`.
    pub(in crate::session) async fn get_other_than(
        &self,
        refused: Secret,
        audience: Option<&Audience>,
        min_ttl: Duration,
    ) -> Result<Secret, Error> {
        self.store.ensure_session().await?;
        let of = self.checked_further(audience)?;
        let requirement = TokenRequirement::OtherThan { refused, min_ttl };
        let renewal = Renewal::of(of);
        let token = self.renew(renewal.clone(), requirement).await?;
        self.check_lifetime(&renewal, min_ttl)?;
        self.give(Ok(token))
    }

    /// [`AccessTokens::get_other_than`] for a request that the app sent to `api`, an API's origin. `None` if that API
    /// refused a fresh token a while ago and would refuse another.
    pub(in crate::session) async fn replace_refused(
        &self,
        refused: Secret,
        api: &str,
        audience: Option<&Audience>,
        min_ttl: Duration,
    ) -> Result<Option<Secret>, Error> {
        self.store.ensure_session().await?;
        let of = self.checked_further(audience)?;
        let is_replaced = self.memory.any_access_token(of).as_ref() != Some(&refused);
        let place = (self.context.read(Machine::generation), api.to_owned());
        let may_renew = self.refusals().may_renew(&place, self.context.now());
        if !is_replaced && !may_renew {
            return Ok(None);
        }
        self.get_other_than(refused, audience, min_ttl).await.map(Some)
    }

    /// Records whether the API also refused the token from [`AccessTokens::replace_refused`].
    pub(in crate::session) fn note_replaced(&self, api: String, is_refused: bool) {
        let (generation, now) = (self.context.read(Machine::generation), self.context.now());
        self.refusals().note_fresh((generation, api), is_refused, now);
    }

    fn refusals(&self) -> MutexGuard<'_, RefusedTokens<(Generation, String)>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the session's own token, or that of the further audience.
    pub(super) async fn renew(&self, renewal: Renewal, requirement: TokenRequirement) -> Result<Secret, Error> {
        let memory = &self.memory;
        let of = renewal.audience.as_ref();
        let renewals = memory.renewals(of);
        let mut has_waited = false;
        loop {
            memory.ensure_kind(&requirement)?;
            let (mut is_own, came) = (false, self.context.now());
            let joined = self.in_flight.join(
                renewal.clone(),
                self.context.spawner(),
                || memory.granted(&requirement, of).map(Ok),
                || {
                    is_own = true;
                    self.flight(renewal.clone(), requirement.clone())
                },
            );
            match joined {
                Joined::Done(result) => return result,
                Joined::Join(result) => {
                    let ended_early = || Err(Error::Internal("the renewal ended early".to_owned()));
                    let outcome = result.await.unwrap_or_else(ended_early);
                    if !is_own {
                        let result = MeasuredResult::of(&outcome);
                        self.context.measure(Operation::SharedRenewal, result, came);
                    }
                    let token = outcome?;
                    memory.ensure_kind(&requirement)?;
                    // The call that started the flight may have accepted a token that another process obtained long
                    // ago. A new token, however, will not get better by another renewal.
                    let is_new = memory.renewals(of) > renewals;
                    if is_new || has_waited || memory.granted(&requirement, of).is_some() {
                        self.context.network_answered();
                        return Ok(token);
                    }
                    has_waited = true;
                }
                Joined::WaitFor(result) => drop(result.await),
            }
        }
    }

    /// A token for a single use, and its lifetime in seconds if the issuer states it. Takes turns with the renewals.
    pub(super) async fn get_for_single_use(&self, audience: Audience) -> Result<(Secret, Option<u64>), Error> {
        self.store.ensure_session().await?;
        let single_use = SingleUse::default();
        let renewal = Renewal::for_single_use(audience, &single_use);
        self.memory.ensure_kind(&TokenRequirement::Renewal)?;
        loop {
            let start = || self.flight(renewal.clone(), TokenRequirement::Renewal);
            match self
                .in_flight
                .join(renewal.clone(), self.context.spawner(), || None, start)
            {
                Joined::Done(result) => return Ok((self.give(result)?, None)),
                Joined::Join(result) => {
                    let ended_early = || Err(Error::Internal("the renewal ended early".to_owned()));
                    let token = result.await.unwrap_or_else(ended_early)?;
                    self.context.network_answered();
                    return Ok((self.give(Ok(token))?, single_use.lifetime_seconds.get().copied()));
                }
                Joined::WaitFor(result) => drop(result.await),
            }
        }
    }

    /// One renewal, which continues when its callers go away.
    fn flight(&self, renewal: Renewal, requirement: TokenRequirement) -> BoxFuture<'static, Result<Secret, Error>> {
        let (session, renewer) = (self.context.keep_open(), Arc::clone(&self.renewer));
        Box::pin(async move {
            let token = renewer.renew(&renewal, &requirement).await;
            drop(session);
            token
        })
    }

    fn checked_further<'a>(&self, audience: Option<&'a Audience>) -> Result<Option<&'a Audience>, Error> {
        audience.map_or(Ok(None), |audience| {
            checked_further(&self.context.configuration(), audience)
        })
    }

    /// The token in memory, if a recent renewal brought one that lives too short a time: a renewal on every call would
    /// flood the issuer.
    ///
    /// # Errors
    /// [`Error::Argument`] if the issuer's tokens never live as long as `min_ttl`.
    fn best_there_is(&self, renewal: &Renewal, min_ttl: Duration) -> Result<Option<Secret>, Error> {
        let of = renewal.audience.as_ref();
        let Some(lifetime) = self.memory.lifetime_seconds(of) else {
            return Ok(None);
        };
        // A token with a lifetime of zero is returned all the same: the API decides whether it is valid.
        let token = match lifetime {
            0 => self.memory.any_access_token(of),
            _ => self.memory.access_token(of, Duration::ZERO),
        };
        let is_best = is_out_of_reach(min_ttl, lifetime) && self.memory.was_short_lived(&renewal.kind(), lifetime);
        match token.filter(|_| is_best) {
            Some(_) if min_ttl > Duration::from_secs(lifetime) => Err(too_much(lifetime)),
            token => Ok(token),
        }
    }

    /// Checks a token that has just been renewed. If its lifetime is too short, that of the next one need not be.
    ///
    /// # Errors
    /// [`Error::Argument`] if it does not live as long as `min_ttl`.
    fn check_lifetime(&self, renewal: &Renewal, min_ttl: Duration) -> Result<(), Error> {
        let lifetime = self.memory.lifetime_seconds(renewal.audience.as_ref());
        let Some(lifetime) = lifetime.filter(|lifetime| is_out_of_reach(min_ttl, *lifetime)) else {
            return Ok(());
        };
        self.context.apply(LifetimeShort {
            kind: renewal.kind(),
            lifetime,
            now: self.context.now(),
            chance: self.context.chance()?,
        });
        if min_ttl > Duration::from_secs(lifetime) {
            return Err(too_much(lifetime));
        }
        Ok(())
    }
}

/// Whether no token with this lifetime in seconds would be good for `min_ttl` a moment after it was obtained.
pub(super) fn is_out_of_reach(min_ttl: Duration, lifetime: u64) -> bool {
    let is_short = min_ttl.saturating_add(Duration::from_secs(1)) > Duration::from_secs(lifetime);
    is_short && (!min_ttl.is_zero() || lifetime == 0)
}

pub(super) fn too_much(lifetime: u64) -> Error {
    Error::Argument {
        name: "min_ttl",
        problem: format!("is longer than the {lifetime} s that the issuer's tokens are valid"),
    }
}
