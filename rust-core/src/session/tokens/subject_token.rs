//! The subject token of an exchange: one of the session's own tokens.

use std::sync::Arc;
use std::time::Duration;

use super::super::options::TokenOptions;
use super::access_tokens::AccessTokens;
use super::in_memory::TokensInMemory;
use super::requirement::TokenRequirement;
use crate::machine::error::Error;
use crate::model::secret::Secret;
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
            let in_hand = || memory.id_token(Duration::ZERO).filter(|token| Some(token) != refused);
            if let Some(token) = in_hand() {
                return Ok(token);
            }
            let requirement = match refused {
                None => TokenRequirement::IdToken(Duration::ZERO),
                Some(_) => TokenRequirement::Renewal,
            };
            access_tokens.renew_for_id_token(requirement, in_hand).await
        }
    }
}
