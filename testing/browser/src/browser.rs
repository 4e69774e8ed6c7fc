//! The sign-in itself: follows redirects, keeps cookies and submits pages until the redirect URI is reached.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{Method, Response, StatusCode, redirect};
use url::{Host, Url};

use crate::credentials::Credentials;
use crate::error::{BrowserError, MAX_HOPS};
use crate::form::{Page, Submission};
use crate::plain_http::plain_http_client;

const TIMEOUT: Duration = Duration::from_secs(15);
/// The maximum size of a page, in bytes. Login pages are small; a server that never stops sending must not fill the
/// memory.
const MAX_PAGE: usize = 1024 * 1024;

/// A browser of one user. Its cookies live as long as it does, so that a second [`Browser::sign_in`] finds the
/// server's session: the silent sign-in of a returning user.
#[derive(Debug, Clone)]
pub struct Browser {
    client: reqwest::Client,
    credentials: Credentials,
}

impl Browser {
    /// A browser with an empty cookie jar. No network I/O.
    ///
    /// # Errors
    /// [`BrowserError::Http`] when the HTTP client cannot be set up.
    pub fn new(credentials: Credentials) -> Result<Self, BrowserError> {
        // "localhost" is pinned: whatever a resolver answers, nothing leaves this machine. A proxy would send it
        // elsewhere.
        let localhost = [
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
        ];
        let client = plain_http_client()
            .cookie_store(true)
            .redirect(redirect::Policy::none())
            .resolve_to_addrs("localhost", &localhost)
            .timeout(TIMEOUT)
            .build()?;
        Ok(Self { client, credentials })
    }

    /// Opens `authorize_url`, signs in and consents where asked, and returns the first `Location` that starts with
    /// `redirect_uri`: the whole callback URL, also if it is an error callback (`?error=…`). The callback URL is not
    /// requested.
    ///
    /// # Errors
    /// See [`BrowserError`]. A refused login ends the sign-in at once, as does the 21st request.
    pub async fn sign_in(&self, authorize_url: &str, redirect_uri: &str) -> Result<String, BrowserError> {
        let mut next = Request::get(parse(authorize_url)?);
        let mut gave_password = false;
        for _ in 0..MAX_HOPS {
            let response = self.send(&next).await?;
            if response.status().is_redirection() {
                match follow(&next, &response, redirect_uri)? {
                    Step::Callback(url) => return Ok(url),
                    Step::Open(request) => next = request,
                }
                continue;
            }
            let (url, status) = (response.url().clone(), response.status());
            let page = Page::read(&read(response).await?, &self.credentials);
            // Checked before the status: some servers answer a refused login with 401 and the form again.
            if gave_password && page.form.as_ref().is_some_and(|form| form.asks_password) {
                return Err(BrowserError::CredentialsRefused { page: page.text });
            }
            if status.is_client_error() || status.is_server_error() {
                return Err(BrowserError::Page {
                    status: status.as_u16(),
                    url: bare(&url),
                    page: page.text,
                });
            }
            let Some(form) = page.form else {
                return Err(BrowserError::NoForm {
                    url: bare(&url),
                    page: page.text,
                });
            };
            gave_password |= form.asks_password;
            next = Request::submit(&url, form)?;
        }
        Err(BrowserError::TooManyHops(bare(&next.url)))
    }

    /// Requests a callback URL that [`Browser::sign_in`] returned, as a browser does when an app listens on loopback.
    ///
    /// # Errors
    /// [`BrowserError::NotLoopback`] for custom schemes and other hosts; [`BrowserError::Page`] when the listener
    /// answers 400 or above.
    pub async fn deliver(&self, callback_url: &str) -> Result<(), BrowserError> {
        let response = self.send(&Request::get(parse(callback_url)?)).await?;
        let (url, status) = (response.url().clone(), response.status());
        if status.is_client_error() || status.is_server_error() {
            let page = Page::read(&read(response).await?, &self.credentials).text;
            return Err(BrowserError::Page {
                status: status.as_u16(),
                url: bare(&url),
                page,
            });
        }
        Ok(())
    }

    async fn send(&self, request: &Request) -> Result<Response, BrowserError> {
        if !is_loopback(&request.url) {
            return Err(BrowserError::NotLoopback(bare(&request.url)));
        }
        // Servers choose between an error page and JSON by the Accept header; a browser asks for pages.
        let mut builder = self
            .client
            .request(request.method.clone(), request.url.clone())
            .header(ACCEPT, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
        if let Some(body) = &request.body {
            builder = builder
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body.clone());
        }
        Ok(builder.send().await?)
    }
}

struct Request {
    method: Method,
    url: Url,
    body: Option<String>,
}

impl Request {
    fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            body: None,
        }
    }

    fn submit(page: &Url, form: Submission) -> Result<Self, BrowserError> {
        // An empty action means the URL of the page itself, including the query (HTML, "Form submission").
        let mut url = page
            .join(&form.action)
            .map_err(|_| BrowserError::BadUrl(form.action.clone()))?;
        url.set_fragment(None);
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&form.fields)
            .finish();
        if form.post {
            return Ok(Self {
                method: Method::POST,
                url,
                body: Some(body),
            });
        }
        url.set_query(Some(&body));
        Ok(Self::get(url))
    }
}

enum Step {
    Callback(String),
    Open(Request),
}

fn follow(request: &Request, response: &Response, redirect_uri: &str) -> Result<Step, BrowserError> {
    let Some(location) = response.headers().get(LOCATION) else {
        let (status, url) = (response.status().as_u16(), bare(response.url()));
        return Err(BrowserError::Page {
            status,
            url,
            page: "a redirect without Location".into(),
        });
    };
    let location = location
        .to_str()
        .map_err(|_| BrowserError::BadUrl("a Location that is no text".into()))?;
    if is_callback(location, redirect_uri) {
        return Ok(Step::Callback(location.to_owned()));
    }
    let url = response
        .url()
        .join(location)
        .map_err(|_| BrowserError::BadUrl(without_query(location)))?;
    // 307 and 308 repeat the request; the others are followed with GET, as browsers do (RFC 9110, section 15.4).
    let repeat = matches!(
        response.status(),
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
    );
    if repeat {
        return Ok(Step::Open(Request {
            method: request.method.clone(),
            url,
            body: request.body.clone(),
        }));
    }
    Ok(Step::Open(Request::get(url)))
}

/// Whether `location` is the redirect URI with parameters, and not merely a URL with the same beginning.
fn is_callback(location: &str, redirect_uri: &str) -> bool {
    let rest = location.strip_prefix(redirect_uri);
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest.starts_with(['?', '#'])
            || (redirect_uri.contains('?') && rest.starts_with('&'))
            // "scheme://host" may come back as "scheme://host/?code=…".
            || rest.strip_prefix('/').is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '#']))
    })
}

fn is_loopback(url: &Url) -> bool {
    let host = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    host && url.scheme() == "http"
}

async fn read(mut response: Response) -> Result<String, BrowserError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_PAGE {
            body.truncate(MAX_PAGE);
            break;
        }
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

fn parse(url: &str) -> Result<Url, BrowserError> {
    Url::parse(url).map_err(|_| BrowserError::BadUrl(without_query(url)))
}

fn bare(url: &Url) -> String {
    without_query(url.as_str())
}

fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}
