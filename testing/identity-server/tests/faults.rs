//! Faults as seen from the client's end of the wire, read with a bare socket because a client library would hide them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests too")]

mod common;

use std::io::ErrorKind;
use std::time::Duration;

use common::*;
use pilotlight_identity_server::{Endpoint, Fault, IdTokenFault, IdentityServer, Signature};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends a request over a separate connection.
async fn open(server: &IdentityServer, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.domain().strip_prefix("http://").unwrap())
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

const JWKS: &str = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn refresh_request(token: &str) -> String {
    let body = format!("grant_type=refresh_token&client_id={CLIENT}&refresh_token={token}");
    let length = body.len();
    format!(
        "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

#[tokio::test]
async fn a_reset_before_processing_is_a_real_one_and_leaves_the_token_unspent() {
    let server = server().await;
    let token = text(&tokens(&server, ADA, SCOPE, "").await, "refresh_token");
    server.control().fault(Endpoint::Token, Fault::reset());
    let mut stream = open(&server, &refresh_request(&token)).await;
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(refresh(&server, &token).await.status, 200);
    let counters = server.control().counters();
    assert_eq!((counters.refresh_grants, counters.refresh_grants_honoured), (2, 1));
    assert_eq!(counters.spent_refresh_tokens_presented, 0);
}

#[tokio::test]
async fn a_reset_after_processing_has_rotated_the_token() {
    let server = server().await;
    let token = text(&tokens(&server, ADA, SCOPE, "").await, "refresh_token");
    server
        .control()
        .fault(Endpoint::Token, Fault::reset().after_processing());
    let mut stream = open(&server, &refresh_request(&token)).await;
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.control().counters().refresh_grants_honoured, 1);
    assert_eq!(
        refresh(&server, &token).await.error(),
        (403, "invalid_grant".into()),
        "no leeway, no way back"
    );
    let record = &server.control().requests()[2];
    assert_eq!((record.status, record.fault), (None, Some("reset")));
}

#[tokio::test]
async fn a_truncated_body_ends_with_the_connection_before_its_announced_length() {
    let server = server().await;
    server.control().fault(Endpoint::Jwks, Fault::truncate());
    let mut stream = open(&server, JWKS).await;
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    let read = String::from_utf8(read).unwrap();
    let (head, body) = read.split_once("\r\n\r\n").unwrap();
    let announced: usize = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
        .unwrap();
    assert!(head.starts_with("HTTP/1.1 200"));
    assert!(
        !body.is_empty() && body.len() < announced,
        "{} of {announced}",
        body.len()
    );
}

#[tokio::test]
async fn a_stalled_body_begins_and_never_ends() {
    let server = server().await;
    server.control().fault(Endpoint::Jwks, Fault::stall_body());
    let mut stream = open(&server, JWKS).await;
    let mut read = String::new();
    let mut buffer = [0; 4096];
    while !read.contains("\r\n\r\n{\"keys") {
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the connection ended");
        read.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    assert_eq!(stream.try_read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_stall_answers_nothing_and_does_not_process() {
    let server = server().await;
    let token = text(&tokens(&server, ADA, SCOPE, "").await, "refresh_token");
    server.control().fault(Endpoint::Token, Fault::stall());
    let stream = open(&server, &refresh_request(&token)).await;
    server.control().wait_for_requests(Endpoint::Token, 2).await;
    assert_eq!(
        refresh(&server, &token).await.status,
        200,
        "others are served meanwhile, and the token is unspent"
    );
    assert_eq!(stream.try_read(&mut [0; 16]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_held_request_waits_for_its_release() {
    let server = server().await;
    let control = server.control();
    let token = text(&tokens(&server, ADA, SCOPE, "").await, "refresh_token");
    control.fault(Endpoint::Token, Fault::hold().after_processing());
    let answer = tokio::join!(refresh(&server, &token), async {
        control.wait_for_held(Endpoint::Token, 1).await;
        assert_eq!(
            control.counters().refresh_grants_honoured,
            1,
            "it was processed before it was held"
        );
        assert_eq!(control.requests().last().unwrap().status, None);
        assert_eq!(control.release(Endpoint::Any), 1);
    })
    .0;
    assert_eq!(answer.status, 200);
    assert_eq!((control.held(Endpoint::Any), control.release(Endpoint::Any)), (0, 0));
}

#[tokio::test]
async fn answers_of_ones_own_come_in_order_and_only_as_often_as_asked() {
    let server = server().await;
    let control = server.control();
    control.fault(
        Endpoint::Userinfo,
        Fault::status(503).header("Retry-After", "7").times(2),
    );
    control.fault(Endpoint::Userinfo, Fault::status(400));
    control.fault(Endpoint::Userinfo, Fault::html(200));
    control.fault(Endpoint::Userinfo, Fault::garbage_json());
    control.fault(Endpoint::Userinfo, Fault::huge_body(1 << 20));
    control.fault(Endpoint::Userinfo, Fault::redirect("https://portal.example.com/"));
    control.fault(
        Endpoint::Userinfo,
        Fault::oauth_error(429, "too_many_requests", "Slow down"),
    );
    let token = text(&tokens(&server, ADA, SCOPE, "").await, "access_token");
    let next = async || get(&server, "userinfo", &token).await;
    for _ in 0..2 {
        let busy = next().await;
        assert_eq!((busy.status, busy.header("retry-after")), (503, Some("7")));
    }
    let empty = next().await;
    assert_eq!((empty.status, empty.text.as_str()), (400, ""));
    let portal = next().await;
    assert_eq!(
        (portal.status, portal.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    let garbage = next().await;
    assert_eq!(garbage.header("content-type"), Some("application/json"));
    assert!(serde_json::from_str::<serde_json::Value>(&garbage.text).is_err());
    assert!(next().await.text.len() > 1 << 20);
    assert_eq!(next().await.header("location"), Some("https://portal.example.com/"));
    assert_eq!(next().await.error(), (429, "too_many_requests".into()));
    assert_eq!(next().await.status, 200);
    assert!(control.waiting_faults().is_empty());
}

#[tokio::test]
async fn an_error_after_processing_hides_what_was_done() {
    let server = server().await;
    let token = text(&tokens(&server, ADA, SCOPE, "").await, "refresh_token");
    server
        .control()
        .fault(Endpoint::Token, Fault::status(502).after_processing());
    assert_eq!(refresh(&server, &token).await.status, 502);
    assert_eq!(refresh(&server, &token).await.status, 403);
    assert_eq!(server.control().counters().families_killed, 1);
}

#[tokio::test]
async fn faults_for_ever_last_until_they_are_cleared() {
    let server = server().await;
    server.control().fault(Endpoint::Any, Fault::status(503).for_ever());
    for path in [
        ".well-known/jwks.json",
        ".well-known/openid-configuration",
        "userinfo",
        "v2/logout",
    ] {
        assert_eq!(get(&server, path, "x").await.status, 503, "{path}");
    }
    server.control().clear_faults(Endpoint::Any);
    assert_eq!(get(&server, ".well-known/jwks.json", "x").await.status, 200);
}

#[tokio::test]
async fn the_date_header_follows_the_clock_and_may_be_wrong_or_missing() {
    let server = server().await;
    let control = server.control();
    control.freeze_clock();
    let date = async || {
        let answer = get(&server, ".well-known/jwks.json", "x").await;
        let date = answer
            .header("date")
            .map(|date| httpdate::parse_http_date(date).unwrap());
        date.map(|date| i64::try_from(date.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap())
    };
    let now = control.now();
    assert_eq!(date().await, Some(now));
    control.advance(Duration::from_secs(3600));
    assert_eq!(date().await, Some(now + 3600));
    control.fault(Endpoint::Jwks, Fault::date_shifted(-86_400));
    control.fault(Endpoint::Jwks, Fault::no_date());
    assert_eq!(date().await, Some(now + 3600 - 86_400));
    assert_eq!(date().await, None);
    assert_eq!(date().await, Some(now + 3600));
}

#[tokio::test]
async fn members_of_an_answer_may_be_changed_or_left_out() {
    let server = server().await;
    let control = server.control();
    control.fault(
        Endpoint::Token,
        Fault::answer(json!({ "expires_in": "3600", "token_type": "bearer", "new": [1] })),
    );
    let changed = tokens(&server, ADA, SCOPE, "").await;
    assert_eq!(
        (&changed["expires_in"], &changed["token_type"]),
        (&json!("3600"), &json!("bearer"))
    );
    assert_eq!(changed["new"], json!([1]));
    control.fault(Endpoint::Token, Fault::answer_without(&["expires_in", "id_token"]));
    let left_out = refresh(&server, &text(&changed, "refresh_token")).await.json();
    assert!(left_out.get("expires_in").is_none() && left_out.get("id_token").is_none());
    assert!(left_out["refresh_token"].is_string());
    control.fault(
        Endpoint::Discovery,
        Fault::answer(json!({ "issuer": "https://evil.example.com/" })),
    );
    let discovery = get(&server, ".well-known/openid-configuration", "x").await.json();
    assert_eq!(discovery["issuer"], "https://evil.example.com/");
    control.fault(
        Endpoint::Discovery,
        Fault::headers(&[("cache-control", ""), ("x-cache", "HIT")]),
    );
    let headers = get(&server, ".well-known/openid-configuration", "x").await;
    assert_eq!(
        (headers.header("cache-control"), headers.header("x-cache")),
        (None, Some("HIT"))
    );
}

#[tokio::test]
async fn id_tokens_may_lie_in_every_way() {
    let server = server().await;
    let fault = |fault| server.control().fault(Endpoint::Token, Fault::id_token(fault));
    let next = async || text(&tokens(&server, ADA, SCOPE, "").await, "id_token");
    fault(
        IdTokenFault::new()
            .claim("iss", json!("https://evil.example.com/"))
            .claim("aud", json!(["native-app", "other"]))
            .claim("azp", json!("other"))
            .without("nonce"),
    );
    let (header, claims) = decode(&next().await);
    assert_eq!(
        (&claims["iss"], &claims["azp"]),
        (&json!("https://evil.example.com/"), &json!("other"))
    );
    assert!(claims.get("nonce").is_none() && header["alg"] == "RS256");
    fault(IdTokenFault::new().unknown_kid().header("typ", json!(null)));
    let (header, _) = decode(&next().await);
    assert!(header["kid"] == "nobody-published-this-key" && header.get("typ").is_none());
    fault(IdTokenFault::new().signature(Signature::None));
    let unsigned = next().await;
    assert!(decode(&unsigned).0["alg"] == "none" && unsigned.ends_with('.'));
    fault(IdTokenFault::new().signature(Signature::Hs256));
    assert_eq!(decode(&next().await).0["alg"], "HS256");

    // The Management API verifies the tokens that it receives, so it distinguishes a good signature from a bad one.
    server.control().change(|s| s.id_token_as_bearer = true);
    let status = async |token: String| get(&server, "api/v2/users/auth0%7Cada", &token).await.status;
    assert_eq!(status(next().await).await, 200);
    for signature in [
        Signature::Broken,
        Signature::WrongKey,
        Signature::None,
        Signature::Hs256,
    ] {
        fault(IdTokenFault::new().signature(signature));
        assert_eq!(status(next().await).await, 401, "{signature:?}");
    }
}

#[tokio::test]
async fn offline_refuses_connections_and_comes_back_on_the_same_port_with_everything_it_knew() {
    let server = server().await;
    let token = text(&tokens(&server, ADA, SCOPE, "").await, "refresh_token");
    let kept_alive = http();
    let jwks = format!("{}.well-known/jwks.json", server.issuer());
    kept_alive.get(&jwks).send().await.unwrap();
    server.control().go_offline().await.unwrap();
    let address = server.domain().strip_prefix("http://").unwrap();
    assert_eq!(
        TcpStream::connect(address).await.unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
    assert!(
        kept_alive.get(&jwks).send().await.unwrap_err().is_connect(),
        "open connections were closed"
    );
    server.control().go_online().await.unwrap();
    assert_eq!(refresh(&server, &token).await.status, 200);
}

#[tokio::test]
async fn dropping_the_server_closes_the_port() {
    let server = server().await;
    let address = server.domain().strip_prefix("http://").unwrap().to_owned();
    let mut open = TcpStream::connect(&address).await.unwrap();
    drop(server);
    assert_eq!(
        open.read(&mut [0; 1]).await.map_err(|error| error.kind()).unwrap_or(0),
        0
    );
    assert_eq!(
        TcpStream::connect(&address).await.unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
}
