//! A network that observes each request on its way.

use std::sync::{Arc, Mutex};

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::ports::{BoxFuture, Transport, TransportError};
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};

#[derive(Debug)]
pub(crate) struct Watched<T> {
    network: HttpTransport,
    look: fn(&HttpRequest) -> T,
    seen: Mutex<Vec<T>>,
}

impl<T: Clone> Watched<T> {
    /// Keeps the result of `look` for each request.
    pub(crate) fn by(look: fn(&HttpRequest) -> T) -> Arc<Self> {
        Arc::new(Self {
            network: HttpTransport::new(),
            look,
            seen: Mutex::default(),
        })
    }

    /// The results for all requests so far, in order.
    pub(crate) fn seen(&self) -> Vec<T> {
        self.seen.lock().unwrap().clone()
    }
}

impl<T: std::fmt::Debug + Send> Transport for Watched<T> {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        self.seen.lock().unwrap().push((self.look)(&request));
        self.network.send(request)
    }
}
