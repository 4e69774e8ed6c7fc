//! What crosses the border to the app's HTTP client and back. Synchronous calls with a reply object, because asynchronous
//! foreign traits do not compile in Swift 6 mode (UniFFI 0.32, uniffi-rs#2929).

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::model::secret::SecretBytes;
use crate::ports::{TransportError, TransportErrorKind};
use crate::protocol::message::HttpAnswer;

/// An HTTP client of the app's.
///
/// It sends each request at most once, as it is: no redirect is followed, no cookie is sent or kept, nothing is read from or
/// written to a cache. A server's challenge is answered without a user's name and password.
#[uniffi::export(with_foreign)]
pub trait AppTransport: Send + Sync + fmt::Debug {
    /// Begins to send `request` and returns soon. `reply` gets the outcome, once, on any thread.
    fn send(&self, request: TransportRequest, reply: Arc<TransportReply>);

    /// Nobody waits for this request's outcome any more: its connection is closed where it has its own.
    fn cancel(&self, id: u64);
}

/// A request for the app's client. It holds secrets.
#[derive(Clone, uniffi::Record)]
pub struct TransportRequest {
    /// Another one for each request of this transport.
    pub id: u64,
    /// `GET`, `POST` or `PATCH`.
    pub method: String,
    /// As it goes on the wire: escaped, and with an ASCII host.
    pub url: String,
    /// All that are to be sent, `user-agent` included; names in lower case.
    pub headers: Vec<TransportHeader>,
    /// The body, where there is one.
    pub body: Option<Vec<u8>>,
    /// In milliseconds: for resolving the name, connecting and the TLS handshake together.
    pub connect_timeout: u64,
    /// In milliseconds: for the whole exchange.
    pub total_timeout: u64,
    /// The largest body that is read of the answer, in bytes.
    pub longest_body: u64,
}

/// One header.
#[derive(Clone, uniffi::Record)]
pub struct TransportHeader {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Takes the outcome of one request. The first one counts; a reply that is dropped without one stands for a connection that
/// broke.
#[derive(uniffi::Object)]
pub struct TransportReply(Mutex<Option<oneshot::Sender<Outcome>>>);

pub(super) type Outcome = Result<HttpAnswer, TransportError>;

#[uniffi::export]
impl TransportReply {
    /// The whole answer, whatever its status. Header names in any case.
    pub fn answered(&self, status: u16, headers: Vec<TransportHeader>, body: Vec<u8>) {
        self.end(Ok(HttpAnswer {
            host: String::new(),
            status,
            headers: text_headers(headers),
            body: SecretBytes::new(body),
        }));
    }

    /// There is no answer. `may_have_been_processed` is false only where it is certain that nothing of the request was sent.
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
            // The request may have been cancelled meanwhile.
            drop(waiting.send(outcome));
        }
    }
}

/// Names in lower case. Values with control characters are left out (RFC 9110 5.5).
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
