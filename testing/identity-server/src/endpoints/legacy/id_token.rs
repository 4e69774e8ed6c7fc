//! ID tokens of the legacy endpoints: signed like the server's others, or with HS256 and a secret of the client.

use ring::{digest, hmac};
use serde_json::{Map, Value, json};

use super::request::LegacyRequest;
use crate::accounts::Account;
use crate::grant::Grant;
use crate::jws;
use crate::params::words;
use crate::tokens::Issue;

/// Why an ID token is not accepted, in the words of the library that Auth0's servers use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotTaken {
    Expired,
    Invalid,
}

impl NotTaken {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Expired => "jwt expired",
            Self::Invalid => "invalid signature",
        }
    }
}

/// A new ID token about `account` for the client of `grant`.
pub(super) fn issue(request: &LegacyRequest, grant: &Grant, account: &Account) -> String {
    let issue = Issue {
        grant,
        account,
        scope: &grant.scope,
        audience: None,
        family: None,
        refresh_token: None,
        again: true,
        id_token_fault: None,
    };
    let claims = issue.id_token_claims(&request.shared, &request.settings);
    let key = request.shared.keys.current(request.settings.algorithm);
    match &request.tampering.0 {
        Some(fault) => fault.apply(&key, claims),
        None if request.settings.legacy_hs256 => sign(&grant.client_id, &claims),
        None => jws::sign(&key, &claims),
    }
}

/// Signs any claims for a client with HS256.
pub(super) fn sign(client_id: &str, claims: &Map<String, Value>) -> String {
    let header = Map::from_iter([("alg".to_owned(), json!("HS256")), ("typ".to_owned(), json!("JWT"))]);
    jws::encode(&header, claims, |message| {
        hmac::sign(&secret(client_id), message).as_ref().to_vec()
    })
}

/// Who an ID token of this server's is about, and which client it is for.
pub(super) fn identify(request: &LegacyRequest, token: &str) -> Result<Grant, NotTaken> {
    let claims = if request.settings.legacy_hs256 {
        verify_symmetric(request, token)
    } else {
        jws::verify(&request.shared.keys, token)
    };
    let claims = claims.ok_or(NotTaken::Invalid)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let client_id = text("aud").filter(|audience| request.shared.client(audience).is_some());
    if text("iss").as_deref() != Some(&request.shared.issuer) {
        return Err(NotTaken::Invalid);
    }
    let expires_at = claims.get("exp").and_then(Value::as_i64).ok_or(NotTaken::Invalid)?;
    if request.shared.clock.now() >= expires_at {
        return Err(NotTaken::Expired);
    }
    Ok(Grant {
        client_id: client_id.ok_or(NotTaken::Invalid)?,
        user_id: text("sub").ok_or(NotTaken::Invalid)?,
        session: text("sid").unwrap_or_default(),
        scope: words("openid"),
        ..Grant::default()
    })
}

fn verify_symmetric(request: &LegacyRequest, token: &str) -> Option<Map<String, Value>> {
    let header = jws::object(token.split('.').next()?)?;
    let (message, signature) = token.rsplit_once('.')?;
    let claims = jws::object(message.split_once('.')?.1)?;
    let client = request.shared.client(claims.get("aud")?.as_str()?)?;
    let right = header.get("alg")? == "HS256"
        && hmac::verify(&secret(&client.id), message.as_bytes(), &jws::decode(signature)?).is_ok();
    right.then_some(claims)
}

/// A different secret for each client; as far as a test is concerned, nobody else can derive it.
fn secret(client_id: &str) -> hmac::Key {
    let hash = digest::digest(&digest::SHA256, format!("secret of {client_id}").as_bytes());
    hmac::Key::new(hmac::HMAC_SHA256, hash.as_ref())
}
