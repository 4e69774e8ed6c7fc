//! What ends a session and what does not: every answer that an issuer, or something in front of it, may give to a
//! renewal, and every way in which no answer comes. This makes the table in docs/reliability.md.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::ports::{BoxFuture, Transport};
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};
use pilotlight_core::protocol::transport_error::{TransportError, TransportErrorKind};
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, Signature};
use serde_json::{Value, json};

use crate::documented::{assert_documented, in_words};
use crate::world::{World, assert_renews, forced, is_signed_in, public};

pub(crate) const ENDED: &str = "**the session has ended**";
const DEAD: &str = "Unknown or invalid refresh token.";
const HOUR: i64 = 3600;

/// The only rows that may end a session.
pub(crate) fn refusals() -> Vec<(String, Fault)> {
    vec![
        row(400, "invalid_grant", ""),
        row(401, "invalid_grant", ""),
        row(403, "invalid_grant", DEAD),
        row(403, "access_denied", DEAD),
    ]
}

pub(crate) fn row(status: u16, code: &str, words: &str) -> (String, Fault) {
    let said = if words.is_empty() {
        String::new()
    } else {
        format!(" “{words}”")
    };
    (
        format!("{status}, `{code}`{said}"),
        Fault::oauth_error(status, code, words),
    )
}

pub(crate) fn bare(what: &str, fault: Fault) -> (String, Fault) {
    (what.to_owned(), fault)
}

pub(crate) fn id_token(what: &str, fault: IdTokenFault) -> (String, Fault) {
    bare(&format!("200, ID token: {what}"), Fault::id_token(fault))
}

/// Everything else, in the order of the table.
fn others(now: i64) -> Vec<(String, Fault)> {
    let claim = |name: &str, value: Value| IdTokenFault::new().claim(name, value);
    let empty = |status| bare(&format!("{status}, empty"), Fault::status(status));
    let page = |status, whose: &str| bare(&format!("{status}, a page: {whose}"), Fault::html(status));
    let json = |status: u16, what: &str, body: &Value| bare(&format!("{status}, {what}"), Fault::json(status, body));
    vec![
        row(400, "invalid_request", ""),
        row(400, "invalid_scope", ""),
        row(400, "invalid_target", ""),
        row(400, "unsupported_grant_type", ""),
        row(401, "invalid_client", ""),
        row(403, "unauthorized_client", ""),
        row(404, "endpoint_disabled", ""),
        row(403, "mfa_required", ""),
        json(
            403,
            "`mfa_required` with an `mfa_token`",
            &json!({"error": "mfa_required", "mfa_token": "Fe26.2*x"}),
        ),
        row(400, "interaction_required", ""),
        row(400, "login_required", ""),
        row(400, "consent_required", ""),
        json(
            400,
            "`invalid_grant` with `suberror` `consent_required` (Microsoft)",
            &json!({"error": "invalid_grant", "suberror": "consent_required"}),
        ),
        row(403, "access_denied", "Denied by a rule"),
        row(429, "too_many_requests", ""),
        row(400, "slow_down", ""),
        row(503, "temporarily_unavailable", ""),
        row(400, "server_error", ""),
        row(400, "made_up", ""),
        row(404, "invalid_grant", ""),
        row(407, "invalid_grant", ""),
        row(429, "invalid_grant", ""),
        row(500, "invalid_grant", DEAD),
        json(200, "`invalid_grant`", &json!({"error": "invalid_grant"})),
        json(400, "a string", &json!("invalid_grant")),
        json(
            400,
            "`error` that is no text",
            &json!({"error": {"code": "invalid_grant"}}),
        ),
        empty(200),
        empty(204),
        empty(400),
        empty(401),
        empty(403),
        empty(404),
        empty(405),
        bare(
            "405, a firewall's challenge",
            Fault::status(405).header("x-amzn-waf-action", "captcha"),
        ),
        bare(
            "202, a firewall's challenge",
            Fault::status(202).header("x-amzn-waf-action", "challenge"),
        ),
        page(405, "a firewall"),
        empty(407),
        empty(408),
        empty(413),
        empty(421),
        empty(429),
        bare(
            "429, `Retry-After: 240`",
            Fault::status(429).header("retry-after", "240"),
        ),
        empty(500),
        empty(502),
        bare(
            "503, `Retry-After: 120`",
            Fault::status(503).header("retry-after", "120"),
        ),
        empty(511),
        page(200, "a captive portal"),
        bare("302: a captive portal", Fault::redirect("http://127.0.0.1:1/login")),
        page(400, "a CDN"),
        page(401, "a portal that wants a password"),
        page(403, "a firewall"),
        page(407, "a proxy that wants a password"),
        page(502, "a proxy"),
        page(511, "a network that wants a sign-in"),
        bare("200, not JSON", Fault::garbage_json()),
        bare("200, 2 MB", Fault::huge_body(2 * 1024 * 1024)),
        json(200, "no token", &json!({})),
        json(200, "a list", &json!([])),
        json(
            200,
            "an access token of another type",
            &json!({"access_token": "a", "token_type": "mac"}),
        ),
        bare(
            "200, a byte order mark before it",
            Fault::bytes(b"\xef\xbb\xbf", b"", b""),
        ),
        bare(
            "200, a member that is not UTF-8",
            Fault::bytes(b"", b"\"name\":\"J\xfcrgen\",", b""),
        ),
        bare(
            "200, a member 5,000 levels deep",
            Fault::bytes(b"", &deep_member(), b""),
        ),
        bare(
            "200, members that are no JSON",
            Fault::bytes(b"\0", b"\"a\":\"5\" tall\",/* c */ \"b\":NaN,\"c\":\"\\ud83d\",,", b""),
        ),
        bare("200, a page behind it", Fault::bytes(b"", b"", b"<script>{}</script>")),
        bare(
            "200, `token_type` null",
            Fault::answer(json!({"token_type": null, "scope": null})),
        ),
        bare("200, in gzip", Fault::coded("gzip")),
        bare("200, in deflate", Fault::coded("deflate")),
        id_token("expired an hour ago", claim("exp", json!(now - HOUR))),
        id_token("issued an hour ahead", claim("iat", json!(now + HOUR))),
        id_token("of another issuer", claim("iss", json!("https://other.example/"))),
        id_token("for another client", claim("aud", json!("other"))),
        id_token("of another user", claim("sub", json!("other"))),
        id_token(
            "its signature is wrong",
            IdTokenFault::new().signature(Signature::Broken),
        ),
        id_token("not signed", IdTokenFault::new().signature(Signature::None)),
        id_token("of an unknown key", IdTokenFault::new().unknown_kid()),
        bare("200, `Date` ten years back", Fault::date_shifted(-10 * 365 * 24 * HOUR)),
        bare("200, `Date` ten years ahead", Fault::date_shifted(10 * 365 * 24 * HOUR)),
    ]
}

