//! Sessions of older Auth0 tenants, where the configuration allows it: such a session lives by its ID token, as those
//! that Lock 1 kept, and is renewed by delegation. Here is what is different about that; turns, retries, sharing one
//! renewal and storing are those of every session (`renewal`).
//!
//! `password` signs in with a password, `delegation` asks for add-ons' tokens and for the profile.

mod delegation;
mod password;

pub use delegation::DelegationOptions;
pub use password::PasswordSignIn;

use std::collections::HashMap;
use std::time::Duration;

use url::Url;

use super::current::RenewalInput;
use super::options::Renewal;
use super::refresh::TokenRequirement;
use super::{SessionManager, Shared};
use crate::machine::error::Error;
use crate::machine::input::{CheckResult, LifetimeShort};
use crate::machine::{RenewalKind, Verdict};
use crate::model::configuration::{IssuerUrl, parse_parameters};
use crate::model::secret::Secret;
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::legacy::delegation::{self as endpoint, Shown, Wanted};
use crate::protocol::message::HttpRequest;
use crate::protocol::token::TokenAnswer;

impl SessionManager {
    /// Calls `use_token` with the ID token in memory, if it is good for at least `min_ttl`. Memory only. `None` also
    /// where the configuration does not allow the legacy calls.
    pub fn with_cached_id_token<T>(&self, min_ttl: Duration, use_token: impl FnOnce(&str) -> T) -> Option<T> {
        let shared = &self.shared;
        shared.legacy_base().ok()?;
        let token = shared
            .current
            .saved_id_token(min_ttl, shared.now(), shared.server_now())?;
        Some(use_token(token.expose()))
    }

    /// An ID token good for at least `min_ttl`: from memory, or renewed (network; persists). A session that lives by
    /// its ID token is renewed by delegation, any other as ever. However many ask, one renewal is sent.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`], with what [`endpoint::read`] says of the answer; [`Error::Configuration`]
    /// where the legacy calls are not allowed.
    pub async fn id_token(&self, min_ttl: Duration) -> Result<Secret, Error> {
        let shared = &self.shared;
        shared.legacy_base()?;
        shared.ensure_session().await?;
        if let Some(token) = shared.id_token(min_ttl) {
            return Ok(token);
        }
        let too_much = || Error::Argument {
            name: "min_ttl",
            problem: "is more than the issuer's ID tokens live".to_owned(),
        };
        let is_short = shared
            .current
            .was_short_lived(&RenewalKind::IdToken, min_ttl.as_secs(), shared.now());
        if is_short && shared.id_token(Duration::ZERO).is_some() {
            return Err(too_much());
        }
        self.renew(Renewal::of(None), TokenRequirement::IdToken(min_ttl))
            .await?;
        if let Some(token) = shared.id_token(min_ttl) {
            return Ok(token);
        }
        // Signed out meanwhile?
        shared.ensure_session().await?;
        Err(match shared.id_token(Duration::ZERO) {
            Some(_) => {
                shared.current.apply(LifetimeShort {
                    kind: RenewalKind::IdToken,
                    lifetime: min_ttl.as_secs(),
                    now: shared.now(),
                    chance: shared.chance()?,
                });
                too_much()
            }
            None => Error::ServerConfiguration {
                server: Endpoint::Token.into(),
                field: "scopes",
                problem: "the renewal brought no ID token that is good; the scope openid brings it".to_owned(),
            },
        })
    }
}

impl Shared {
    /// Where the legacy endpoints are.
    ///
    /// # Errors
    /// [`Error::Configuration`] unless the configuration allows them.
    pub(super) fn legacy_base(&self) -> Result<&Url, Error> {
        match &self.configuration.issuer {
            IssuerUrl::Auth0(base) if self.configuration.legacy => Ok(base),
            _ => Err(Error::Configuration {
                field: "legacy",
                problem: "is off, and this call uses Auth0's endpoints of before June 2017; switch it on only for a \
                          tenant that still has them"
                    .to_owned(),
            }),
        }
    }

    fn id_token(&self, min_ttl: Duration) -> Option<Secret> {
        self.current.id_token(min_ttl, self.now(), self.server_now())
    }

    /// Access tokens are none of the business of a session that lives by its ID token: delegation brings none.
    pub(super) fn ensure_kind(&self, requirement: &TokenRequirement) -> Result<(), Error> {
        if self.current.lives_by_id_token() && !matches!(requirement, TokenRequirement::IdToken(_)) {
            return Err(Error::Configuration {
                field: "legacy",
                problem: "sessions get no new access token: this one lives by its ID token, which id_token gives and \
                          renews; a sign-in with the browser brings access tokens"
                    .to_owned(),
            });
        }
        Ok(())
    }

    /// The request that renews an ID token.
    pub(super) fn delegation_request(&self, shown: Shown, token: &Secret) -> Result<HttpRequest, Error> {
        let configuration = &self.configuration;
        // A refresh token is what there is already.
        let scopes = configuration.scopes.iter().map(String::as_str);
        let scopes: Vec<_> = scopes.filter(|scope| *scope != "offline_access").collect();
        let wanted = Wanted {
            api_type: "app",
            target: None,
            scope: &scopes.join(" "),
            parameters: &[],
        };
        Ok(endpoint::request(
            self.legacy_base()?,
            &configuration.client_id,
            shown,
            token,
            &wanted,
        )?)
    }

    /// Believes the renewed ID token, then stores it, then gives it. The other way round than for a rotated refresh
    /// token, which would be lost: here nothing is, and what is not believed leaves the session as it was.
    pub(super) async fn take_delegation(
        &self,
        input: RenewalInput,
        tokens: TokenAnswer,
        sent: Instant,
    ) -> Result<Secret, Error> {
        let unexpected = |problem: String| Error::UnexpectedAnswer {
            server: Endpoint::Delegation.into(),
            status: 200,
            problem,
        };
        let Some(id_token) = tokens.id_token.clone() else {
            return Err(unexpected("no ID token".to_owned()));
        };
        self.check_renewed_id_token(&id_token, &input)
            .await
            .map_err(|error| unexpected(error.to_string()))?;
        let taken = self.current.renewed(input.generation, None, &tokens, sent);
        if taken.verdict == Verdict::Superseded {
            self.log(LogLevel::Info, "dropped a late answer to a session that is gone");
            return self.id_token(Duration::ZERO).ok_or(Error::NoSession);
        }
        // Checked already.
        let refresh_token = None;
        self.current
            .checked(input.generation, None, CheckResult::Accepted { refresh_token });
        let saved = self.save().await;
        self.release_process_lock();
        self.current.publish(self.now());
        if self.current.generation() != input.generation {
            return self.id_token(Duration::ZERO).ok_or(Error::NoSession);
        }
        saved?;
        self.log(LogLevel::Info, "renewed the ID token by delegation");
        Ok(id_token)
    }
}

/// Checks extra parameters of a legacy call; `taken` are those that the call itself sets.
fn parse_more(parameters: HashMap<String, String>, taken: &[&str]) -> Result<Vec<(String, String)>, Error> {
    let parsed = parse_parameters("parameters", parameters)?;
    match parsed.iter().find(|(name, _)| taken.contains(&name.as_str())) {
        Some((name, _)) => Err(Error::Argument {
            name: "parameters",
            problem: format!("sets {name:?}, which is an argument of its own"),
        }),
        None => Ok(parsed),
    }
}
