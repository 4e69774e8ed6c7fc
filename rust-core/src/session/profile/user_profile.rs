//! The user's profile.
//!
//! **Promises.** Concurrent callers share one request, which continues when its callers go away. A profile of another
//! user is refused, and a late answer never becomes a newer session's profile. **Needs** the context, the store, the
//! issuer, its verifier, the tokens, and `/tokeninfo` for sessions of older tenants.

use std::sync::Arc;
use std::time::Duration;

use super::super::context::Context;
use super::super::issuer::{Issuer, Verifier};
use super::super::single_flight::{Joined, SingleFlight};
use super::super::store::SessionStore;
use super::super::tokens::{Bearer, BearerCalls, MOST_REPLACEMENTS};
use super::token_info::TokenInfo;
use crate::machine::error::Error;
use crate::machine::input::ProfileFetched;
use crate::machine::retry;
use crate::machine::{Generation, Tokens, Verdict};
use crate::model::profile::Profile;
use crate::ports::BoxFuture;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::failure;
use crate::protocol::userinfo::{self, UserInfo};

#[derive(Debug)]
pub(in crate::session) struct UserProfile {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    issuer: Arc<Issuer>,
    verifier: Arc<Verifier>,
    calls: Arc<BearerCalls>,
    token_info: Arc<TokenInfo>,
    in_flight: SingleFlight<Generation, Result<Profile, Error>>,
}

impl UserProfile {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        issuer: Arc<Issuer>,
        verifier: Arc<Verifier>,
        calls: Arc<BearerCalls>,
        token_info: Arc<TokenInfo>,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            store,
            issuer,
            verifier,
            calls,
            token_info,
            in_flight: SingleFlight::default(),
        })
    }

    /// The profile as last fetched, or a new one.
    pub(in crate::session) async fn get(self: &Arc<Self>, refresh: bool) -> Result<Profile, Error> {
        self.store.ensure_restored().await?;
        match self.context.profile().filter(|_| !refresh) {
            Some(cached) => Ok(Profile::clone(&cached)),
            None => self.fetch_shared().await,
        }
    }

    /// The profile as last fetched, if it is younger than `max_age` by the device's clock; otherwise a new one.
    pub(in crate::session) async fn get_within(
        self: &Arc<Self>,
        max_age: Duration,
        allow_stale: bool,
    ) -> Result<Profile, Error> {
        let context = &self.context;
        self.store.ensure_restored().await?;
        let cached = context.profile();
        if let Some(profile) = &cached
            && u64::try_from(context.now().wall.seconds_since(profile.fetched_at))
                .is_ok_and(|age| age < max_age.as_secs())
        {
            return Ok(Profile::clone(profile));
        }
        match self.fetch_shared().await {
            Err(error) if allow_stale && (retry::is_passing(&error) || error == Error::ReadOnly) => {
                let cached = context.profile();
                cached.map(|profile| Profile::clone(&profile)).ok_or(error)
            }
            outcome => outcome,
        }
    }

    async fn fetch_shared(self: &Arc<Self>) -> Result<Profile, Error> {
        let context = &self.context;
        loop {
            self.store.ensure_session().await?;
            let (generation, _) = context.subject()?;
            let start = || {
                let (session, profile) = (context.keep_open(), Arc::clone(self));
                let work: BoxFuture<'static, _> = Box::pin(async move {
                    let loaded = profile.load(false).await;
                    drop(session);
                    loaded
                });
                work
            };
            match self.in_flight.join(generation, context.spawner(), || None, start) {
                Joined::Done(result) => return result,
                Joined::Join(result) => {
                    let ended_early = || Err(Error::Internal("the profile's request ended early".to_owned()));
                    return result.await.unwrap_or_else(ended_early);
                }
                // The request of another sign-in.
                Joined::WaitFor(result) => drop(result.await),
            }
        }
    }

    /// Asks the userinfo endpoint, or `/tokeninfo` if the session is based on its ID token or `by_id_token` is true.
    pub(in crate::session) async fn load(&self, by_id_token: bool) -> Result<Profile, Error> {
        for _ in 0..MOST_REPLACEMENTS {
            self.store.ensure_session().await?;
            let (generation, subject) = self.context.subject()?;
            let outcome = if by_id_token || self.context.read(|machine| Tokens::of(machine).lives_by_id_token()) {
                self.token_info.fetch_own(&subject).await
            } else {
                self.fetch(&subject).await
            };
            let outcome = match outcome {
                Ok(profile) => self.keep(generation, profile).await,
                failed => failed,
            };
            // Another sign-in of the same user replaced this one during the request.
            let held = self.context.subject();
            let replaced = held.is_ok_and(|(now, who)| now != generation && who == subject);
            if outcome.is_ok() {
                self.context.network_answered();
            }
            if !replaced || outcome.is_ok() {
                return outcome;
            }
        }
        Err(Error::Busy)
    }

    async fn fetch(&self, subject: &str) -> Result<Profile, Error> {
        let metadata = self.issuer.metadata().await?;
        let endpoint = metadata
            .userinfo_endpoint
            .as_ref()
            .ok_or_else(|| Error::ServerConfiguration {
                server: Endpoint::DISCOVERY.into(),
                field: "issuer",
                problem: "it has no userinfo endpoint that can be used (https)".into(),
            })?;
        let answer = self
            .calls
            .call(
                &Bearer::AccessToken,
                userinfo::ENDPOINT,
                failure::refuses_token,
                |token| Ok(userinfo::request(endpoint, token)),
            )
            .await?;
        let claims = match userinfo::read(&answer, self.issuer.server_now())? {
            UserInfo::Claims(claims) => claims,
            UserInfo::Signed(jwt) => self.verifier.verify_userinfo(&jwt, &metadata).await?,
        };
        let unexpected = |problem: &str| Error::UnexpectedAnswer {
            server: userinfo::ENDPOINT.into(),
            status: answer.status,
            problem: problem.to_owned(),
        };
        let profile = Profile::from_claims(claims, self.context.now().wall);
        let profile = profile.ok_or_else(|| unexpected("it has no sub claim"))?;
        if profile.subject != subject {
            return Err(unexpected("it is about a different user than the one who signed in"));
        }
        Ok(profile)
    }

    /// Keeps the profile with the session that requested it, and returns it.
    async fn keep(&self, generation: Generation, profile: Profile) -> Result<Profile, Error> {
        let kept = self.context.apply(ProfileFetched {
            generation,
            profile: Arc::new(profile.clone()),
        });
        if kept.verdict == Verdict::Superseded {
            return Err(Error::NoSession);
        }
        self.store.save_if_possible().await;
        Ok(profile)
    }
}
