//! The network through the app's HTTP client: `URLSession`, in Swift.

mod interface;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use self::interface::Outcome;
pub use self::interface::{AppTransport, TransportHeader, TransportReply, TransportRequest};
use super::http_limits::{HttpLimits, USER_AGENT};
use crate::ports::{BoxFuture, Transport, TransportError, TransportErrorKind};
use crate::protocol::message::{HttpAnswer, HttpRequest, Method};

/// How much longer this side waits than the app's client. The client knows whether the request was sent, so its outcome
/// is more precise.
const GRACE: Duration = Duration::from_secs(5);

/// A [`Transport`] over the app's client, with the same limits as the core's own.
///
/// [`Transport::send`] must be polled on a tokio runtime with time. Dropping it cancels the request.
pub struct AppHttpTransport {
    app: Arc<dyn AppTransport>,
    limits: HttpLimits,
    last_id: AtomicU64,
}

impl AppHttpTransport {
    /// Uses this client of the app, with the [default limits](HttpLimits::default).
    pub fn new(app: Arc<dyn AppTransport>) -> Self {
        Self::with_limits(app, HttpLimits::default())
    }

    /// With these limits; the client itself decides how long idle connections are kept.
    pub fn with_limits(app: Arc<dyn AppTransport>, limits: HttpLimits) -> Self {
        let last_id = AtomicU64::new(0);
        Self { app, limits, last_id }
    }

    async fn exchange(&self, request: HttpRequest) -> Outcome {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        let request = self.translate(id, request).ok_or(TransportError {
            kind: TransportErrorKind::NotHttp,
            may_have_been_processed: false,
        })?;
        let (reply, outcome) = TransportReply::new();
        let mut in_flight = InFlight {
            app: &*self.app,
            id,
            has_ended: false,
        };
        self.app.send(request, reply);
        let outcome = tokio::time::timeout(self.limits.total + GRACE, outcome).await;
        in_flight.has_ended = outcome.is_ok();
        let kind = match outcome {
            Ok(Ok(Ok(answer))) if answer.body.expose().len() <= self.limits.body => return Ok(answer),
            Ok(Ok(Ok(_))) => TransportErrorKind::TooLarge,
            Ok(Ok(Err(error))) => return Err(error),
            Ok(Err(_)) => TransportErrorKind::Interrupted,
            Err(_) => TransportErrorKind::Timeout,
        };
        Err(TransportError {
            kind,
            may_have_been_processed: true,
        })
    }

    /// `None` for what is not valid HTTP, such as a line break in a token.
    fn translate(&self, id: u64, request: HttpRequest) -> Option<TransportRequest> {
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
        };
        let mut headers = vec![TransportHeader {
            name: "user-agent".to_owned(),
            value: USER_AGENT.to_owned(),
        }];
        for (name, value) in request.headers {
            let value = str::from_utf8(value.expose()).ok()?;
            if !is_header(&name, value) {
                return None;
            }
            let value = value.to_owned();
            headers.push(TransportHeader { name, value });
        }
        let milliseconds = |limit: Duration| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        Some(TransportRequest {
            id,
            method: method.to_owned(),
            url: request.url.into(),
            headers,
            body: request.body.map(|body| body.expose().to_vec()),
            connect_timeout: milliseconds(self.limits.connect),
            total_timeout: milliseconds(self.limits.total),
            longest_body: self.limits.body as u64,
        })
    }
}

/// Cancels the request if the caller stops waiting for it.
struct InFlight<'a> {
    app: &'a dyn AppTransport,
    id: u64,
    has_ended: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            // This calls the app's code through UniFFI, whose calls panic if they fail. A panic in a destructor would
            // end the app (docs/adr/0018).
            let _ = catch_unwind(AssertUnwindSafe(|| self.app.cancel(self.id)));
        }
    }
}

/// Whether the name is a token (RFC 9110 5.6.2), and the value has no control characters.
fn is_header(name: &str, value: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty()
        && name.bytes().all(is_token)
        && value.bytes().all(|byte| byte == b'\t' || !byte.is_ascii_control())
}

impl Transport for AppHttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

impl fmt::Debug for AppHttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppHttpTransport")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
