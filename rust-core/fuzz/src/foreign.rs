//! What other libraries archived.

use pilotlight_core::model::profile::Profile;
use pilotlight_core::model::secret::{Secret, SecretBytes};
use pilotlight_core::model::time::Timestamp;
use pilotlight_core::storage::migration::identity::UnverifiedIdentity;
use pilotlight_core::storage::migration::{ForeignSession, lock, read_archive, read_text};

/// The input is an archive, a profile's archive, a string and an ID token. Nothing comes out that is larger than what
/// went in allows, no token is empty, and no output for logs shows any of it.
pub fn foreign_archive(input: &[u8]) {
    let bytes = SecretBytes::new(input.to_vec());
    if let Ok(session) = read_archive(&bytes) {
        check(&session);
    }
    if let Some(claims) = lock::read_profile(&bytes) {
        let written = serde_json::Value::Object(claims.0.clone()).to_string();
        assert!(written.len() < 8 * 1024 * 1024, "{} bytes of profile", written.len());
        assert!(
            Profile::from_claims(claims.0, Timestamp(0)).is_some(),
            "a profile of nobody"
        );
    }
    let _ = read_text(&bytes);
    let token = Secret::new(String::from_utf8_lossy(input));
    if let Ok(identity) = UnverifiedIdentity::read(&token, "https://tenant.eu.auth0.com/", "native-app") {
        assert!(!identity.subject.is_empty());
    }
}

fn check(session: &ForeignSession) {
    let tokens = [&session.access_token, &session.refresh_token, &session.id_token];
    let shown = format!("{session:?}");
    for token in tokens.into_iter().flatten() {
        assert!(!token.expose().trim().is_empty(), "an empty token");
        // A short one may be part of a word.
        assert!(
            token.expose().len() < 12 || !shown.contains(token.expose()),
            "shown: {shown}"
        );
    }
    if let Some(id_token) = &session.id_token {
        let _ = UnverifiedIdentity::read(id_token, "https://tenant.eu.auth0.com/", "native-app");
    }
}
