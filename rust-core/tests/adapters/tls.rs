//! The HTTP adapter against TLS servers that the system does not trust, and with a certificate check that takes long.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::ports::{Transport, TransportError, TransportErrorKind};
use pilotlight_core::protocol::message::HttpRequest;
use rustls::{ClientConfig, ServerConfig, ServerConnection};

use crate::support::exchange::{OK, transport};
use crate::support::raw_server::{Peer, RawServer};
use crate::support::slow_check::{SlowCheck, Unblock};

const REFUSED: TransportError = TransportError {
    kind: TransportErrorKind::Tls,
    may_have_been_processed: false,
};

fn self_signed(name: &str) -> Arc<ServerConfig> {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = made.signing_key.serialize_der().try_into().unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    Arc::new(builder.with_single_cert(vec![made.cert.der().clone()], key).unwrap())
}

async fn get(server: &RawServer) -> Result<u16, TransportError> {
    get_by(&*transport(), server.address().port()).await
}

async fn get_by(transport: &dyn Transport, port: u16) -> Result<u16, TransportError> {
    let url = format!("https://localhost:{port}/").parse().unwrap();
    let answer = transport
        .send(HttpRequest::post_form(url, [("refresh_token", "planted")]))
        .await;
    answer.map(|answer| answer.status)
}

#[tokio::test]
async fn a_self_signed_certificate_is_refused() {
    let config = self_signed("localhost");
    let server = RawServer::start(move |peer: &mut Peer| {
        let mut tls = ServerConnection::new(config.clone()).unwrap();
        let outcome = tls.complete_io(peer.stream());
        assert!(outcome.is_err(), "the client went on");
    });
    assert_eq!(get(&server).await, Err(REFUSED));
}

#[tokio::test]
async fn a_server_that_speaks_plain_http_is_refused() {
    let server = RawServer::start(|peer: &mut Peer| {
        peer.send("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        peer.wait_for_close();
    });
    assert_eq!(get(&server).await, Err(REFUSED));
}

#[tokio::test]
async fn a_handshake_that_is_cut_off_has_sent_nothing() {
    let server = RawServer::start(Peer::leave_unread);
    let error = get(&server).await.unwrap_err();
    assert!(!error.may_have_been_processed, "{error:?}");
}

/// Like `SecTrustEvaluateWithError`, which may use the network to fetch certificates and revocations.
#[tokio::test]
async fn a_check_of_a_certificate_that_takes_long_delays_nothing_else() {
    let config = self_signed("localhost");
    let server = RawServer::start(move |peer: &mut Peer| {
        let mut tls = ServerConnection::new(config.clone()).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, peer.stream());
        // The first request may use the second one's connection.
        while stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) && stream.write_all(OK.as_bytes()).is_ok() {}
    });
    let mut connections = tokio::runtime::Builder::new_multi_thread();
    let connections = connections.worker_threads(1).enable_all().build().unwrap();
    let (check, mut blocked) = SlowCheck::of_the_first();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().dangerous();
    let config = builder.with_custom_certificate_verifier(check).with_no_client_auth();
    let transport = Arc::new(HttpTransport::with_tls(config).on(connections.handle().clone()));

    let port = server.address().port();
    let begin = || {
        let transport = Arc::clone(&transport);
        tokio::spawn(async move { get_by(&*transport, port).await })
    };
    let first = begin();
    let unblock: Unblock = blocked.recv().await.unwrap();
    let others = async {
        connections
            .spawn(tokio::time::sleep(Duration::from_millis(1)))
            .await
            .unwrap();
        begin().await.unwrap()
    };
    let others = tokio::time::timeout(Duration::from_secs(20), others).await;
    assert_eq!(others, Ok(Ok(200)), "the first one's check delays them");
    unblock.now();
    assert_eq!(first.await.unwrap(), Ok(200));
    connections.shutdown_background();
}
