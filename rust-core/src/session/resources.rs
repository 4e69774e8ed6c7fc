//! The user's profile, and requests that carry a token.

use std::time::Duration;

use serde_json::{Map, Value};

use super::current::{Generation, Superseded};
use super::renewal::MOST_REPLACEMENTS;
use super::single_flight::Joined;
use super::{SessionManager, Shared, TokenOptions};
use crate::jose::{IdTokenProblem, names_audience};
use crate::machine::error::Error;
use crate::machine::retry;
use crate::model::audience::Audience;
use crate::model::json::present;
use crate::model::profile::Profile;
use crate::model::secret::Secret;
use crate::ports::BoxFuture;
use crate::protocol::discovery::IssuerMetadata;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::failure;
use crate::protocol::message::{HttpAnswer, HttpRequest};
use crate::protocol::userinfo::{self, UserInfo};

impl SessionManager {
    /// The user's profile: as last fetched, or from the userinfo endpoint (network; persists) when `refresh` or none
    /// was fetched yet. However many ask, one request is sent, and it goes on when its callers go away.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`] and [`userinfo::read`]; [`Error::UnexpectedAnswer`] for a profile of another
    /// user (OpenID Connect Core 5.3.2), which is not kept.
    pub async fn profile(&self, refresh: bool) -> Result<Profile, Error> {
        self.shared.ensure_restored().await?;
        match self.shared.current.profile().filter(|_| !refresh) {
            Some(cached) => Ok(cached),
            None => self.fresh_profile().await,
        }
    }

    /// The profile as last fetched, if that is less than `max_age` ago by the device's clock; else as
    /// [`SessionManager::profile`] with `refresh`. One from the future is as good as old. With `allow_stale` the old one
    /// will do where a new one cannot be had for the moment.
    ///
    /// # Errors
    /// As [`SessionManager::profile`].
    pub async fn profile_within(&self, max_age: Duration, allow_stale: bool) -> Result<Profile, Error> {
        let shared = &self.shared;
        shared.ensure_restored().await?;
        let cached = shared.current.profile();
        if let Some(profile) = &cached
            && u64::try_from(shared.now().wall.seconds_since(profile.fetched_at))
                .is_ok_and(|age| age < max_age.as_secs())
        {
            return Ok(profile.clone());
        }
        match self.fresh_profile().await {
            Err(error) if allow_stale && (retry::is_passing(&error) || error == Error::ReadOnly) => {
                shared.current.profile().ok_or(error)
            }
            outcome => outcome,
        }
    }

    async fn fresh_profile(&self) -> Result<Profile, Error> {
        let shared = &self.shared;
        loop {
            shared.ensure_session().await?;
            let (generation, _) = shared.current.subject().ok_or(Error::NoSession)?;
            let spawner = shared.dependencies.spawner.as_ref();
            let start = || {
                let manager = self.clone();
                let work: BoxFuture<'static, _> = Box::pin(async move { manager.load_profile(false).await });
                work
            };
            match shared.fetching_profile.join(generation, spawner, || None, start) {
                Joined::Done(result) => return result,
                Joined::Join(result) => {
                    let ended_early = || Err(Error::Internal("the profile's request ended early".to_owned()));
                    return result.await.unwrap_or_else(ended_early);
                }
                // Of another sign-in.
                Joined::WaitFor(result) => drop(result.await),
            }
        }
    }

    /// Asks the userinfo endpoint; or `/tokeninfo`, where the session lives by its ID token or `by_id_token` says so.
    pub(super) async fn load_profile(&self, by_id_token: bool) -> Result<Profile, Error> {
        let shared = &self.shared;
        for _ in 0..MOST_REPLACEMENTS {
            shared.ensure_session().await?;
            let (generation, subject) = shared.current.subject().ok_or(Error::NoSession)?;
            let outcome = if by_id_token || shared.current.lives_by_id_token() {
                self.fetch_own_token_info(&subject).await
            } else {
                self.fetch_profile(&subject).await
            };
            let outcome = match outcome {
                Ok(profile) => shared.keep_profile(generation, profile).await,
                failed => failed,
            };
            // Another sign-in of the same user took this one's place while the answer was under way.
            let held = shared.current.subject();
            let replaced = held.is_some_and(|(now, who)| now != generation && who == subject);
            if outcome.is_ok() {
                self.send_waiting_in_background();
            }
            if !replaced || outcome.is_ok() {
                return outcome;
            }
        }
        Err(Error::Busy)
    }

