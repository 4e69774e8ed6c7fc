//! Networks with a man in the middle.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pilotlight_core::adapters::http::HttpTransport;
use pilotlight_core::model::secret::SecretBytes;
use pilotlight_core::ports::{BoxFuture, Transport, TransportError};
use pilotlight_core::protocol::message::{HttpAnswer, HttpRequest};
use pilotlight_core::session::SessionManager;

use crate::world::forced;

pub(crate) const TOKEN_PATH: &str = "/oauth/token";

type Answer = Result<HttpAnswer, TransportError>;
type Before = dyn Fn(&HttpRequest) -> Option<Answer> + Send + Sync;
type After = dyn Fn(&str, Answer) -> Answer + Send + Sync;

/// Answers requests instead of the network, or changes the network's answers.
pub(crate) struct Meddler {
    network: HttpTransport,
    before: Box<Before>,
    after: Box<After>,
}

impl Meddler {
    pub(crate) fn before(meddle: impl Fn(&HttpRequest) -> Option<Answer> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            network: HttpTransport::new(),
            before: Box::new(meddle),
            after: Box::new(|_, answer| answer),
        })
    }
}

impl fmt::Debug for Meddler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meddler")
    }
}

impl Transport for Meddler {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Answer> {
        let path = request.url.path().to_owned();
        Box::pin(async move {
            match (self.before)(&request) {
                Some(answer) => answer,
                None => (self.after)(&path, self.network.send(request).await),
            }
        })
    }
}

/// Another process renews while a request is in flight, without this process's knowledge; the request is then refused.
#[derive(Debug)]
pub(crate) struct Overtaken {
    network: HttpTransport,
    other: SessionManager,
    is_due: AtomicBool,
    /// The refusal of a spent refresh token.
    refusal: (u16, &'static str),
}

impl Overtaken {
    pub(crate) fn by(other: &SessionManager) -> Arc<Self> {
        let dead = r#"{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#;
        Self::with(other, 403, dead)
    }

    pub(crate) fn with(other: &SessionManager, status: u16, refusal: &'static str) -> Arc<Self> {
        Arc::new(Self {
            network: HttpTransport::new(),
            other: other.clone(),
            is_due: AtomicBool::new(false),
            refusal: (status, refusal),
        })
    }

    pub(crate) fn at_the_next_renewal(&self) {
        self.is_due.store(true, Ordering::SeqCst);
    }
}

impl Transport for Overtaken {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            if request.url.path() != TOKEN_PATH || !self.is_due.swap(false, Ordering::SeqCst) {
                return self.network.send(request).await;
            }
            self.other.access_token(forced()).await.unwrap();
            let (status, refusal) = self.refusal;
            Ok(HttpAnswer {
                host: String::new(),
                status,
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                body: SecretBytes::new(refusal.as_bytes().to_vec()),
            })
        })
    }
}
