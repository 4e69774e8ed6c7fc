//! What a failure of the HTTP client means: its kind, and whether the server may have processed the request.

use std::error::Error;
use std::io;

use crate::ports::{TransportError, TransportErrorKind};

/// Reads the chain of causes. The client's own messages are not kept: they contain the URL.
pub(super) fn reason_for(error: &reqwest::Error) -> TransportError {
    let never_sent = error.is_connect() || error.is_builder();
    let kind = if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if find(error, &|cause| cause.is::<rustls::Error>()) {
        TransportErrorKind::Tls
    } else if error.is_connect() {
        TransportErrorKind::Unreachable
    } else if find(error, &is_parse_error) {
        TransportErrorKind::NotHttp
    } else {
        TransportErrorKind::Interrupted
    };
    TransportError {
        kind,
        may_have_been_processed: !never_sent,
    }
}

/// The error for a request that is not valid HTTP itself, such as one with a line break in a token.
pub(super) fn not_sendable() -> TransportError {
    TransportError {
        kind: TransportErrorKind::NotHttp,
        may_have_been_processed: false,
    }
}

fn is_parse_error(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
}

/// Whether the error or one of its causes `matches`.
fn find(error: &(dyn Error + 'static), matches: &dyn Fn(&(dyn Error + 'static)) -> bool) -> bool {
    if matches(error) {
        return true;
    }
    // An `io::Error` is transparent: its `source` is the source of the error that it wraps, so the wrapped error itself
    // would be skipped.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let cause = wrapped
        .map(|wrapped| wrapped as &(dyn Error + 'static))
        .or_else(|| error.source());
    cause.is_some_and(|cause| find(cause, matches))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_inside_an_io_error_is_found() {
        let inner = io::Error::other(rustls::Error::HandshakeNotComplete);
        let outer = io::Error::other(inner);
        assert!(find(&outer, &|cause| cause.is::<rustls::Error>()));
        assert!(!find(&io::Error::other("text"), &|cause| cause.is::<rustls::Error>()));
    }
}
