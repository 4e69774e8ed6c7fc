//! Access tokens for further audiences: what distinguishes them, and which are kept. Pure.

use serde::Serialize;
use url::Url;

use crate::model::credentials::{Credentials, MonotonicReceipt};
use crate::model::invalid::InvalidValue;
use crate::model::scopes::parse_scopes;
use crate::model::sorted::sorted;

/// The number of further access tokens that are kept in memory. The newest of these are stored.
pub const MOST_AUDIENCES: usize = 200;

/// The problem of a text that is not a resource indicator.
pub const RESOURCE_PROBLEM: &str = "is not an absolute URI without a fragment (RFC 8707 2)";

/// Whether tokens for this API can be requested from an issuer other than Auth0.
pub fn is_resource_indicator(text: &str) -> bool {
    Url::parse(text).is_ok_and(|uri| uri.fragment().is_none())
}

/// The API that an access token is for, and the scopes that were requested for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Audience {
    /// The API's identifier: `audience` at Auth0, `resource` at other providers (RFC 8707).
    pub identifier: String,
    /// The scopes, sorted and without duplicates, so that their order does not distinguish tokens. Without scopes, the
    /// issuer decides.
    pub scopes: Vec<String>,
}

/// An access token for an audience other than the session's, obtained with the same refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AudienceToken {
    /// What it is for.
    pub audience: Audience,
    /// The token and its age; never a refresh token or an ID token.
    pub credentials: Credentials,
    /// When it was received, if that was in this process.
    #[serde(skip)]
    pub received: MonotonicReceipt,
    /// The revision of the session with which it came, if that was in this process.
    #[serde(skip)]
    pub revision: u64,
}

impl Audience {
    /// Validates the caller's values.
    ///
    /// # Errors
    /// [`InvalidValue`]: an empty audience, or a scope with characters that are not allowed.
    pub fn parse(identifier: String, scopes: Vec<String>) -> Result<Self, InvalidValue> {
        if identifier.trim().is_empty() {
            return Err(InvalidValue::new("audience", "is empty"));
        }
        let scopes = parse_scopes("scopes", scopes, false)?;
        Ok(Self {
            identifier,
            scopes: sorted(scopes),
        })
    }
}

/// Adds a token, or replaces the one for the same audience and scopes; if there are too many, the oldest is removed.
pub fn keep(tokens: &mut Vec<AudienceToken>, token: AudienceToken) {
    tokens.retain(|kept| kept.audience != token.audience);
    tokens.push(token);
    let surplus = tokens.len().saturating_sub(MOST_AUDIENCES);
    tokens.drain(..surplus);
}

/// Adds older tokens for other audiences to those that another process stored.
pub fn add_older(tokens: &mut Vec<AudienceToken>, older: &[AudienceToken]) {
    let is_other = |token: &&AudienceToken| {
        !token.credentials.unchecked && tokens.iter().all(|kept| kept.audience != token.audience)
    };
    let older: Vec<_> = older.iter().filter(is_other).cloned().collect();
    let room = MOST_AUDIENCES.saturating_sub(tokens.len()).min(older.len());
    tokens.splice(..0, older[older.len() - room..].iter().cloned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::Secret;
    use crate::model::time::Timestamp;

    fn audience(identifier: &str, scopes: &[&str]) -> Audience {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Audience::parse(identifier.to_owned(), scopes).unwrap()
    }

    fn token(identifier: &str) -> AudienceToken {
        AudienceToken {
            audience: audience(identifier, &[]),
            credentials: Credentials {
                access_token: Some(Secret::new(identifier)),
                refresh_token: None,
                id_token: None,
                scope: None,
                received_at: Timestamp(1),
                lifetime_seconds: 1,
                lives_by_id_token: false,
                unchecked: false,
                proof_key: None,
                is_bound: false,
            },
            received: None,
            revision: 0,
        }
    }

    #[test]
    fn the_order_of_scopes_does_not_matter_and_nothing_unsendable_passes() {
        assert_eq!(audience("a", &["y", "x", "y"]), audience("a", &["x", "y"]));
        assert_ne!(audience("a", &["x"]), audience("a", &[]));
        assert!(Audience::parse(" ".to_owned(), Vec::new()).is_err());
        assert!(Audience::parse("a".to_owned(), vec!["x y".to_owned()]).is_err());
    }

    #[test]
    fn each_audience_has_one_token_and_the_oldest_goes() {
        let mut tokens = Vec::new();
        for number in 0..MOST_AUDIENCES {
            keep(&mut tokens, token(&number.to_string()));
        }
        keep(&mut tokens, token("0"));
        assert_eq!(tokens.len(), MOST_AUDIENCES);
        keep(&mut tokens, token("new"));
        assert_eq!(tokens.len(), MOST_AUDIENCES);
        assert!(!tokens.contains(&token("1")) && tokens.contains(&token("0")) && tokens.contains(&token("new")));
    }
}
