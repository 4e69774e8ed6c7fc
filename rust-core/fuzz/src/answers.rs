//! Answers of an issuer's endpoints, or of a server that answers in its place. The input is a status, header lines, an empty
//! line and the body.

use std::sync::Arc;

use pilotlight_core::machine::error::Error;
use pilotlight_core::model::json::{DEEPEST, Object};
use pilotlight_core::model::profile::Profile;
use pilotlight_core::model::secret::{Secret, SecretBytes};
use pilotlight_core::model::time::Timestamp;
use pilotlight_core::protocol::discovery::IssuerMetadata;
use pilotlight_core::protocol::failure::Grant;
use pilotlight_core::protocol::message::HttpAnswer;
use pilotlight_core::protocol::userinfo::{self, UserInfo};
use pilotlight_core::protocol::{token, users};
use pilotlight_core::storage::envelope::StoredItem;
use serde_json::{Map, Value, json};
use url::Url;

use super::assert_presentable;

pub(super) const NOW: Timestamp = Timestamp(1_800_000_000);

pub(super) fn answer(input: &[u8]) -> HttpAnswer {
    let end = input.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((input, &[][..]), |end| (&input[..end], &input[end + 2..]));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split('\n');
    let status = lines.next().and_then(|line| line.trim().parse().ok()).unwrap_or(200);
    let headers = lines.filter_map(|line| line.split_once(':'));
    HttpAnswer {
        host: String::new(),
        status,
        headers: headers
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect(),
        body: SecretBytes::new(body.to_vec()),
    }
}

/// What the tolerant reader makes of the body: the same as serde_json, where that can read it.
pub(super) fn object(answer: &HttpAnswer) -> Map<String, Value> {
    let body = answer.body.expose();
    let read = Object::read(body);
    if let Ok(strict) = serde_json::from_slice::<Map<String, Value>>(body) {
        let read = read.as_ref().expect("it is an object");
        let twice = !read.is_exact() && read.is_complete();
        assert!(read.is_exact() || twice || depth(&Value::Object(strict.clone())) > DEEPEST);
        if read.is_complete() {
            assert_eq!(Object::read(body).unwrap().into_members(), strict);
        }
    }
    read.map(Object::into_members).unwrap_or_default()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Only a refusal in the protocol's words ends a session; tokens can be sent in a header.
pub fn token_answer(input: &[u8]) {
    let answer = answer(input);
    for grant in [Grant::RefreshToken, Grant::AuthorizationCode] {
        match token::read(&answer, grant, NOW).map_err(Error::from) {
            Ok(tokens) => {
                assert!((200..300).contains(&answer.status));
                assert!(tokens.access_token.is_some() || tokens.refresh_token.is_some());
                let sent = object(&answer);
                for (name, token) in [
                    ("access_token", &tokens.access_token),
                    ("refresh_token", &tokens.refresh_token),
                    ("id_token", &tokens.id_token),
                ] {
                    let Some(token) = token.as_ref().map(Secret::expose) else {
                        continue;
                    };
                    let is_token =
                        |text: &str| !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
                    assert!(is_token(token));
                    // Of two of one name the last that can be sent.
                    let last = sent.get(name).and_then(Value::as_str).filter(|last| is_token(last));
                    assert!(last.is_none_or(|last| last == token));
                }
            }
            Err(error) => {
                assert_presentable(&error);
                if let Error::Reauthenticate(_) = error {
                    assert_eq!(grant, Grant::RefreshToken);
                    assert!(matches!(answer.status, 400 | 401 | 403), "{}", answer.status);
                    let sent = object(&answer);
                    let code = sent.get("error").and_then(Value::as_str);
                    assert!(matches!(code, Some("invalid_grant" | "access_denied")), "{code:?}");
                    assert!(code == Some("invalid_grant") || answer.status == 403);
                }
            }
        }
    }
}

/// A profile is stored as it was read.
pub fn userinfo_answer(input: &[u8]) {
    let answer = answer(input);
    let _ = pilotlight_core::protocol::failure::refuses_token(&answer);
    match userinfo::read(&answer, NOW).map_err(Error::from) {
        Ok(UserInfo::Claims(claims)) => {
            let subject = claims.get("sub").and_then(Value::as_str).map(str::to_owned);
            if let Some(profile) = Profile::from_claims(claims, NOW) {
                assert_eq!(Some(&profile.subject), subject.as_ref());
                assert!(stored_and_read(&profile) == profile);
            }
        }
        Ok(UserInfo::Signed(_)) => assert_eq!(answer.media_type(), "application/jwt"),
        Err(error) => assert_presentable(&error),
    }
}

fn stored_and_read(profile: &Profile) -> Profile {
    let session = json!({
        "version": 1, "issuer": "https://issuer/", "client_id": "client", "subject": "user",
        "credentials": {"received_at": 0, "lifetime_seconds": 0}, "profile": profile,
    });
    let item = StoredItem::decode(&SecretBytes::from_json(&session).unwrap()).unwrap();
    Arc::unwrap_or_clone(item.into_session().unwrap().profile.unwrap())
}

/// A user's object at Auth0's Management API.
pub fn users_answer(input: &[u8]) {
    let answer = answer(input);
    let _ = users::refuses_token(&answer);
    match users::read(&answer, "metadata", NOW).map_err(Error::from) {
        Ok(user) => assert_eq!(user, object(&answer)),
        Err(error) => assert_presentable(&error),
    }
}

/// No endpoint without TLS, except on this machine, and no other issuer's document.
pub fn discovery_document(input: &[u8]) {
    let answer = answer(input);
    let configured: Url = "https://issuer.example/".parse().unwrap();
    match IssuerMetadata::read(&answer, &configured, NOW).map_err(Error::from) {
        Ok(metadata) => {
            let issuer: Url = metadata.issuer.parse().unwrap();
            assert_eq!(issuer.as_str().trim_end_matches('/'), "https://issuer.example");
            assert!(!metadata.id_token_algorithms.is_empty());
            let needed = [
                &metadata.authorization_endpoint,
                &metadata.token_endpoint,
                &metadata.jwks_uri,
            ];
            let offered = metadata.userinfo_endpoint.iter().chain(&metadata.revocation_endpoint);
            for endpoint in needed.into_iter().chain(offered) {
                let here = matches!(endpoint.host_str(), Some("localhost" | "[::1]"))
                    || endpoint.host_str().is_some_and(|host| host.starts_with("127."));
                assert!(endpoint.scheme() == "https" || here, "{endpoint}");
            }
        }
        Err(error) => assert_presentable(&error),
    }
}
