//! Access tokens for further audiences with one refresh token.

mod answers;
mod refusals;
mod tokens;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pilotlight_core::ffi::SessionError;
use pilotlight_core::machine::error::Error;
use pilotlight_core::model::audience::Audience;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::session::{SessionManager, TokenOptions};
use pilotlight_identity_server::{Api, Options};
use serde_json::{Value, json};

use crate::world::{World, at_least, public};

pub(crate) const API: &str = "https://api.example.com/";
pub(crate) const OTHER: &str = "https://other.example.com/";

pub(crate) fn audience(identifier: &str, scopes: &[&str]) -> Audience {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Audience::parse(identifier.to_owned(), scopes).unwrap()
}

pub(crate) fn api() -> Audience {
    audience(API, &["read:messages"])
}

pub(crate) fn other() -> Audience {
    audience(OTHER, &[])
}

/// An issuer with these APIs in addition to the usual ones.
pub(crate) fn with_resources(identifiers: &[String]) -> Options {
    let mut options = Options::default().with(|s| s.multi_resource_refresh = true);
    options.apis.extend(identifiers.iter().map(|identifier| Api {
        identifier: identifier.clone(),
        scopes: Vec::new(),
    }));
    options
}

/// A world whose issuer gives tokens for several APIs.
pub(crate) async fn world() -> World {
    let mut options = with_resources(&[]);
    options.apis.push(Api {
        identifier: OTHER.to_owned(),
        scopes: vec!["read:all".to_owned()],
    });
    World::with(options).await
}

pub(crate) fn held(session: &SessionManager, audience: &Audience) -> Option<String> {
    session.with_cached_access_token_for(audience, Duration::ZERO, str::to_owned)
}

pub(crate) async fn asked(
    session: &SessionManager,
    audience: &Audience,
    options: TokenOptions,
) -> Result<Secret, Error> {
    session.access_token_for(audience, options).await
}

pub(crate) async fn token(session: &SessionManager, audience: &Audience) -> String {
    asked(session, audience, at_least(60))
        .await
        .unwrap()
        .expose()
        .to_owned()
}

pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

pub(crate) fn is_for(token: &str, audience: &str) -> bool {
    let claims = claims(token);
    let all = claims["aud"].as_array().cloned().unwrap_or(vec![claims["aud"].clone()]);
    all.contains(&json!(audience))
}

pub(crate) fn assert_fix_audience(outcome: Result<Secret, Error>) {
    let error = public(outcome);
    assert!(
        matches!(&error, SessionError::FixConfiguration { field, .. } if field == "audience"),
        "{error:?}"
    );
}
