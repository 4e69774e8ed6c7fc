//! What the issuer keeps of the user: profile and metadata.

use serde_json::{Map, Value};
use url::Url;

use super::current::Generation;
use super::{SessionManager, Shared, TokenOptions};
use crate::configuration::IssuerUrl;
use crate::error::{Endpoint, Error};
use crate::message::{HttpAnswer, HttpRequest};
use crate::metadata::{USER_METADATA, check_patch, of_user, select};
use crate::profile::Profile;
use crate::provider::discovery::IssuerMetadata;
use crate::provider::userinfo::{self, UserInfo};
use crate::provider::users;
use crate::secret::Secret;

impl SessionManager {
    /// The user's profile: as last fetched, or from the userinfo endpoint (network; persists) when `refresh` or none
    /// was fetched yet.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`] and [`userinfo::read`]; [`Error::UnexpectedAnswer`] for a profile of another
    /// user (OpenID Connect Core 5.3.2), which is not kept.
    pub async fn profile(&self, refresh: bool) -> Result<Profile, Error> {
        let shared = &self.shared;
        shared.ensure_restored().await?;
        if let Some(cached) = shared.current.profile().filter(|_| !refresh) {
            return Ok(cached);
        }
        let metadata = shared.metadata().await?;
        let endpoint = metadata
            .userinfo_endpoint
            .as_ref()
            .ok_or_else(|| Error::ServerConfiguration {
                endpoint: Endpoint::Discovery,
                field: "issuer",
                problem: "it has no userinfo endpoint".to_owned(),
            })?;
        let mut asked_twice = false;
        loop {
            shared.ensure_session().await?;
            let (generation, subject) = shared.current.subject().ok_or(Error::NoSession)?;
            let outcome = self.fetch_profile(&metadata, endpoint, generation, &subject).await;
            // Another sign-in of the same user took this one's place while the answer was under way.
            let held = shared.current.subject();
            let replaced = held.is_some_and(|(now, who)| now != generation && who == subject);
            if asked_twice || !replaced || outcome.is_ok() {
                return outcome;
            }
            asked_twice = true;
        }
    }

    async fn fetch_profile(
        &self,
        metadata: &IssuerMetadata,
        endpoint: &Url,
        generation: Generation,
        subject: &str,
    ) -> Result<Profile, Error> {
        let shared = &self.shared;
        let answer = self
            .call_with_token(Endpoint::UserInfo, userinfo::refuses_token, |token| {
                Ok(userinfo::request(endpoint, token))
            })
            .await?;
        let claims = match userinfo::read(&answer, shared.server_now())? {
            UserInfo::Claims(claims) => claims,
            UserInfo::Signed(jwt) => shared.read_signed_claims(&jwt, &metadata.issuer).await?,
        };
        let about_another = || Error::UnexpectedAnswer {
            endpoint: Endpoint::UserInfo,
            status: answer.status,
            problem: "it is not about the user who signed in".to_owned(),
        };
        let profile = Profile::from_claims(claims, shared.now().wall)
            .filter(|profile| profile.subject == subject)
            .ok_or_else(about_another)?;
        shared
            .current
            .set_profile(generation, profile.clone())
            .map_err(|_| Error::NoSession)?;
        shared.save_if_possible().await;
        Ok(profile)
    }

    /// The user's object at Auth0: `fields` only (`include`), all but those, or everything when none is named. Network.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`] and [`users::read`]; [`Error::Configuration`] for a provider other than
    /// Auth0.
    pub async fn fetch_user(&self, fields: &[String], include: bool) -> Result<Map<String, Value>, Error> {
        let (base, user_id) = self.management_target().await?;
        let request = |token: &Secret| users::get(&base, &user_id, fields, include, token);
        let answer = self
            .call_with_token(Endpoint::Users, users::refuses_token, request)
            .await?;
        users::read(&answer, self.shared.server_now())
    }

    /// The user's metadata: all of it, or the keys named. Network.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`].
    pub async fn fetch_metadata(&self, keys: &[String]) -> Result<Map<String, Value>, Error> {
        let user = self.fetch_user(&[USER_METADATA.to_owned()], true).await?;
        Ok(select(of_user(user), keys))
    }

    /// Changes the user's metadata and gives it as it is afterwards. Network. Merged at the first level: nested objects
    /// are replaced, `null` deletes a key, an empty object deletes everything.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`]; [`Error::Argument`] for a key that the server would refuse.
    pub async fn update_metadata(&self, patch: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        check_patch(&patch)?;
        let (base, user_id) = self.management_target().await?;
        let request = |token: &Secret| users::patch_metadata(&base, &user_id, &patch, token);
        let answer = self
            .call_with_token(Endpoint::Users, users::refuses_token, request)
            .await?;
        Ok(of_user(users::read(&answer, self.shared.server_now())?))
    }

    async fn management_target(&self) -> Result<(Url, String), Error> {
        let IssuerUrl::Auth0(base) = &self.shared.configuration.issuer else {
            let problem = "must be Auth0: user_metadata is a feature of Auth0's Management API".to_owned();
            return Err(Error::Configuration {
                field: "provider",
                problem,
            });
        };
        self.shared.ensure_session().await?;
        let (_, subject) = self.shared.current.subject().ok_or(Error::NoSession)?;
        Ok((base.clone(), subject))
    }

    /// Sends a request with the access token. When the endpoint refuses the token itself, it is renewed once and the
    /// request sent again: the issuer may have revoked it before its time.
    async fn call_with_token(
        &self,
        endpoint: Endpoint,
        refuses_token: impl Fn(&HttpAnswer) -> bool,
        request: impl Fn(&Secret) -> Result<HttpRequest, Error>,
    ) -> Result<HttpAnswer, Error> {
        let shared = &self.shared;
        let token = self.access_token(TokenOptions::default()).await?;
        let answer = shared.call(endpoint, request(&token)?).await?;
        if !refuses_token(&answer) || !shared.current.is_renewable() {
            return Ok(answer);
        }
        let renewed = self.access_token_other_than(&token, None).await?;
        shared.call(endpoint, request(&renewed)?).await
    }
}

impl Shared {
    /// A signed userinfo answer: the issuer's signature, its `iss` and our `aud` where it has them (OpenID Connect Core
    /// 5.3.2).
    async fn read_signed_claims(&self, jwt: &Secret, issuer: &str) -> Result<Map<String, Value>, Error> {
        let mut claims = self.verify_signed(jwt).await?.into_map();
        let wrong = |problem: &str| Error::UnexpectedAnswer {
            endpoint: Endpoint::UserInfo,
            status: 200,
            problem: problem.to_owned(),
        };
        let client_id = &self.configuration.client_id;
        let is_us = |audience: &Value| {
            audience == client_id
                || audience
                    .as_array()
                    .is_some_and(|all| all.iter().any(|one| one == client_id))
        };
        if claims.get("iss").is_some_and(|sent| sent != issuer) {
            return Err(wrong("the signed answer is another issuer's"));
        }
        if claims.get("aud").is_some_and(|sent| !is_us(sent)) {
            return Err(wrong("the signed answer is for another client"));
        }
        // The envelope's own claims say nothing about the user.
        for name in ["iss", "aud", "exp", "iat", "nbf", "jti"] {
            claims.remove(name);
        }
        Ok(claims)
    }
}
