//! Access tokens for further audiences under the one refresh token: each cached and renewed for itself.

use std::time::Duration;

use super::options::Renewal;
use super::{SessionManager, Shared, TokenOptions};
use crate::machine::error::Error;
use crate::model::audience::{Audience, RESOURCE_PROBLEM, is_resource_indicator};
use crate::model::configuration::IssuerUrl;
use crate::model::secret::Secret;
use crate::protocol::access_token::seems_to_be_for;
use crate::protocol::endpoint::Endpoint;

impl SessionManager {
    /// An access token for `audience`, good for at least `min_ttl`: from memory, or got with the session's refresh token
    /// (network; persists). Auth0 is sent `audience` ("Multi-Resource Refresh Token"), any other provider `resource`
    /// (RFC 8707); there the sign-in has to name it, by the configuration's `resources`. The session's own access token
    /// and scope stay as they are. A good token costs memory only, whatever else is being renewed; callers for one
    /// audience share a renewal, those for several take turns, because each may rotate the refresh token. The configured
    /// audience without scopes is the session's own token.
    ///
    /// The 20 tokens got last are kept with the session, and go with it.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`]; [`Error::ServerConfiguration`] naming `audience` when the issuer refuses the
    /// audience or passes over it, which never ends the session; where it is sent as `resource`, [`Error::Argument`] for an
    /// audience that is no absolute URI, [`Error::Configuration`] for one that the configuration's `resources` do not name,
    /// and [`Error::InteractionRequired`] for one that they name since after the sign-in: then no token is
    /// asked for.
    pub async fn access_token_for(&self, audience: &Audience, options: TokenOptions) -> Result<Secret, Error> {
        let shared = &self.shared;
        self.token_for(shared.checked_further(audience)?, options).await
    }

    /// [`SessionManager::with_cached_access_token`] for a further audience. Memory only.
    pub fn with_cached_access_token_for<T>(
        &self,
        audience: &Audience,
        min_ttl: Duration,
        use_token: impl FnOnce(&str) -> T,
    ) -> Option<T> {
        let shared = &self.shared;
        shared
            .current
            .with_access_token(shared.further(audience), min_ttl, shared.now(), |token| {
                use_token(token.expose())
            })
    }
}

impl Shared {
    /// `None` for what is the session's own.
    fn further<'a>(&self, audience: &'a Audience) -> Option<&'a Audience> {
        let own = self.configuration.own_audience() == Some(&audience.identifier) && audience.scopes.is_empty();
        (!own).then_some(audience)
    }

    /// The same for an audience that tokens can be asked for.
    pub(super) fn checked_further<'a>(&self, audience: &'a Audience) -> Result<Option<&'a Audience>, Error> {
        if self.is_auth0() || is_resource_indicator(&audience.identifier) {
            return Ok(self.further(audience));
        }
        Err(Error::Argument {
            name: "audience",
            problem: RESOURCE_PROBLEM.to_owned(),
        })
    }

    /// A provider gives tokens only for APIs that the sign-in named (RFC 8707 2.2), and may find out that one was not when
    /// it has rotated the refresh token already: oidc-provider does, and the next renewal would end the session.
    pub(super) fn ensure_named(&self, of: Option<&Audience>, named: &[String]) -> Result<(), Error> {
        let unnamed = of.filter(|audience| !self.is_auth0() && !named.contains(&audience.identifier));
        match unnamed {
            None => Ok(()),
            Some(audience) if self.configuration.resources.contains(&audience.identifier) => {
                Err(Error::InteractionRequired {
                    server: Endpoint::Token.into(),
                    code: "the sign-in did not name this API".to_owned(),
                })
            }
            Some(audience) => Err(Error::Configuration {
                field: "resources",
                problem: format!("must name {:?}, so that the sign-in asks for it", audience.identifier),
            }),
        }
    }

    /// The scopes and parameters to send.
    pub(super) fn asked_for<'a>(&self, renewal: &'a Renewal) -> (&'a [String], Vec<(String, String)>) {
        let Some(audience) = &renewal.audience else {
            return (&renewal.options.scopes, renewal.options.parameters.clone());
        };
        let name = if self.is_auth0() { "audience" } else { "resource" };
        (&audience.scopes, vec![(name.to_owned(), audience.identifier.clone())])
    }

    /// Other issuers may write their own name of the API into their tokens (RFC 8707 2), or nothing that can be read.
    pub(super) fn is_for_another_audience(&self, token: &Secret, of: Option<&Audience>) -> bool {
        of.is_some_and(|audience| self.is_auth0() && !seems_to_be_for(token, audience))
    }

    fn is_auth0(&self) -> bool {
        matches!(self.configuration.issuer, IssuerUrl::Auth0(_))
    }
}

/// Auth0 says nothing when it ignores an audience ("Configure and Implement Multi-Resource Refresh Token").
pub(super) fn is_ignored(of: Option<&Audience>) -> Error {
    let audience = of.map_or("", |audience| &audience.identifier);
    Error::ServerConfiguration {
        server: Endpoint::Token.into(),
        field: "audience",
        problem: format!(
            "the issuer ignored the audience {audience:?} and gave a token for another one: name the API and its \
             scopes in the application's Multi-Resource Refresh Token settings at Auth0; metadata needs \
             `metadataAccess: true`, or the Management API there"
        ),
    }
}
