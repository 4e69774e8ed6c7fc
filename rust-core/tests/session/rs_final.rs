use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::ports::{BoxFuture, Transport, TransportError};
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};
use pilotlight_core::session::{RefreshOptions, UpdateOutcome};
use pilotlight_identity_server::{Algorithm, Endpoint, Fault, IdTokenFault};
use serde_json::{Map, Value, json};

use crate::metadata_queue::{kept, object, queue, waiting};
use crate::world::{ADA, World, forced, is_signed_in, public};

/// The world's server, with a line put after the status line of each answer that begins with `status`.
#[derive(Debug)]
struct Behind { network: HttpTransport, port: u16 }

impl Behind {
    fn new(world: &World, status: &'static str, line: &'static str) -> Arc<Self> {
        let upstream = world.server.domain().rsplit("://").next().unwrap().trim_end_matches('/').to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || for client in listener.incoming() {
            let (mut client, mut server) = (client.unwrap(), TcpStream::connect(&upstream).unwrap());
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || { let _ = std::io::copy(&mut from, &mut to); let _ = to.shutdown(Shutdown::Both); });
            std::thread::spawn(move || {
                let mut buffer = [0; 65536];
                while let Ok(n @ 1..) = server.read(&mut buffer) {
                    let mut bytes = buffer[..n].to_vec();
                    if bytes.starts_with(format!("HTTP/1.1 {status}").as_bytes()) {
                        let end = bytes.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
                        bytes.splice(end..end, line.bytes());
                    }
                    if client.write_all(&bytes).is_err() { break }
                }
                let _ = client.shutdown(Shutdown::Both);
            });
        });
        Arc::new(Self { network: HttpTransport::new(), port })
    }
}

impl Transport for Behind {
    fn send(&self, mut request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        request.url.set_port(Some(self.port)).unwrap();
        self.network.send(request)
    }
}

async fn folded(line: &'static str) {
    let world = World::new().await; // rotates, leeway 0
    drop(world.signed_in().await);
    let session = world.session_over(world.configuration(), Behind::new(&world, "200", line));
    session.restore().await.unwrap();
    let first = session.access_token(forced()).await.map(|_| ());
    // The line is gone again.
    world.cooldown();
    let again = world.session();
    again.restore().await.unwrap();
    let second = again.access_token(forced()).await.map(|_| ());
    let counters = world.control().counters();
    assert!(first.is_ok() && second.is_ok() && is_signed_in(&again), "{first:?}; {second:?}; families killed {}", counters.families_killed);
}

#[tokio::test]
async fn f1_a_folded_header_loses_no_rotated_token() {
    folded("content-security-policy: default-src 'self';\r\n  script-src 'none'\r\n").await;
}
#[tokio::test]
async fn f1b_a_header_line_that_is_none_loses_no_rotated_token() { folded("X-Powered By: PHP\r\n").await; }

#[tokio::test]
async fn f2_a_large_user_does_not_block_the_queue() {
    let world = World::new().await;
    let user = |theme: Value| { let mut all = Map::new(); all.insert("big".to_owned(), json!("x".repeat(1_100_000))); all.insert("theme".to_owned(), theme); all };
    world.control().set_user_metadata(ADA, user(json!("")));
    let session = world.signed_in().await;
    let outcome = session.update_metadata_or_queue(object(json!({"theme": "dark"}))).await;
    // The user's other device is later.
    world.control().set_user_metadata(ADA, user(json!("light")));
    world.cooldown();
    let _ = session.flush_metadata_updates().await;
    assert_eq!(kept(&world)["theme"], "light", "{outcome:?}");
    assert!(waiting(&session).is_empty());
}
#[tokio::test]
async fn f2b_nor_does_one_that_is_nested_as_deeply_as_may_wait() {
    let world = World::new().await;
    world.control().set_user_metadata(ADA, Map::new());
    let session = world.signed_in().await;
    let deep = format!("{}1{}", "{\"a\":".repeat(101), "}".repeat(101));
    let outcome = session.update_metadata_or_queue(pilotlight_core::model::metadata::parse_object("test", &deep).unwrap()).await;
    assert!(matches!(outcome, Ok(UpdateOutcome::Done { .. }) | Err(_)), "applied, and waits for ever");
}

#[tokio::test]
async fn f3_a_firewalls_words_drop_no_change() {
    for fault in [
        Fault::status(403).header("content-type", "text/plain; charset=UTF-8").body("error code: 1020"),
        Fault::status(403).header("content-type", "application/xhtml+xml").body("<html></html>"),
        Fault::status(403).body("<!DOCTYPE html><html></html>"),
        Fault::status(404).header("content-type", "text/plain").body("default backend - 404"),
        Fault::status(405).header("x-amzn-waf-action", "captcha"),
    ] {
        let (world, session) = crate::metadata_queue::world().await;
        world.control().fault(Endpoint::Users, Fault::status(503));
        queue(&session, json!({"a": 1})).await;
        world.cooldown();
        world.control().fault(Endpoint::Users, fault.clone().times(2));
        let _ = session.flush_metadata_updates().await;
        world.control().clear_faults(Endpoint::Users);
        world.cooldown();
        session.flush_metadata_updates().await.unwrap();
        assert_eq!(kept(&world), json!({"a": 1}), "{fault:?}");
    }
}

