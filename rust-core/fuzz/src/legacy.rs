//! Answers of an older Auth0 tenant's endpoints, in the form of [`super::answers`].

use pilotlight_core::machine::error::Error;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::protocol::legacy::delegation::{self, Shown};
use pilotlight_core::protocol::legacy::{resource_owner, tokeninfo};

use super::answers::{NOW, answer, object};
use super::assert_presentable;

/// Only a refusal of a refresh token in the protocol's words ends a session, and no refresh token comes out of a
/// delegation; what was refused at a sign-in is said in words of Pilotlight's own, because the server's may quote the
/// password.
pub fn legacy_answer(input: &[u8]) {
    let answer = answer(input);
    let sent = object(&answer);
    for shown in [Shown::RefreshToken, Shown::IdToken] {
        let read = delegation::read(&answer, shown, NOW);
        if let Ok(body) = &read {
            assert!(!body.contains_key("refresh_token"));
        }
        let renewal = delegation::read_renewal(&answer, shown, NOW);
        if let Ok(tokens) = &renewal {
            assert!(tokens.id_token.is_some() && tokens.refresh_token.is_none() && tokens.access_token.is_none());
        }
        for error in [read.err(), renewal.err()].into_iter().flatten().map(Error::from) {
            assert_presentable(&error);
            if let Error::Reauthenticate(_) = error {
                assert_eq!(shown, Shown::RefreshToken);
                assert!(matches!(answer.status, 400 | 401 | 403), "{}", answer.status);
            }
        }
    }
    match tokeninfo::read(&answer, NOW).map_err(Error::from) {
        Ok(claims) => assert!(claims.contains_key("sub")),
        Err(error) => assert_presentable(&error),
    }
    match resource_owner::read(&answer, NOW).map_err(Error::from) {
        Ok(tokens) => assert!(
            tokens
                .id_token
                .as_ref()
                .map(Secret::expose)
                .is_none_or(|token| !token.is_empty())
        ),
        Err(error) => {
            assert_presentable(&error);
            let quoted = sent.get("error_description").and_then(serde_json::Value::as_str);
            // Short words are in every sentence.
            if let Some(quoted) = quoted.filter(|words| words.len() > 40) {
                assert!(!error.to_string().contains(quoted), "{error}");
            }
        }
    }
}
