//! The HTTP adapter against TLS servers that the system does not trust.

use std::sync::Arc;

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::ports::{Transport, TransportError, TransportErrorKind};
use pilotlight_core::protocol::message::HttpRequest;
use rustls::{ServerConfig, ServerConnection};

use crate::support::raw_server::{Peer, RawServer};

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
    let url = format!("https://localhost:{}/", server.address().port())
        .parse()
        .unwrap();
    HttpTransport::new()
        .send(HttpRequest::get(url, "*/*"))
        .await
        .map(|answer| answer.status)
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
