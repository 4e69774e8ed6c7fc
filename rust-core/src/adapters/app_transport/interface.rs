//! The interface to the app's HTTP client. Synchronous calls with a reply object, because asynchronous foreign traits
//! do not compile in Swift 6 mode (UniFFI 0.32, uniffi-rs#2929).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::model::secret::SecretBytes;
use crate::ports::{TransportError, TransportErrorKind};
use crate::protocol::message::HttpAnswer;

/// An HTTP client of the app.
///
/// It sends each request at most once and unchanged: it follows no redirects, sends and keeps no cookies, and does not
/// use a cache. It answers authentication challenges without credentials.
#[uniffi::export(with_foreign)]
pub trait AppTransport: Send + Sync + fmt::Debug {
    /// Begins to send `request` and returns quickly. `reply` receives the outcome, once, on any thread.
    fn send(&self, request: TransportRequest, reply: Arc<TransportReply>);

    /// The outcome of this request is no longer needed. If the request has its own connection, that is closed.
    fn cancel(&self, id: u64);
}

/// A request for the app's client. It contains secrets.
#[derive(Clone, uniffi::Record)]
pub struct TransportRequest {
    /// A different number for each request of this transport.
    pub id: u64,
    /// `GET`, `POST` or `PATCH`.
    pub method: String,
    /// The URL as it is sent: escaped, and with an ASCII host.
    pub url: String,
    /// All headers to send, including `user-agent`; names in lower case.
    pub headers: Vec<TransportHeader>,
    /// The body, if there is one.
    pub body: Option<Vec<u8>>,
    /// In milliseconds: for name resolution, connecting and the TLS handshake together.
    pub connect_timeout: u64,
    /// In milliseconds: for the whole exchange.
    pub total_timeout: u64,
    /// The largest body of an answer to read, in bytes.
    pub longest_body: u64,
}

/// A header field.
#[derive(Clone, uniffi::Record)]
pub struct TransportHeader {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// Receives the outcome of one request. Only the first outcome counts. A reply that is dropped without one counts as a
/// broken connection.
#[derive(uniffi::Object)]
pub struct TransportReply(Mutex<Option<oneshot::Sender<Outcome>>>);

pub(super) type Outcome = Result<HttpAnswer, TransportError>;

#[uniffi::export]
impl TransportReply {
    /// The whole answer, whatever its status. Header names may be in any case.
    pub fn answered(&self, status: u16, headers: Vec<TransportHeader>, body: Vec<u8>) {
        self.end(Ok(HttpAnswer {
            host: String::new(),
            status,
            headers: text_headers(headers),
            body: SecretBytes::new(body),
        }));
    }

    /// There is no answer. `may_have_been_processed` is false only if it is certain that no part of the request was
    /// sent.
    pub fn failed(&self, kind: TransportErrorKind, may_have_been_processed: bool) {
        self.end(Err(TransportError {
            kind,
            may_have_been_processed,
        }));
    }
}

impl TransportReply {
    pub(super) fn new() -> (Arc<Self>, oneshot::Receiver<Outcome>) {
        let (sender, outcome) = oneshot::channel();
        (Arc::new(Self(Mutex::new(Some(sender)))), outcome)
    }

    fn end(&self, outcome: Outcome) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            // The request may have been cancelled in the meantime.
            drop(waiting.send(outcome));
        }
    }
}

/// Header names in lower case. Headers whose values have control characters are left out (RFC 9110 5.5).
fn text_headers(headers: Vec<TransportHeader>) -> Vec<(String, String)> {
    let is_text = |character: char| character == '\t' || !character.is_control();
    headers
        .into_iter()
        .filter(|header| header.value.chars().all(is_text))
        .map(|header| (header.name.to_ascii_lowercase(), header.value))
        .collect()
}

impl fmt::Debug for TransportRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransportRequest({})", self.id)
    }
}

impl fmt::Debug for TransportHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransportHeader({})", self.name)
    }
}

impl fmt::Debug for TransportReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransportReply")
    }
}
