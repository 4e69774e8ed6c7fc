//! The network: reqwest, built in this one place.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, redirect, retry};
use zeroize::Zeroizing;

use super::tls;
use super::transport_error::{not_sendable, reason_for};
use crate::model::secret::SecretBytes;
use crate::ports::{BoxFuture, Transport, TransportError, TransportErrorKind};
use crate::protocol::message::{HttpAnswer, HttpRequest, Method};

const USER_AGENT: &str = concat!("Pilotlight/", env!("CARGO_PKG_VERSION"));

/// How long and how much [`HttpTransport`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// For resolving the name, connecting and the TLS handshake together.
    pub connect: Duration,
    /// For the whole exchange, from the first look at the name to the last byte of the body.
    pub total: Duration,
    /// How long a connection without a request is kept for the next one.
    pub idle: Duration,
    /// The largest body that is read, in bytes.
    pub body: usize,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            // A phone that changes from Wi-Fi to mobile data needs some seconds; after ten there is no usable network.
            connect: Duration::from_secs(10),
            // What iOS gives an app that goes to the background to finish its work (`beginBackgroundTask`) is about 30
            // s.
            total: Duration::from_secs(30),
            // Less than the 5 s after which the most impatient servers in common use (Node.js) close an idle
            // connection: a request on a connection that is being closed fails in a way that leaves open whether it was
            // acted upon. Long enough for discovery, token, keys and profile to share one connection at a sign-in.
            idle: Duration::from_secs(4),
            // The largest honest answer, metadata and keys of a big tenant, is some tens of kilobytes.
            body: 1024 * 1024,
        }
    }
}

/// [`Transport`] over HTTP/1.1: no redirects, no proxies from the dependencies, no cookies, no compression, no retries.
///
/// Redirects are left to the caller as answers, because a token request that follows one hands its secrets to whoever
/// the `Location` names. A request is written to a connection once or not at all: only one that met a closed connection
/// before its first byte was written goes to another one.
///
/// [`Transport::send`] does network I/O and must be polled on a tokio runtime with time and I/O. Dropping it closes the
/// connection. Making a transport does nothing; the client is built by the first request.
pub struct HttpTransport {
    limits: HttpLimits,
    /// `None` when it cannot be built, which only a broken TLS configuration does.
    client: OnceLock<Option<Client>>,
}

impl HttpTransport {
    /// A transport with the [default limits](HttpLimits::default).
    pub fn new() -> Self {
        Self::with_limits(HttpLimits::default())
    }

    /// A transport with limits of one's own.
    pub fn with_limits(limits: HttpLimits) -> Self {
        Self {
            limits,
            client: OnceLock::new(),
        }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        let client = self.client().ok_or(TransportError {
            kind: TransportErrorKind::Tls,
            may_have_been_processed: false,
        })?;
        let request = translate(request).ok_or(not_sendable())?;
        let response = client.execute(request).await.map_err(|error| reason_for(&error))?;
        let status = response.status().as_u16();
        let headers = text_headers(response.headers());
        let body = self.read_body(response).await?;
        Ok(HttpAnswer { status, headers, body })
    }

    /// Counts while reading: what `content-length` says is the server's word, and a body in chunks says nothing.
    async fn read_body(&self, mut response: Response) -> Result<SecretBytes, TransportError> {
        let too_large = TransportError {
            kind: TransportErrorKind::TooLarge,
            may_have_been_processed: true,
        };
        let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
        if announced > self.limits.body {
            return Err(too_large);
        }
        let mut body = Zeroizing::new(Vec::with_capacity(announced));
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > self.limits.body => return Err(too_large),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(SecretBytes::new(std::mem::take(&mut *body))),
                // The answer had begun: whatever broke since, the request had been read.
                Err(error) => {
                    return Err(TransportError {
                        may_have_been_processed: true,
                        ..reason_for(&error)
                    });
                }
            }
        }
    }

    fn client(&self) -> Option<&Client> {
        self.client.get_or_init(|| build(self.limits)).as_ref()
    }
}

fn build(limits: HttpLimits) -> Option<Client> {
    Client::builder()
        .tls_backend_preconfigured(tls::client_config().ok()?)
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .user_agent(USER_AGENT)
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        .pool_idle_timeout(limits.idle)
        .build()
        .ok()
}

fn translate(request: HttpRequest) -> Option<reqwest::Request> {
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
    };
    let mut translated = reqwest::Request::new(method, request.url);
    for (name, value) in &request.headers {
        let mut value = HeaderValue::from_bytes(value.expose()).ok()?;
        value.set_sensitive(true);
        translated
            .headers_mut()
            .append(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
    }
    // Not copied, and wiped when hyper is done with it.
    *translated.body_mut() = request.body.map(|body| Bytes::from_owner(body).into());
    Some(translated)
}

fn text_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| value.to_str().map(str::to_owned).ok();
    headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), text(value)?)))
        .collect()
}

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