#[tokio::test]
async fn f4_an_answer_that_is_not_old_tells_the_time_whoever_passed_it_on() {
    let world = World::new().await;
    world.control().fault(Endpoint::Any, Fault::headers(&[("age", "0")]).for_ever());
    world.clock.set_wall(86_400);
    let session = world.session();
    let callback = world.callback(&session, ADA).await;
    let outcome = session.complete_sign_in(&callback).await;
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn f5_a_session_does_not_end_before_it_begins() {
    for value in [json!(3600), json!(0), json!("86400"), json!(-1)] {
        let world = World::new().await;
        world.control().fault(Endpoint::Token, Fault::id_token(IdTokenFault::new().claim("session_expiry", value.clone())).for_ever());
        let session = world.session();
        let callback = world.callback(&session, ADA).await;
        let state = session.complete_sign_in(&callback).await.unwrap();
        assert!(is_signed_in(&session), "{value}: {state:?}");
    }
}

#[tokio::test]
async fn f6_words_in_german_hide_no_code() {
    let world = World::new().await;
    drop(world.signed_in().await);
    let line = "www-authenticate: Bearer error=\"invalid_token\", error_description=\"Token ungültig\"\r\n";
    world.control().fault(Endpoint::Userinfo, Fault::status(400));
    let session = world.session_over(world.configuration(), Behind::new(&world, "400", line));
    session.restore().await.unwrap();
    let profile = session.profile(true).await.map(|_| ());
    assert!(profile.is_ok(), "{profile:?}");
}

#[tokio::test]
async fn f7_a_scope_without_consent_does_not_end_the_session() {
    let world = World::new().await;
    let session = world.session_with(world.oidc_configuration());
    world.sign_in(&session, ADA).await;
    world.control().fault(Endpoint::Token, Fault::json(400, &json!({
        "error": "invalid_grant", "suberror": "consent_required", "error_codes": [65001],
        "error_description": "AADSTS65001: The user or administrator has not consented to use the application"})));
    let options = RefreshOptions { scopes: vec!["openid".to_owned(), "https://graph.microsoft.com/Mail.Read".to_owned()], parameters: Vec::new() };
    let error = session.refresh(options).await.map(|_| ());
    assert!(is_signed_in(&session), "{error:?}");
}

#[tokio::test]
async fn f8_a_curves_number_may_have_a_zero_in_front_as_rsas_may() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    #[derive(Debug)]
    struct Padding(HttpTransport);
    impl Transport for Padding {
        fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
            Box::pin(async move {
                let is_keys = request.url.path().contains("jwks");
                let mut answer = self.0.send(request).await?;
                if is_keys {
                    let mut set: Value = serde_json::from_slice(answer.body.expose()).unwrap();
                    for key in set["keys"].as_array_mut().unwrap().iter_mut().filter(|key| key["kty"] == "EC") {
                        for name in ["x", "y"] {
                            let number = BASE64.decode(key[name].as_str().unwrap()).unwrap();
                            key[name] = json!(BASE64.encode([&[0], &number[..]].concat()));
                        }
                    }
                    answer.body = pilotlight_core::model::secret::SecretBytes::new(set.to_string().into_bytes());
                }
                Ok(answer)
            })
        }
    }
    let world = World::new().await;
    world.control().change(|s| s.algorithm = Algorithm::ES256);
    world.control().fault(Endpoint::Discovery, Fault::answer(json!({"id_token_signing_alg_values_supported": ["ES256"]})).for_ever());
    let session = world.session_over(world.oidc_configuration(), Arc::new(Padding(HttpTransport::new())));
    let callback = world.callback(&session, ADA).await;
    let outcome = session.complete_sign_in(&callback).await;
    assert!(outcome.is_ok(), "{outcome:?}");
}

#[tokio::test]
async fn f9_a_captcha_of_the_firewalls_is_no_setting() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let captcha = Fault::status(405).header("content-type", "text/html").header("x-amzn-waf-action", "captcha").body("<!DOCTYPE html><html></html>");
    world.control().fault(Endpoint::Token, captcha.for_ever());
    crate::world::assert_unexpected(&public(session.access_token(forced()).await));
}

#[tokio::test]
async fn f10_a_refusal_with_status_200_is_one() {
    let refusal = || Fault::json(200, &json!({"ok": false, "error": "invalid_refresh_token"})).for_ever();
    let world = World::new().await;
    let session = world.signed_in().await;
    world.control().fault(Endpoint::Token, refusal());
    let mut last = None;
    for _ in 0..10 { world.cooldown(); last = Some(public(session.access_token(forced()).await)); }
    let last = last.unwrap();
    assert!(!matches!(last, pilotlight_core::ffi::SessionError::RetryLater { .. }), "{last:?}");
}

#[tokio::test]
async fn f11_okta_says_when_under_another_name() {
    let world = World::new().await;
    let session = world.signed_in().await;
    let reset = (world.control().now() + 120).to_string();
    for (name, value) in [("x-ratelimit-reset", reset.as_str()), ("x-rate-limit-reset", reset.as_str()), ("ratelimit-reset", "120")] {
        world.cooldown();
        world.control().fault(Endpoint::Userinfo, Fault::status(429).header(name, value));
        println!("PROBE {name}: {:?}", public(session.profile(true).await));
    }
}
