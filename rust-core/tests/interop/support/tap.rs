//! The real network, with a record of its requests, and with answers that can be lost.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::ports::{BoxFuture, Transport, TransportError, TransportErrorKind};
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};
use url::Url;

/// Sends through [`HttpTransport`] and records the URLs.
#[derive(Debug, Default)]
pub(crate) struct Tap {
    http: HttpTransport,
    asked: Mutex<Vec<Url>>,
    loses_next_answer: AtomicBool,
}

impl Tap {
    /// How many requests went to `endpoint`.
    pub(crate) fn count(&self, endpoint: &Url) -> usize {
        self.asked.lock().unwrap().iter().filter(|url| *url == endpoint).count()
    }

    /// The total number of requests.
    pub(crate) fn total(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// The next request arrives and is processed, but its answer is lost.
    pub(crate) fn lose_next_answer(&self) {
        self.loses_next_answer.store(true, Ordering::SeqCst);
    }

    async fn forward(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        self.asked.lock().unwrap().push(request.url.clone());
        let answer = self.http.send(request).await?;
        if self.loses_next_answer.swap(false, Ordering::SeqCst) {
            return Err(TransportError {
                kind: TransportErrorKind::Interrupted,
                may_have_been_processed: true,
            });
        }
        Ok(answer)
    }
}

impl Transport for Tap {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        Box::pin(self.forward(request))
    }
}
