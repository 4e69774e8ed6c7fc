//! Promise 7: no secret and no personal data appears in any log, error, `Debug` or URL; the refresh token does not
//! cross to Swift.

use std::collections::HashMap;

use pilotlight_core::ffi::SessionError;
use pilotlight_core::machine::event::SessionEvent;
use pilotlight_core::model::profile::Claims;
use pilotlight_core::model::secret::Secret;
use pilotlight_core::protocol::userinfo::UserInfo;
use pilotlight_core::session::{RefreshOptions, SignInOptions, SignInRequest, UpdateOutcome};
use pilotlight_identity_server::{Endpoint, Fault};
use serde_json::{Map, Value, json};
use url::Url;

use crate::device_sso;
use crate::reports::events;
use crate::world::{ADA, World, cached, disk_full, forced};

/// All output, searched for everything that must not be in it.
struct Search {
    said: String,
    secrets: Vec<(String, String)>,
}

impl Search {
    fn hear(&mut self, said: impl std::fmt::Debug) {
        self.said.push_str(&format!("{said:?}\n{said:#?}\n"));
    }

    fn hear_error(&mut self, error: pilotlight_core::machine::error::Error) {
        self.said.push_str(&format!("{error:?} {error}\n"));
        let error = SessionError::from(error);
        self.said.push_str(&format!("{error:?} {error}\n"));
    }

    fn keep(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= 8, "{name} is too short to search for");
        self.secrets.push((name.to_owned(), secret.to_owned()));
    }

    fn keep_stored(&mut self, world: &World) {
        let credentials = world.stored().unwrap()["credentials"].clone();
        for name in ["access_token", "refresh_token", "id_token"] {
            self.keep(name, credentials[name].as_str().unwrap());
        }
        for name in ["nonce", "device_secret"] {
            self.keep(name, world.stored().unwrap()[name].as_str().unwrap());
        }
    }

    fn assert_silence(&self) {
        assert!(
            self.said.len() > 1000,
            "nothing was said: the search would find nothing"
        );
        for (name, secret) in &self.secrets {
            assert!(!self.said.contains(secret.as_str()), "{name} was said");
        }
    }
}

