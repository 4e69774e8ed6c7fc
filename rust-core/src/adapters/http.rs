//! The network with reqwest, which is configured only here.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{Either, select};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, redirect, retry};
use rustls::ClientConfig;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

pub use super::http_limits::HttpLimits;
use super::http_limits::USER_AGENT;
use super::lazy_runtime::LazyRuntime;
use super::proxy::{Lookup, ProxySource, proxy_of, system_lookup, until_connected};
use super::tls;
use super::transport_error::{not_sendable, reason_for};
use crate::model::secret::SecretBytes;
use crate::ports::{BoxFuture, Outcome, Transport, TransportError, TransportErrorKind};
use crate::protocol::message::{HttpAnswer, HttpRequest, Method};

/// Headers of one answer. hyper's default is 100.
const MOST_HEADERS: usize = 512;

/// A [`Transport`] over HTTP/1.1: no redirects, no cookies, no compression, no retries, and no proxies except those of
/// [`HttpTransport::through`].
///
/// Redirects are returned to the caller as answers, because a token request that follows one hands its secrets to any
/// host that `Location` names. A request is written to a connection at most once: only if the connection was found
/// closed before the first byte was written does the request go to another one.
///
/// [`Transport::send`] does network I/O and must be polled on a tokio runtime with time and I/O. Dropping it closes the
/// connection. Making a transport does nothing; the first request builds the client.
///
/// The system's evaluation of a certificate blocks the calling thread, for seconds if the system itself uses the
/// network. With [`HttpTransport::on`], that is a thread on which nothing else waits.
pub struct HttpTransport {
    http: Arc<Http>,
    runtime: Option<LazyRuntime>,
}

/// The client and what it is built from, shared with the requests that run.
#[derive(Clone)]
struct Http {
    limits: HttpLimits,
    /// `None` for [`tls::client_config`].
    tls: Option<ClientConfig>,
    proxies: ProxySource,
    /// Looks up the ways to the issuer, if there may be several.
    lookup: Option<Lookup>,
    /// The client, or why it cannot be built: a broken TLS configuration, or a proxy setting that is not a proxy.
    client: OnceLock<Result<Client, TransportErrorKind>>,
}

impl HttpTransport {
    /// A transport with the [default limits](HttpLimits::default).
    pub fn new() -> Self {
        Self::with_limits(HttpLimits::default())
    }

    /// A transport with these limits.
    pub fn with_limits(limits: HttpLimits) -> Self {
        Self::with(limits, None)
    }

    /// A transport with another TLS configuration, for example one that trusts other certificates than the system does.
    pub fn with_tls(config: ClientConfig) -> Self {
        Self::with(HttpLimits::default(), Some(config))
    }

    fn with(limits: HttpLimits, tls: Option<ClientConfig>) -> Self {
        let client = OnceLock::new();
        Self {
            http: Arc::new(Http {
                limits,
                tls,
                proxies: ProxySource::Direct,
                lookup: None,
                client,
            }),
            runtime: None,
        }
    }

    /// The same, through the proxies of `source`.
    #[must_use]
    pub fn through(self, source: ProxySource) -> Self {
        let lookup = if source == ProxySource::System {
            system_lookup()
        } else {
            None
        };
        self.with_proxies(source, lookup)
    }

    /// The same, by the ways that `lookup` returns: the first one, and if that yields no connection, the next.
    #[must_use]
    pub fn through_ways(self, lookup: Lookup) -> Self {
        self.with_proxies(ProxySource::System, Some(lookup))
    }

    fn with_proxies(mut self, proxies: ProxySource, lookup: Option<Lookup>) -> Self {
        let http = Arc::make_mut(&mut self.http);
        http.proxies = proxies;
        http.lookup = lookup;
        http.client = OnceLock::new();
        self
    }

    /// The same, wherever [`Transport::send`] is polled: connections belong to `runtime`, and each request runs on one
    /// of its blocking threads. A request is abandoned if the caller stops waiting for it.
    #[must_use]
    pub fn on(self, runtime: impl Into<LazyRuntime>) -> Self {
        Self {
            runtime: Some(runtime.into()),
            ..self
        }
    }
}

