//! How the core handles an HTTP client supplied by the app, whatever that does. Real clients are tested by the tests of
//! `http`, which scripts/url-session.sh runs again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use pilotlight_core::adapters::app_transport::{
    AppHttpTransport, AppTransport, TransportHeader, TransportReply, TransportRequest,
};
use pilotlight_core::adapters::http::HttpLimits;
use pilotlight_core::ports::{Transport, TransportError, TransportErrorKind};
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};

use crate::support::exchange::MIB;

/// A client that handles each request as its test says.
#[derive(Default)]
struct Scripted {
    requests: Mutex<Vec<(TransportRequest, Arc<TransportReply>)>>,
    cancelled: Mutex<Vec<u64>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl AppTransport for Scripted {
    fn send(&self, request: TransportRequest, reply: Arc<TransportReply>) {
        self.requests.lock().unwrap().push((request, reply));
    }

    fn cancel(&self, id: u64) {
        self.cancelled.lock().unwrap().push(id);
    }
}

fn form() -> HttpRequest {
    let url = "https://tenant.example.com/oauth/token?a=%20".parse().unwrap();
    HttpRequest::post_form(url, [("refresh_token", "planted")])
}

/// The outcome of a request with the reply `given`, and the cancelled requests.
async fn outcome_of(given: impl FnOnce(Arc<TransportReply>)) -> (Result<HttpAnswer, TransportError>, Vec<u64>) {
    let app = Arc::new(Scripted::default());
    let transport = AppHttpTransport::new(app.clone());
    let mut sending = transport.send(form());
    assert!((&mut sending).now_or_never().is_none(), "nobody has answered");
    let (_, reply) = app.requests.lock().unwrap().remove(0);
    given(reply);
    let outcome = sending.await;
    let cancelled = app.cancelled.lock().unwrap().clone();
    (outcome, cancelled)
}

#[tokio::test]
async fn the_request_is_handed_over_whole_and_shows_nothing() {
    let app = Arc::new(Scripted::default());
    let transport = AppHttpTransport::new(app.clone());
    for request in [form().with_header("authorization", "Bearer planted"), form()] {
        transport.send(request).now_or_never();
    }
    let requests = app.requests.lock().unwrap();
    let [(first, _), (second, _)] = &requests[..] else {
        panic!("two requests")
    };
    assert_ne!(first.id, second.id);
    assert_eq!(first.method, "POST");
    assert_eq!(first.url, "https://tenant.example.com/oauth/token?a=%20");
    assert_eq!(first.body.as_deref(), Some(&b"refresh_token=planted"[..]));
    let headers: Vec<_> = first
        .headers
        .iter()
        .map(|header| (&*header.name, &*header.value))
        .collect();
    assert!(headers.contains(&("authorization", "Bearer planted")), "{headers:?}");
    let user_agent = format!("Pilotlight/{}", env!("CARGO_PKG_VERSION"));
    assert!(headers.contains(&("user-agent", user_agent.as_str())), "{headers:?}");
    assert_eq!((first.connect_timeout, first.total_timeout), (10_000, 30_000));
    assert_eq!(first.longest_body, MIB as u64);
    let shown = format!("{first:?} {:?} {transport:?} {:?}", first.headers, requests[0].1);
    assert!(!shown.contains("planted"), "{shown}");
}

#[tokio::test]
async fn an_answer_is_taken_with_names_in_lower_case_and_without_control_characters() {
    let header = |name: &str, value: &str| TransportHeader {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let headers = vec![
        header("Retry-After", "7"),
        header("X-Name", "J\u{fc}rgen"),
        header("X-Binary", "\u{1}"),
    ];
    let (outcome, cancelled) = outcome_of(|reply| {
        reply.answered(503, headers, b"{}".to_vec());
        reply.failed(TransportErrorKind::Tls, false);
    })
    .await;
    let answer = outcome.unwrap();
    assert_eq!((answer.status, answer.body.expose()), (503, &b"{}"[..]));
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("x-name"), Some("J\u{fc}rgen"));
    assert_eq!(answer.headers.len(), 2);
    assert!(cancelled.is_empty());
}

#[tokio::test]
async fn a_failure_is_what_the_client_says() {
    for (kind, may_have_been_processed) in [
        (TransportErrorKind::Unreachable, false),
        (TransportErrorKind::Timeout, true),
    ] {
        let (outcome, cancelled) = outcome_of(|reply| reply.failed(kind, may_have_been_processed)).await;
        let expected = TransportError {
            kind,
            may_have_been_processed,
        };
        assert_eq!((outcome.unwrap_err(), cancelled), (expected, vec![]));
    }
}

#[tokio::test]
async fn a_client_that_reads_more_than_it_may_is_not_believed() {
    let (outcome, _) = outcome_of(|reply| reply.answered(200, Vec::new(), vec![b' '; MIB + 1])).await;
    assert_eq!(outcome.unwrap_err().kind, TransportErrorKind::TooLarge);
}

#[tokio::test]
async fn a_reply_that_is_dropped_may_have_been_sent() {
    let (outcome, _) = outcome_of(drop).await;
    let expected = TransportError {
        kind: TransportErrorKind::Interrupted,
        may_have_been_processed: true,
    };
    assert_eq!(outcome.unwrap_err(), expected);
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_is_cancelled() {
    let app = Arc::new(Scripted::default());
    let transport = AppHttpTransport::new(app.clone());
    transport.send(form()).now_or_never();
    let (request, reply) = app.requests.lock().unwrap().remove(0);
    assert_eq!(*app.cancelled.lock().unwrap(), [request.id]);
    reply.answered(200, Vec::new(), Vec::new());
}

/// Like UniFFI's call if the app's object is gone.
#[test]
fn a_client_that_fails_to_cancel_disturbs_nobody() {
    struct Broken;
    impl std::fmt::Debug for Broken {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Broken")
        }
    }
    impl AppTransport for Broken {
        fn send(&self, _: TransportRequest, _: Arc<TransportReply>) {}

        fn cancel(&self, _: u64) {
            panic!("planted");
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let transport = AppHttpTransport::new(Arc::new(Broken));
    // The call is dropped before an answer.
    runtime.block_on(async { transport.send(form()).now_or_never() });
}

#[tokio::test]
async fn a_client_that_never_answers_is_given_up_and_may_have_sent_it() {
    let app = Arc::new(Scripted::default());
    let limits = HttpLimits {
        total: Duration::ZERO,
        ..HttpLimits::default()
    };
    let outcome = AppHttpTransport::with_limits(app.clone(), limits).send(form()).await;
    let expected = TransportError {
        kind: TransportErrorKind::Timeout,
        may_have_been_processed: true,
    };
    assert_eq!(outcome.unwrap_err(), expected);
    assert_eq!(app.cancelled.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_valid_http_is_not_handed_over() {
    let app = Arc::new(Scripted::default());
    let transport = AppHttpTransport::new(app.clone());
    for (name, value) in [
        ("authorization", "a\r\nb: c"),
        ("authorization", "a\0"),
        ("a b", "c"),
        ("", "c"),
    ] {
        let error = transport.send(form().with_header(name, value)).await.unwrap_err();
        assert!(!error.may_have_been_processed);
    }
    assert_eq!(app.requests.lock().unwrap().len(), 0);
}
