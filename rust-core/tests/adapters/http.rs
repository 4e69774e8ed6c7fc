//! The HTTP adapter against well-behaved servers: what is sent, and which parts of the answer are returned.

use std::process::Command;
use std::sync::Arc;

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::ports::Transport;
use pilotlight_core::protocol::message::{HttpRequest, Method};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::unbounded_channel;

use crate::support::block_on;
use crate::support::exchange::{MIB, OK, answering, form, outcome_of, send, transport};
use crate::support::raw_server::{Peer, RawServer, header};
use crate::transport::is_the_apps;

#[tokio::test]
async fn a_request_is_sent_exactly() {
    let server = RawServer::start(answering(OK));
    send(form(&server).with_header("authorization", "Bearer planted"))
        .await
        .unwrap();

    let [request] = &server.requests()[..] else {
        panic!("one request")
    };
    assert_eq!(request.head[0], "POST /oauth/token HTTP/1.1");
    assert_eq!(request.body, b"grant_type=refresh_token&refresh_token=planted");
    let mut names: Vec<_> = request.head[1..]
        .iter()
        .map(|line| line.split(':').next().unwrap().to_lowercase())
        .collect();
    names.sort_unstable();
    if is_the_apps() {
        // Headers that URLSession adds if the request does not set them; the session's requests name a coding.
        names.retain(|name| !["accept-encoding", "accept-language", "connection"].contains(&name.as_str()));
    }
    let expected = [
        "accept",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    ];
    assert_eq!(names, expected, "no cookie, no accept-encoding, no referer");
    assert_eq!(header(&request.head, "accept"), Some("application/json"));
    assert_eq!(header(&request.head, "authorization"), Some("Bearer planted"));
    assert_eq!(
        header(&request.head, "content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let user_agent = format!("Pilotlight/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(header(&request.head, "user-agent"), Some(user_agent.as_str()));
}

fn runtime_for_connections() -> Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn requests_run_on_the_runtime_that_was_given_wherever_they_are_polled() {
    let server = RawServer::start(answering(OK));
    let runtime = runtime_for_connections();
    let transport = HttpTransport::new().on(runtime.handle().clone());
    // This thread has no runtime.
    assert_eq!(block_on(transport.send(form(&server))).unwrap().status, 200);
}

#[tokio::test]
async fn the_connection_of_a_request_that_nobody_waits_for_is_closed() {
    let (closed, mut ended) = unbounded_channel();
    let server = RawServer::start(move |peer: &mut Peer| {
        peer.read_request();
        closed.send("arrived").unwrap();
        peer.wait_for_close();
        closed.send("closed").unwrap();
    });
    let runtime = runtime_for_connections();
    let on_a_thread = Arc::new(HttpTransport::new().on(runtime.handle().clone()));
    for transport in [transport(), on_a_thread as Arc<dyn Transport>] {
        let request = form(&server);
        let sending = tokio::spawn(async move { transport.send(request).await.map(drop) });
        assert_eq!(ended.recv().await, Some("arrived"));
        sending.abort();
        assert_eq!(ended.recv().await, Some("closed"));
    }
    runtime.shutdown_background();
}

#[tokio::test]
async fn get_and_patch_are_sent_as_such() {
    let server = RawServer::start(answering(OK));
    let get = HttpRequest::get(server.url("/userinfo?a=b"), "application/json");
    let mut patch = form(&server);
    patch.method = Method::Patch;
    send(get).await.unwrap();
    send(patch).await.unwrap();
    let lines: Vec<_> = server
        .requests()
        .into_iter()
        .map(|request| request.head[0].clone())
        .collect();
    assert_eq!(lines, ["GET /userinfo?a=b HTTP/1.1", "PATCH /oauth/token HTTP/1.1"]);
}

#[tokio::test]
async fn an_answer_is_returned_whole_whatever_its_status() {
    for status in [200, 204, 302, 400, 401, 403, 404, 429, 500, 503] {
        let body = if status == 204 { "" } else { "{\"error\":\"x\"}" };
        let answer = format!(
            "HTTP/1.1 {status} Words\r\nDate: Fri, 21 Nov 2025 08:00:00 GMT\r\nContent-Type: application/json\r\n\
             Retry-After: 7\r\nX-Name: J\u{fc}rgen\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = outcome_of(answering(answer)).await.unwrap();
        assert_eq!(answer.status, status);
        // Linux's URLSession drops the body of a redirect without a location.
        if !(is_the_apps() && status == 302) {
            assert_eq!(answer.body.expose(), body.as_bytes());
        }
        assert_eq!(answer.header("date"), Some("Fri, 21 Nov 2025 08:00:00 GMT"));
        assert_eq!(answer.header("retry-after"), Some("7"));
        assert_eq!(answer.header("x-name"), Some("J\u{fc}rgen"), "not ASCII");
        assert_eq!(answer.media_type(), "application/json");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = RawServer::start(answering(OK));
        let answer = format!(
            "HTTP/1.1 {status} Elsewhere\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
            elsewhere.url("/")
        );
        assert_eq!(outcome_of(answering(answer)).await.unwrap().status, status);
        assert_eq!(elsewhere.requests().len(), 0);
    }
}

#[tokio::test]
async fn cookies_are_not_kept() {
    let server = RawServer::start(answering(
        "HTTP/1.1 200 OK\r\nset-cookie: a=b; Path=/\r\ncontent-length: 0\r\n\r\n",
    ));
    let transport = transport();
    for _ in 0..2 {
        transport.send(form(&server)).await.unwrap();
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|request| header(&request.head, "cookie").is_none())
    );
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = RawServer::start(answering(OK));
    let transport = transport();
    for _ in 0..3 {
        transport.send(form(&server)).await.unwrap();
    }
    let connections: Vec<_> = server.requests().iter().map(|request| request.connection).collect();
    // Linux's URLSession sends a request again by itself if a reused connection breaks, so each request has a separate
    // one.
    let expected = if is_the_apps() { [0, 1, 2] } else { [0, 0, 0] };
    assert_eq!(connections, expected);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let text = "x".repeat(MIB);
    let sized = format!("HTTP/1.1 200 OK\r\ncontent-length: {MIB}\r\n\r\n{text}");
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{MIB:x}\r\n{text}\r\n0\r\n\r\n");
    for answer in [sized, chunked] {
        assert_eq!(outcome_of(answering(answer)).await.unwrap().body.expose().len(), MIB);
    }
}

#[tokio::test]
async fn the_environment_chooses_no_proxy() {
    // Set for the child only: a proxy that would be used if anything read the environment.
    let proxy = RawServer::start(answering(OK));
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "http::child_sends_a_request"])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .envs(["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"].map(|name| (name, proxy.url("/").to_string())))
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert_eq!(proxy.requests().len(), 0);
}

#[tokio::test]
#[ignore = "started by the_environment_chooses_no_proxy"]
async fn child_sends_a_request() {
    let server = RawServer::start(answering(OK));
    send(form(&server)).await.unwrap();
    assert_eq!(server.requests().len(), 1);
}
