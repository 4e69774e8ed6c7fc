//! Errors of a sign-in that did not reach the redirect URI.

/// Requests in one sign-in. Real ones need about ten; a redirect loop must end.
pub(crate) const MAX_HOPS: usize = 20;

/// Why a sign-in did not reach the redirect URI. URLs in it have no query, so codes and tokens stay out of test logs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrowserError {
    /// Not a URL, or a `Location` that is not a URL.
    #[error("not a URL: {0}")]
    BadUrl(String),
    /// The URL is not on a loopback address. This test tool speaks plain http to loopback addresses only.
    #[error("refused to leave this machine: {0} is not http on a loopback address")]
    NotLoopback(String),
    /// More than 20 requests without reaching the redirect URI.
    #[error("gave up after {MAX_HOPS} requests, the last one to {0}")]
    TooManyHops(String),
    /// The page asked for the password again after it had been given.
    #[error("the server refused the user name or the password: {page}")]
    CredentialsRefused {
        /// The text of the page, shortened.
        page: String,
    },
    /// An error page, or a redirect without `Location`.
    #[error("{url} answered {status}: {page}")]
    Page {
        /// The HTTP status.
        status: u16,
        /// The URL, without its query.
        url: String,
        /// The text of the page, shortened.
        page: String,
    },
    /// A page without a form that continues the sign-in.
    #[error("no form to go on with at {url}: {page}")]
    NoForm {
        /// The URL, without its query.
        url: String,
        /// The text of the page, shortened.
        page: String,
    },
    /// The HTTP exchange failed: connection refused, timeout (15 s), or a broken answer.
    #[error("the exchange failed")]
    Http(#[source] reqwest::Error),
}

impl From<reqwest::Error> for BrowserError {
    fn from(error: reqwest::Error) -> Self {
        Self::Http(error.without_url())
    }
}
