//! The session in a browser or web view (Auth0: "Native to Web SSO").
//!
//! **Promises.** Each caller gets a separate token, which is not kept. If the refresh token is rotated for it, the new
//! one is stored before the token is returned. **Needs** the context and the access tokens.

use std::sync::Arc;

use super::super::context::Context;
use super::access_tokens::AccessTokens;
use crate::machine::error::Error;
use crate::model::audience::Audience;
use crate::model::configuration::IssuerUrl;
use crate::model::secret::Secret;

/// The lifetime of such a token in seconds, if Auth0 does not state it.
const USUAL_LIFETIME: u64 = 60;

/// A session transfer token. `Debug` does not show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionTransfer {
    /// The token: anyone who has it can sign in with it, once.
    pub token: Secret,
    /// The token's lifetime.
    pub lifetime_seconds: u64,
    /// Where it is valid: the issuer's host.
    pub host: String,
}

#[derive(Debug)]
pub(in crate::session) struct SessionTransfers {
    context: Arc<Context>,
    access_tokens: Arc<AccessTokens>,
}

impl SessionTransfers {
    pub(in crate::session) fn new(context: Arc<Context>, access_tokens: Arc<AccessTokens>) -> Self {
        Self { context, access_tokens }
    }

    /// A new session transfer token.
    pub(in crate::session) async fn get(&self) -> Result<SessionTransfer, Error> {
        let host = match &self.context.configuration().issuer {
            IssuerUrl::Auth0(base) => base.host_str().unwrap_or_default().to_owned(),
            IssuerUrl::OpenIdConnect(_) => {
                return Err(Error::Configuration {
                    field: "issuer",
                    problem: "is not configured as an Auth0 tenant, and only Auth0 gives session transfer tokens"
                        .to_owned(),
                });
            }
        };
        let audience = Audience {
            identifier: format!("urn:{host}:session_transfer"),
            scopes: Vec::new(),
        };
        let (token, lifetime) = self.access_tokens.get_for_single_use(audience).await?;
        Ok(SessionTransfer {
            token,
            lifetime_seconds: lifetime.unwrap_or(USUAL_LIFETIME),
            host,
        })
    }
}
