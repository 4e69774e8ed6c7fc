//! What Auth0 keeps of the user: the user object, and the metadata that the user may change.

use serde_json::{Map, Value};
use url::Url;

use super::SessionManager;
use super::current::Generation;
use super::resources::Bearer;
use crate::machine::error::Error;
use crate::model::audience::Audience;
use crate::model::configuration::{Configuration, IssuerUrl};
use crate::model::metadata::{
    USER_METADATA, check_key, check_patch, deep_patch, deletion, of_user, replacement, select,
};
use crate::model::secret::Secret;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::users;

/// What users may do for themselves ("Get Access Tokens for the Management API": scopes of the current user), sorted.
const CURRENT_USER_SCOPES: [&str; 3] = [
    "create:current_user_metadata",
    "read:current_user",
    "update:current_user_metadata",
];

impl SessionManager {
    /// The user's object at Auth0: `fields` only (`include`), all but those, or everything when none is named. Network.
    ///
    /// The token is found by itself: the session's own where its audience is the Management API; else one for
    /// `https://{domain}/api/v2/`, got with the refresh token and kept as any further audience's
    /// ([`SessionManager::access_token_for`]); or the ID token, where the configuration says that the tenant is that old.
    ///
    /// # Errors
    /// As [`SessionManager::access_token_for`] and [`users::read`]; [`Error::Configuration`] for a provider other than
    /// Auth0.
    pub async fn fetch_user(&self, fields: &[String], include: bool) -> Result<Map<String, Value>, Error> {
        self.send_waiting_first().await?;
        let target = self.management_target().await?;
        let request = |token: &Secret| users::get(&target.base, &target.user_id, fields, include, token);
        let answer = self
            .call_with_token(&target.bearer, Endpoint::Users, users::refuses_token, request)
            .await?;
        Ok(users::read(&answer, "fields", self.shared.server_now())?)
    }

    /// The user's metadata: all of it, or the keys named. Network.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`].
    pub async fn fetch_metadata(&self, keys: &[String]) -> Result<Map<String, Value>, Error> {
        self.fetch_metadata_by(keys, true).await
    }

    /// The same, or with `include` false all of it but the keys named.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`].
    pub async fn fetch_metadata_by(&self, keys: &[String], include: bool) -> Result<Map<String, Value>, Error> {
        let user = self.fetch_user(&[USER_METADATA.to_owned()], true).await?;
        Ok(select(of_user(user), keys, include))
    }

    /// Changes the user's metadata and gives it as it is afterwards. Network. Merged at the first level: nested objects
    /// are replaced, `null` deletes a key, an empty object deletes everything.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`]; [`Error::Argument`] for a key that the server would refuse.
    pub async fn update_metadata(&self, patch: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        check_patch(&patch)?;
        self.patch_after_what_waits(&patch).await
    }

    /// Leaves `metadata` and nothing else, and gives it as it is afterwards. Network: one request that reads and one that
    /// writes, unless `metadata` is empty. A key that somebody else adds between the two stays.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`].
    pub async fn replace_metadata(&self, metadata: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        check_patch(&metadata)?;
        if metadata.is_empty() {
            return self.patch_after_what_waits(&metadata).await;
        }
        let current = self.fetch_metadata(&[]).await?;
        self.patch_after_what_waits(&replacement(current, metadata)).await
    }

    /// Deletes keys of the first level, and gives the metadata as it is afterwards. Network. No keys delete nothing.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`].
    pub async fn remove_metadata(&self, keys: &[String]) -> Result<Map<String, Value>, Error> {
        keys.iter().try_for_each(|key| check_key(key))?;
        if keys.is_empty() {
            // To the server an empty change is another thing: it deletes everything.
            return self.fetch_metadata(&[]).await;
        }
        self.patch_after_what_waits(&deletion(keys.iter())).await
    }

