//! One request and its answer, over a real socket.

use std::sync::Arc;

use pilotlight_core::adapters::http::HttpLimits;
use pilotlight_core::ports::{Transport, TransportError};
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};

use super::raw_server::{Peer, RawServer};
use crate::transport::transport_with;

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
/// The largest body that is read.
pub(crate) const MIB: usize = 1024 * 1024;

/// A refresh request, with a token that a test can look for where it must not be.
pub(crate) fn form(server: &RawServer) -> HttpRequest {
    HttpRequest::post_form(
        server.url("/oauth/token"),
        [("grant_type", "refresh_token"), ("refresh_token", "planted")],
    )
}

/// The transport under test.
pub(crate) fn transport() -> Arc<dyn Transport> {
    transport_with(HttpLimits::default())
}

pub(crate) async fn send(request: HttpRequest) -> Result<HttpAnswer, TransportError> {
    transport().send(request).await
}

/// The adapter's result with a server that runs `handler` on each connection.
pub(crate) async fn outcome_of(
    handler: impl Fn(&mut Peer) + Send + Sync + Clone + 'static,
) -> Result<HttpAnswer, TransportError> {
    send(form(&RawServer::start(handler))).await
}

/// A server that answers everything in the same way.
pub(crate) fn answering(answer: impl Into<String>) -> impl Fn(&mut Peer) + Send + Sync + Clone + 'static {
    let answer = answer.into();
    move |peer: &mut Peer| while peer.read_request() && peer.send(&answer) {}
}
