//! Access tokens for further audiences: what tells them apart, and which are kept. Pure.

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::configuration::parse_scopes;
use crate::credentials::{Credentials, MonotonicReceipt};
use crate::error::Error;
use crate::id_token::{decode_object, names_audience};
use crate::secret::Secret;
use crate::sorted::sorted;

/// Further access tokens that are kept. One item of the store holds them all, and each may have a kilobyte or two.
pub const MOST_AUDIENCES: usize = 20;

/// What is wrong with a text that is no resource indicator.
pub const RESOURCE_PROBLEM: &str = "is not an absolute URI without a fragment (RFC 8707 2)";

/// Whether an issuer other than Auth0 can be asked for that API.
pub fn is_resource_indicator(text: &str) -> bool {
    Url::parse(text).is_ok_and(|uri| uri.fragment().is_none())
}

/// An API that an access token is for, and the scopes that were asked for there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audience {
    /// The API's identifier: `audience` at Auth0, `resource` at other providers (RFC 8707).
    pub identifier: String,
    /// The scopes, sorted and without duplicates: two orders of the same scopes are one token. None leave it to the
    /// issuer.
    pub scopes: Vec<String>,
}

/// An access token for an audience other than the session's, got with the same refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AudienceToken {
    /// What it is for.
    pub audience: Audience,
    /// The token and its age; never a refresh token or an ID token.
    pub credentials: Credentials,
    /// When it was received, if that was in this process.
    #[serde(skip)]
    pub received: MonotonicReceipt,
    /// The change of the session that brought it, if that was in this process.
    #[serde(skip)]
    pub revision: u64,
    /// The answer that brought it has not been looked at yet: it is stored, and not given out.
    #[serde(skip)]
    pub is_unchecked: bool,
}

impl Audience {
    /// Checks what the caller wrote.
    ///
    /// # Errors
    /// [`Error::Argument`]: an empty audience, or a scope that may not be sent.
    pub fn parse(identifier: String, scopes: Vec<String>) -> Result<Self, Error> {
        if identifier.trim().is_empty() {
            return Err(Error::Argument {
                name: "audience",
                problem: "is empty".to_owned(),
            });
        }
        let scopes = parse_scopes("scopes", scopes, false).map_err(Error::into_argument)?;
        Ok(Self {
            identifier,
            scopes: sorted(scopes),
        })
    }

    /// Whether an access token of Auth0's is for this audience, as far as can be told: Auth0 passes over an audience that
    /// the refresh token is not allowed, and answers with a token for the session's own. An API's tokens are JWTs there,
    /// and those for nothing but userinfo are not (Auth0: "Access Tokens"). What is inside is not believed, only read.
    pub fn seems_to_be_that_of(&self, access_token: &Secret) -> bool {
        let mut parts = access_token.expose().split('.');
        let (Some(payload), Some(_), None) = (parts.nth(1), parts.next(), parts.next()) else {
            // An encrypted one has five parts and cannot be read here.
            return access_token.expose().contains('.');
        };
        let claims = decode_object(payload);
        match claims.as_ref().and_then(|claims| claims.get("aud")) {
            Some(aud @ (Value::String(_) | Value::Array(_))) => names_audience(aud, &self.identifier),
            _ => true,
        }
    }
}

/// Puts a token in the place of the one for the same audience and scopes; the oldest goes where there are too many.
pub fn keep(tokens: &mut Vec<AudienceToken>, token: AudienceToken) {
    tokens.retain(|kept| kept.audience != token.audience);
    tokens.push(token);
    let surplus = tokens.len().saturating_sub(MOST_AUDIENCES);
    tokens.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::time::Timestamp;

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
            },
            received: None,
            revision: 0,
            is_unchecked: false,
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

    #[test]
    fn a_token_for_another_api_is_noticed_where_it_can_be_read() {
        let jwt = |claims: &str| Secret::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims)));
        let api = audience("https://api/", &[]);
        assert!(api.seems_to_be_that_of(&jwt(r#"{"aud":"https://api/"}"#)));
        assert!(api.seems_to_be_that_of(&jwt(r#"{"aud":["x","https://api/"]}"#)));
        assert!(api.seems_to_be_that_of(&jwt("{}")) && api.seems_to_be_that_of(&Secret::new("not.a.jwt")));
        assert!(api.seems_to_be_that_of(&Secret::new("a.b.c.d.e")), "encrypted");
        assert!(!api.seems_to_be_that_of(&jwt(r#"{"aud":"https://other/"}"#)));
        assert!(!api.seems_to_be_that_of(&Secret::new("opaque")));
    }
}
