//! A server, a user with a browser, a device with a store and a clock, and the app that is launched on it.

mod by_hand;
mod clock;
mod tap;
mod world;

use std::fmt::Debug;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pilotlight_core::ffi::{RetryReason, SessionError, SignInReason};
use pilotlight_core::machine::error::Error;
use pilotlight_core::model::state::SessionState;
use pilotlight_core::session::TokenOptions;
use pilotlight_test_browser::ServerOptions;
use serde_json::Value;
use url::Url;

pub(crate) use by_hand::{
    answer_of_userinfo, cancel_at_oidc_provider, present_refresh_token, present_refresh_token_with, userinfo_status,
};
pub(crate) use world::{App, REDIRECT_URI, World};

/// The lifetime of access tokens, unless a test sets another.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);
/// Any token in memory that is still valid.
pub(crate) const ANY: TokenOptions = TokenOptions {
    min_ttl: Duration::ZERO,
    force_refresh: false,
    allow_expired: false,
};
/// Renew, regardless of the token in memory.
pub(crate) const NEW: TokenOptions = TokenOptions {
    min_ttl: Duration::ZERO,
    force_refresh: true,
    allow_expired: false,
};

pub(crate) fn five_minutes() -> ServerOptions {
    ServerOptions {
        access_token_ttl: Some(LIFETIME.as_secs()),
        ..ServerOptions::default()
    }
}

/// The error as an app sees it.
pub(crate) fn error_of<T: Debug>(result: Result<T, Error>) -> SessionError {
    match result {
        Ok(value) => panic!("no error but {value:?}"),
        Err(error) => SessionError::from(error),
    }
}

/// The signed-in user.
pub(crate) fn subject_of(state: Option<SessionState>) -> String {
    match state {
        Some(SessionState::SignedIn { subject, .. }) => subject,
        other => panic!("nobody is signed in: {other:?}"),
    }
}

/// The claims of a JWT, unverified.
pub(crate) fn claims_of(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// One parameter of a URL.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

pub(crate) fn assert_network_trouble(error: SessionError) {
    assert!(
        matches!(
            error,
            SessionError::RetryLater {
                reason: RetryReason::Network,
                ..
            }
        ),
        "{error:?}"
    );
}

pub(crate) fn assert_rejected(error: SessionError) {
    let rejected = matches!(
        error,
        SessionError::SignIn {
            reason: SignInReason::RefreshTokenRejected,
            ..
        }
    );
    assert!(rejected, "{error:?}");
}

pub(crate) fn assert_restart(error: SessionError, expected: &str) {
    assert!(
        matches!(&error, SessionError::RestartSignIn { code, .. } if code == expected),
        "{error:?}"
    );
}
