//! Calls to Auth0's Management API about the signed-in user.
//!
//! **Promises.** The token is chosen automatically. It is the session's own token if that is for the Management API;
//! otherwise a token for `https://{domain}/api/v2/`, obtained with the refresh token and kept like that of any other
//! audience; or the ID token, if the configuration says that the tenant is that old. **Needs** the context, the store
//! and calls with a token.

use std::sync::Arc;

use url::Url;

use super::super::context::Context;
use super::super::store::SessionStore;
use super::super::tokens::{Bearer, BearerCalls};
use crate::machine::error::Error;
use crate::machine::{Generation, Tokens};
use crate::model::audience::Audience;
use crate::model::configuration::{Configuration, IssuerUrl};
use crate::model::metadata::CURRENT_USER_SCOPES;
use crate::model::secret::Secret;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::error::ProtocolError;
use crate::protocol::message::{HttpAnswer, HttpRequest};
use crate::protocol::users;

#[derive(Debug)]
pub(in crate::session) struct ManagementApi {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    calls: Arc<BearerCalls>,
}

/// The user whom a call is about, and the token to use.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) generation: Generation,
    base: Url,
    pub(super) user_id: String,
    bearer: Bearer,
}

impl ManagementApi {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        calls: Arc<BearerCalls>,
    ) -> Arc<Self> {
        Arc::new(Self { context, store, calls })
    }

    /// The user whom a call is about. Fails unless a user is signed in, at Auth0.
    pub(super) async fn target(&self) -> Result<Target, Error> {
        let configuration = self.context.configuration();
        let IssuerUrl::Auth0(base) = &configuration.issuer else {
            let problem = "must be Auth0: user_metadata is a feature of Auth0's Management API".to_owned();
            return Err(Error::Configuration {
                field: "provider",
                problem,
            });
        };
        self.store.ensure_session().await?;
        let (generation, user_id) = self.context.subject()?;
        Ok(Target {
            base: base.clone(),
            generation,
            user_id,
            bearer: bearer(
                &configuration,
                base,
                self.context.read(|machine| Tokens::of(machine).is_renewable()),
            ),
        })
    }

    /// Sends a request with the appropriate token. `request` receives the API's base, the user's id and the token.
    pub(super) async fn call(
        &self,
        target: &Target,
        endpoint: Endpoint,
        request: impl Fn(&Url, &str, &Secret) -> Result<HttpRequest, ProtocolError>,
    ) -> Result<HttpAnswer, Error> {
        let request = |token: &Secret| request(&target.base, &target.user_id, token);
        self.calls
            .call(&target.bearer, endpoint, users::refuses_token, request)
            .await
    }
}

fn bearer(configuration: &Configuration, base: &Url, is_renewable: bool) -> Bearer {
    let is_management = |audience: &String| is_management_api(base, audience);
    if configuration.metadata_by_id_token {
        Bearer::IdToken
    } else if configuration.own_audience().is_some_and(is_management) || !is_renewable {
        // Without a refresh token there is no other token; the server will report what is missing.
        Bearer::AccessToken
    } else {
        Bearer::Further(Audience {
            identifier: format!("{base}api/v2/"),
            scopes: CURRENT_USER_SCOPES.map(str::to_owned).to_vec(),
        })
    }
}

/// Whether this is the Management API's identifier: `https://{domain}/api/v2/`. The domain is the configured one or one
/// of Auth0's, because behind a custom domain the identifier still has the tenant's own domain. Another API of the app
/// may have the same path.
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