#[tokio::test]
async fn planted_secrets_are_nowhere_to_be_found() {
    let world = World::new().await.impatient();
    let session = world.session_with(device_sso::first(&world));
    let mut events = events(&session);
    let mut search = Search {
        said: String::new(),
        secrets: Vec::new(),
    };
    search.keep("e-mail address", ADA);

    // A sign-in, with each step failing once.
    let request = session.begin_sign_in(SignInOptions::default()).await.unwrap();
    search.hear(&session);
    let callback = world.server.authorize(&request.url, ADA).await.unwrap();
    let callback_url = Url::parse(&callback).unwrap();
    let of_callback = |name: &str| {
        callback_url
            .query_pairs()
            .find(|(key, _)| key == name)
            .unwrap()
            .1
            .into_owned()
    };
    search.keep("code", &of_callback("code"));
    search.keep("state", &of_callback("state"));
    search.hear_error(
        session
            .complete_sign_in(&callback.replace("state=", "state=x"))
            .await
            .unwrap_err(),
    );
    search.hear_error(
        session
            .complete_sign_in(&format!("{callback}&code=again"))
            .await
            .unwrap_err(),
    );
    search.hear_error(session.complete_sign_in("not a url").await.unwrap_err());
    for fault in [
        Fault::status(503),
        Fault::html(400),
        Fault::garbage_json(),
        Fault::reset(),
        Fault::stall(),
    ] {
        world.control().fault(Endpoint::Token, fault);
        search.hear_error(session.complete_sign_in(&callback).await.unwrap_err());
    }
    search.hear(session.complete_sign_in(&callback).await);
    search.keep_stored(&world);
    search.hear(&session);

    // Renewals that succeed and fail; a server that quotes what it received.
    search.hear(session.access_token(forced()).await);
    search.keep_stored(&world);
    let quoted = format!(
        "unknown refresh_token {} for {}",
        world.stored_refresh_token(),
        cached(&session).unwrap()
    );
    for fault in [
        Fault::oauth_error(400, "invalid_request", &quoted),
        Fault::oauth_error(403, "access_denied", &quoted),
        Fault::oauth_error(418, &quoted, &quoted),
        Fault::json(400, &json!({"error": quoted})),
        Fault::status(400).body(&quoted),
        Fault::status(500).body(&quoted),
        Fault::redirect(&format!("http://127.0.0.1:1/?{}", world.stored_refresh_token())),
    ] {
        world.control().fault(Endpoint::Token, fault.for_ever());
        search.hear_error(session.access_token(forced()).await.unwrap_err());
        world.control().clear_faults(Endpoint::Token);
        world.cooldown();
    }
    world.store.fail_writes(Some(disk_full()));
    search.hear_error(session.access_token(forced()).await.unwrap_err());
    world.store.fail_writes(None);
    search.hear(session.access_token(forced()).await);
    search.keep_stored(&world);

    // Profile and metadata.
    let profile = session.profile(true).await.unwrap();
    search.keep("name", profile.name.as_deref().unwrap());
    search.hear(&profile);
    let patch: Map<String, Value> = json!({"planted_key": "planted value"}).as_object().cloned().unwrap();
    search.keep("metadata", "planted value");
    session.update_metadata(patch.clone()).await.unwrap();
    let quoted = format!("Payload {} of Bearer {}", "x".repeat(40), cached(&session).unwrap());
    world.control().fault(
        Endpoint::Users,
        Fault::json(400, &json!({"statusCode": 400, "message": quoted})),
    );
    search.hear_error(session.update_metadata(patch).await.unwrap_err());
    world.control().fault(
        Endpoint::Userinfo,
        Fault::answer(json!({"sub": "auth0|planted-other-user"})),
    );
    search.keep("another subject", "planted-other-user");
    search.hear_error(session.profile(true).await.unwrap_err());

    let announced = events.take();
    assert!(announced.len() >= 10, "{announced:?}");
    for event in announced {
        if let SessionEvent::RenewalFailed { cause, .. } = &event {
            search.hear_error((*cause.0).clone());
        }
        search.hear(event);
    }

    // An item that cannot be read.
    let (name, item) = world.store.items().pop_first().unwrap();
    world.store.put(&name, &item[..item.len() - 1]);
    let restarted = world.session();
    search.hear_error(restarted.restore().await.unwrap_err());
    search.hear(&restarted);
    search.hear(session.sign_out().await);
    search.hear(&session);
    search.said.push_str(&world.log.text());
    search.assert_silence();

    // And no URL that the server saw, which its log contains.
    let seen = format!("{:?}", world.control().requests());
    for (name, secret) in &search.secrets {
        assert!(!seen.contains(secret.as_str()), "{name} was in a URL");
    }
}

/// Everything that Swift can get: the result of every method, by type. A refresh token is in none of them, and the
/// verifier is not in the sign-in's URL.
#[tokio::test]
async fn the_refresh_token_stays_in_the_core() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let refresh_token = world.stored_refresh_token();
    let handed_out = [
        session
            .access_token(Default::default())
            .await
            .unwrap()
            .expose()
            .to_owned(),
        format!("{:?}", session.state()),
        Value::Object(session.profile(true).await.unwrap().other_claims.0).to_string(),
        Value::Object(session.fetch_user(&[], true).await.unwrap()).to_string(),
        session.begin_sign_in(SignInOptions::default()).await.unwrap().url,
    ];
    assert!(handed_out.iter().all(|text| !text.contains(&refresh_token)));
}

#[test]
fn options_and_answers_do_not_print_what_they_hold() {
    const PLANTED: &str = "planted";
    let parameters: HashMap<_, _> = [("hint".to_owned(), PLANTED.to_owned())].into();
    let sign_in = SignInOptions {
        login_hint: Some(PLANTED.to_owned()),
        parameters: parameters.clone(),
        ..SignInOptions::default()
    };
    let request = SignInRequest {
        url: format!("https://id.example.com/authorize?login_hint={PLANTED}"),
        callback_scheme: "com.example".to_owned(),
        attempt: 1,
    };
    let claims = json!({"sub": PLANTED, PLANTED: 1}).as_object().cloned().unwrap();
    let done = UpdateOutcome::Done {
        metadata: Claims(claims.clone()),
    };
    for printed in [
        format!("{sign_in:?} {sign_in:#?}"),
        format!("{:?}", RefreshOptions::parse(Vec::new(), parameters).unwrap()),
        format!("{request:?}"),
        format!(
            "{:?} {:?}",
            UserInfo::Claims(claims),
            UserInfo::Signed(Secret::new(PLANTED))
        ),
        format!("{done:?}"),
    ] {
        assert!(!printed.contains(PLANTED), "{printed}");
    }
}