fn deep_member() -> Vec<u8> {
    [
        b"\"a\":".to_vec(),
        b"[".repeat(5_000),
        b"]".repeat(5_000),
        b",".to_vec(),
    ]
    .concat()
}

/// The state that the app gets from a renewal that meets this fault every time.
async fn announced(world: &World, fault: Fault) -> String {
    let session = world.session();
    session.restore().await.unwrap();
    world.control().fault(Endpoint::Token, fault.for_ever());
    let outcome = session.access_token(forced()).await;
    world.control().clear_faults(Endpoint::Token);
    world.cooldown();
    match outcome {
        Ok(_) => "renewed".to_owned(),
        Err(error) => in_words(public::<(), _>(Err(error))),
    }
}

#[tokio::test]
async fn the_table_row_by_row() {
    let mut table = String::from("| the token endpoint's answer to a renewal | what the app gets |\n| --- | --- |\n");
    for (what, fault) in refusals() {
        let world = World::new().await;
        drop(world.signed_in().await);
        let announced = announced(&world, fault).await;
        assert_eq!(announced, ENDED, "{what}");
        assert!(
            world.stored().unwrap()["credentials"].get("refresh_token").is_none(),
            "{what}"
        );
        writeln!(table, "| {what} | {announced} |").unwrap();
    }
    let world = World::new().await;
    drop(world.signed_in().await);
    for (what, fault) in others(world.control().now()) {
        let stored = world.stored();
        let announced = announced(&world, fault).await;
        assert_ne!(announced, ENDED, "{what}");
        if !what.contains("ID token") && announced != "renewed" {
            assert_eq!(world.stored(), stored, "{what}");
        }
        let restarted = world.session();
        restarted.restore().await.unwrap();
        assert!(is_signed_in(&restarted), "{what}");
        assert_renews(&restarted).await;
        world.cooldown();
        writeln!(table, "| {what} | {announced} |").unwrap();
    }
    let counters = world.control().counters();
    assert_eq!(
        (counters.families_killed, counters.spent_refresh_tokens_presented),
        (0, 0)
    );
    assert_documented("classification", &table);
}

/// A network that fails in one way until it is changed.
#[derive(Debug, Default)]
pub(crate) struct FailingNetwork {
    network: HttpTransport,
    failure: Mutex<Option<TransportError>>,
}

impl FailingNetwork {
    /// Fails from now on; with `None` it works again.
    pub(crate) fn fail(&self, failure: Option<TransportError>) {
        *self.failure.lock().unwrap() = failure;
    }
}

impl Transport for FailingNetwork {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        match self.failure.lock().unwrap().clone() {
            Some(failure) => Box::pin(std::future::ready(Err(failure))),
            None => self.network.send(request),
        }
    }
}

/// Untrusted certificates are among the failures, as with a device's clock that is wrong by years.
#[tokio::test]
async fn no_failure_of_the_network_ends_a_session() {
    let mut table =
        String::from("| no answer | the request cannot have arrived | it may have arrived |\n| --- | --- | --- |\n");
    let world = World::new().await;
    drop(world.signed_in().await);
    for (kind, what) in [
        (
            TransportErrorKind::Unreachable,
            "no network, no such name, nobody listens",
        ),
        (
            TransportErrorKind::Tls,
            "TLS: a certificate that is not trusted, a proxy, a clock that is wrong by years",
        ),
        (TransportErrorKind::Timeout, "no answer in time"),
        (TransportErrorKind::Interrupted, "the connection broke"),
        (TransportErrorKind::TooLarge, "more than 1 MiB"),
        (TransportErrorKind::NotHttp, "not HTTP"),
    ] {
        let mut cells = Vec::new();
        for may_have_been_processed in [false, true] {
            let network = Arc::new(FailingNetwork::default());
            let session = world.session_over(world.configuration(), network.clone());
            session.restore().await.unwrap();
            let stored = world.stored();
            network.fail(Some(TransportError {
                kind,
                may_have_been_processed,
            }));
            cells.push(in_words(public(session.access_token(forced()).await)));
            assert!(is_signed_in(&session), "{what}");
            assert_eq!(world.stored(), stored, "{what}");
            network.fail(None);
            world.cooldown();
            assert_renews(&session).await;
        }
        writeln!(table, "| {what} | {} |", cells.join(" | ")).unwrap();
    }
    assert_documented("no-answer", &table);
}
