//! The subject token of an exchange: one of the session's own tokens.

use std::sync::Arc;
use std::time::Duration;

use super::super::options::TokenOptions;
use super::access_tokens::AccessTokens;
use super::in_memory::TokensInMemory;
use super::requirement::{Renewal, TokenRequirement};
use crate::machine::error::Error;
use crate::model::secret::Secret;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::exchanged_token::OwnToken;

/// A valid subject token. If `refused` is given, it is another one.
pub(super) async fn fresh(
    memory: &TokensInMemory,
    access_tokens: &Arc<AccessTokens>,
    which: OwnToken,
    refused: Option<&Secret>,
) -> Result<Secret, Error> {
    let renewed = TokenOptions {
        force_refresh: refused.is_some(),
        ..TokenOptions::default()
    };
    match (which, refused) {
        (OwnToken::AccessToken, None) => access_tokens.get(None, renewed).await,
        (OwnToken::AccessToken, Some(refused)) => {
            access_tokens
                .get_other_than(refused.clone(), None, Duration::ZERO)
                .await
        }
        (OwnToken::RefreshToken, _) => {
            memory.ensure_kind(&TokenRequirement::Renewal)?;
            if refused.is_some() && memory.refresh_token().as_ref() == refused {
                access_tokens.get(None, renewed).await?;
            }
            memory.refresh_token().ok_or_else(|| memory.why_not_renewable())
        }
        (OwnToken::IdToken, _) => {
            let good = || memory.id_token(Duration::ZERO).filter(|token| Some(token) != refused);
            if let Some(token) = good() {
                return Ok(token);
            }
            let requirement = match refused {
                None => TokenRequirement::IdToken(Duration::ZERO),
                Some(_) => TokenRequirement::Renewal,
            };
            access_tokens.renew(Renewal::of(None), requirement).await?;
            good().ok_or_else(|| Error::ServerConfiguration {
                server: Endpoint::TOKEN.into(),
                field: "scopes",
                problem: "the issuer sent no ID token to exchange; request the scope openid".into(),
            })
        }
    }
}