impl Http {
    /// All attempts together have the time of one. A request that was sent is never sent again, and another way does
    /// not help against an untrusted certificate.
    async fn exchange(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        if self.lookup.is_none() {
            return self.exchange_within(request, self.limits.total).await;
        }
        let end = Instant::now() + self.limits.total;
        let no_connection =
            |error: &TransportError| !error.may_have_been_processed && error.kind != TransportErrorKind::Tls;
        let send = || self.exchange_within(request.clone(), end.saturating_duration_since(Instant::now()));
        until_connected(send, no_connection).await
    }

    async fn exchange_within(&self, request: HttpRequest, limit: Duration) -> Result<HttpAnswer, TransportError> {
        let client = self.client().map_err(|kind| TransportError {
            kind,
            may_have_been_processed: false,
        })?;
        let mut request = translate(request).ok_or(not_sendable())?;
        *request.timeout_mut() = Some(limit);
        let response = client.execute(request).await.map_err(|error| reason_for(&error))?;
        let status = response.status().as_u16();
        let headers = text_headers(response.headers());
        let body = self.read_body(response).await?;
        Ok(HttpAnswer {
            host: String::new(),
            status,
            headers,
            body,
        })
    }

    /// Counts the bytes while reading: `content-length` may be wrong, and a chunked body has none.
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
                // The answer had begun, so the server had read the request, whatever failed afterwards.
                Err(error) => {
                    return Err(TransportError {
                        may_have_been_processed: true,
                        ..reason_for(&error)
                    });
                }
            }
        }
    }

    fn client(&self) -> Result<&Client, TransportErrorKind> {
        self.client.get_or_init(|| self.build()).as_ref().map_err(|kind| *kind)
    }

    fn build(&self) -> Result<Client, TransportErrorKind> {
        let broken_tls = TransportErrorKind::Tls;
        let tls = match &self.tls {
            Some(config) => config.clone(),
            None => tls::client_config().map_err(|_| broken_tls)?,
        };
        let builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            // A malformed header must not cost the answer: the refresh token in it exists nowhere else. A folded header is read
            // as one line (RFC 9112 5.2); a malformed one is left out.
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_max_headers(MOST_HEADERS)
            // reqwest must not pick up settings from the environment or the system.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(retry::never())
            .user_agent(USER_AGENT)
            .connect_timeout(self.limits.connect)
            .pool_idle_timeout(self.limits.idle);
        let proxy = proxy_of(self.proxies, self.lookup.as_ref()).map_err(|_| TransportErrorKind::Unreachable)?;
        let builder = match proxy {
            Some(proxy) => builder.proxy(proxy),
            None => builder,
        };
        builder.build().map_err(|_| broken_tls)
    }
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
    // Not copied, and wiped when hyper has finished with it.
    *translated.body_mut() = request.body.map(|body| Bytes::from_owner(body).into());
    Some(translated)
}

/// Bytes that are not UTF-8 become U+FFFD: the rest of the value still counts (RFC 9110 5.5).
fn text_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        let Some(runtime) = &self.runtime else {
            return Box::pin(self.http.exchange(request));
        };
        let (http, runtime) = (Arc::clone(&self.http), runtime.handle().clone());
        Box::pin(async move {
            let exchange = async move { Outcome::of(http.exchange(request).await) };
            let outcome = on_thread_of(&runtime, Box::pin(exchange)).await.and_then(Outcome::get);
            // The work panicked, or its runtime ended. It is unknown what had been sent by then.
            outcome.unwrap_or(Err(TransportError {
                kind: TransportErrorKind::Interrupted,
                may_have_been_processed: true,
            }))
        })
    }
}

/// Runs `work` on a blocking thread of `runtime`, until this future is dropped at the latest; `None` if it did not
/// finish.
async fn on_thread_of(runtime: &Handle, work: BoxFuture<'static, Outcome>) -> Option<Outcome> {
    // Dropped with this future, which ends `work`.
    let (_wanted, unwanted) = oneshot::channel::<Infallible>();
    let inside = runtime.clone();
    let run = move || match inside.block_on(select(work, unwanted)) {
        Either::Left((outcome, _)) => Some(outcome),
        Either::Right(_) => None,
    };
    runtime.spawn_blocking(run).await.ok().flatten()
}

impl Default for HttpTransport {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport")
            .field("limits", &self.http.limits)
            .finish_non_exhaustive()
    }
}