    async fn fetch_profile(&self, subject: &str) -> Result<Profile, Error> {
        let shared = &self.shared;
        let metadata = shared.metadata().await?;
        let endpoint = metadata
            .userinfo_endpoint
            .as_ref()
            .ok_or_else(|| Error::ServerConfiguration {
                server: Endpoint::Discovery.into(),
                field: "issuer",
                problem: "it has no userinfo endpoint that can be used (https)".to_owned(),
            })?;
        let answer = self
            .call_with_token(
                &Bearer::AccessToken,
                Endpoint::UserInfo,
                failure::refuses_token,
                |token| Ok(userinfo::request(endpoint, token)),
            )
            .await?;
        let claims = match userinfo::read(&answer, shared.server_now())? {
            UserInfo::Claims(claims) => claims,
            UserInfo::Signed(jwt) => shared.read_signed_claims(&jwt, &metadata).await?,
        };
        let about_another = || Error::UnexpectedAnswer {
            server: Endpoint::UserInfo.into(),
            status: answer.status,
            problem: "it is not about the user who signed in".to_owned(),
        };
        Profile::from_claims(claims, shared.now().wall)
            .filter(|profile| profile.subject == subject)
            .ok_or_else(about_another)
    }

    /// Sends a request with a token. When the endpoint refuses the token itself, it is renewed once and the request sent
    /// again: the issuer may have revoked it before its time.
    pub(super) async fn call_with_token(
        &self,
        bearer: &Bearer,
        endpoint: Endpoint,
        refuses_token: impl Fn(&HttpAnswer) -> bool,
        request: impl Fn(&Secret) -> Result<HttpRequest, ProtocolError>,
    ) -> Result<HttpAnswer, Error> {
        let shared = &self.shared;
        let token = self.token_to_bear(bearer, None).await?;
        let answer = shared.call(endpoint, request(&token)?).await?;
        if !refuses_token(&answer) || !shared.current.is_renewable() {
            return Ok(answer);
        }
        let renewed = self.token_to_bear(bearer, Some(&token)).await?;
        shared.call(endpoint, request(&renewed)?).await
    }

    async fn token_to_bear(&self, bearer: &Bearer, refused: Option<&Secret>) -> Result<Secret, Error> {
        let of = match bearer {
            Bearer::AccessToken => None,
            Bearer::Further(audience) => Some(audience),
            Bearer::IdToken => return self.id_token_to_bear(refused).await,
        };
        match refused {
            None => self.token_for(of, TokenOptions::default()).await,
            Some(refused) => self.access_token_other_than(refused.clone(), of, Duration::ZERO).await,
        }
    }

    /// The ID token, with a new one where this one was refused: it comes with the session's own access token.
    async fn id_token_to_bear(&self, refused: Option<&Secret>) -> Result<Secret, Error> {
        let current = &self.shared.current;
        self.shared.ensure_session().await?;
        if current.lives_by_id_token() {
            return self.id_token(Duration::ZERO).await;
        }
        if let Some(token) = current.any_id_token().filter(|token| Some(token) != refused) {
            return Ok(token);
        }
        let renewed = TokenOptions {
            force_refresh: true,
            ..TokenOptions::default()
        };
        self.access_token(renewed).await?;
        current.any_id_token().ok_or_else(|| Error::ServerConfiguration {
            server: Endpoint::Token.into(),
            field: "scopes",
            problem: "the issuer sent no ID token; the scope openid brings it".to_owned(),
        })
    }
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bearer {
    /// The session's own access token.
    AccessToken,
    /// That of a further audience.
    Further(Audience),
    /// The ID token, as Auth0's Management API once took it.
    IdToken,
}

impl Shared {
    /// Keeps the profile with the session that it was asked for, and gives it.
    async fn keep_profile(&self, asked: Generation, profile: Profile) -> Result<Profile, Error> {
        let kept = self.current.set_profile(asked, profile.clone());
        kept.map_err(|Superseded| Error::NoSession)?;
        self.save_if_possible().await;
        Ok(profile)
    }

    /// A signed userinfo answer: the issuer's signature, its `iss` and our `aud` where it has them (OpenID Connect Core
    /// 5.3.2).
    pub(super) async fn read_signed_claims(
        &self,
        jwt: &Secret,
        metadata: &IssuerMetadata,
    ) -> Result<Map<String, Value>, Error> {
        let wrong = |problem: &str| Error::UnexpectedAnswer {
            server: Endpoint::UserInfo.into(),
            status: 200,
            problem: problem.to_owned(),
        };
        let verified = self.verify_signed(jwt, &metadata.userinfo_algorithms).await;
        let mut claims = match verified {
            Ok(verified) => verified.into_map(),
            // To sign in again would change nothing about the profile's signature.
            Err(Error::IdToken(error)) if error.problem != IdTokenProblem::KeysUnavailable => {
                return Err(wrong(&format!("the signed answer was not accepted: {error}")));
            }
            Err(error) => return Err(error),
        };
        let client_id = &self.configuration.client_id;
        if present(&claims, "iss").is_some_and(|sent| sent != &metadata.issuer) {
            return Err(wrong("the signed answer is another issuer's"));
        }
        if present(&claims, "aud").is_some_and(|sent| !names_audience(sent, client_id)) {
            return Err(wrong("the signed answer is for another client"));
        }
        // The envelope's own claims say nothing about the user.
        for name in ["iss", "aud", "exp", "iat", "nbf", "jti"] {
            claims.remove(name);
        }
        Ok(claims)
    }
}