    /// Merges `changes` at every level (RFC 7396), and gives the metadata as it is afterwards. Network: reads, then
    /// writes the keys of the first level that `changes` names; what somebody else changes inside them between the two
    /// is lost.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`].
    pub async fn merge_metadata(&self, changes: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        check_patch(&changes)?;
        let current = self.fetch_metadata(&[]).await?;
        if changes.is_empty() {
            return Ok(current);
        }
        self.patch_after_what_waits(&deep_patch(current, changes)).await
    }

    async fn patch_after_what_waits(&self, patch: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
        self.send_waiting_first().await?;
        let target = self.management_target().await?;
        self.send_change(&target, patch).await?
    }

    /// Sends one change. The inner error is a refusal for good: the same change would be refused at any time.
    pub(super) async fn send_change(
        &self,
        target: &Target,
        patch: &Map<String, Value>,
    ) -> Result<Result<Map<String, Value>, Error>, Error> {
        let request = |token: &Secret| users::patch_metadata(&target.base, &target.user_id, patch, token);
        let answer = self
            .call_with_token(&target.bearer, Endpoint::Users, users::refuses_token, request)
            .await?;
        match users::read(&answer, "metadata", self.shared.server_now()) {
            Ok(user) => Ok(Ok(of_user(user))),
            Err(refusal) if users::refuses_for_good(&answer) => Ok(Err(refusal.into())),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn management_target(&self) -> Result<Target, Error> {
        let configuration = &self.shared.configuration;
        let IssuerUrl::Auth0(base) = &configuration.issuer else {
            let problem = "must be Auth0: user_metadata is a feature of Auth0's Management API".to_owned();
            return Err(Error::Configuration {
                field: "provider",
                problem,
            });
        };
        self.shared.ensure_session().await?;
        let (generation, user_id) = self.shared.current.subject().ok_or(Error::NoSession)?;
        Ok(Target {
            base: base.clone(),
            generation,
            user_id,
            bearer: bearer(configuration, base, self.shared.current.is_renewable()),
        })
    }
}

/// Whose object, and with which token.
pub(super) struct Target {
    pub(super) generation: Generation,
    base: Url,
    pub(super) user_id: String,
    bearer: Bearer,
}

fn bearer(configuration: &Configuration, base: &Url, is_renewable: bool) -> Bearer {
    let is_management = |audience: &String| is_management_api(base, audience);
    if configuration.metadata_by_id_token {
        Bearer::IdToken
    } else if configuration.own_audience().is_some_and(is_management) || !is_renewable {
        // Without a refresh token there is no other token; the server will say what is missing.
        Bearer::AccessToken
    } else {
        Bearer::Further(Audience {
            identifier: format!("{base}api/v2/"),
            scopes: CURRENT_USER_SCOPES.map(str::to_owned).to_vec(),
        })
    }
}

/// Whether this is the Management API's identifier: `https://{domain}/api/v2/`, where the domain is the configuration's or,
/// because behind a custom domain the identifier is still the tenant's own, one of Auth0's. An API of the app's own may end
/// in the same path.
fn is_management_api(base: &Url, audience: &str) -> bool {
    let Ok(url) = Url::parse(audience) else {
        return false;
    };
    let is_auth0s = |host: &str| host.ends_with(".auth0.com") || host.ends_with(".auth0app.com");
    url.path() == "/api/v2/" && (url.origin() == base.origin() || url.host_str().is_some_and(is_auth0s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tenants_own_api_is_the_management_api() {
        let base = Url::parse("https://login.acme.example/").unwrap();
        for (audience, expected) in [
            ("https://login.acme.example/api/v2/", true),
            ("https://acme.eu.auth0.com/api/v2/", true),
            ("https://api.acme.example/api/v2/", false),
            ("https://auth0.com.evil.example/api/v2/", false),
            ("https://login.acme.example/other/api/v2/", false),
            ("urn:acme/api/v2/", false),
        ] {
            assert_eq!(is_management_api(&base, audience), expected, "{audience}");
        }
    }
}
