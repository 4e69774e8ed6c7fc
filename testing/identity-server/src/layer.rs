//! The layer around every endpoint: faults, the request log, the `Date` header.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header, request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper::body::{Bytes, Frame};

use crate::answers::{Refusal, code, oauth_error, set_header};
use crate::clock::http_date;
use crate::faults::{Effect, Fault};
use crate::journal::Endpoint;
use crate::params::Params;
use crate::state::Shared;
use crate::tamper::{IdTokenFault, change_members, coded};
use crate::wire::Wire;

/// Larger than any request of a session.
const BODY_LIMIT: usize = 1 << 20;

/// The change that the token endpoint is to make to the ID token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tampering(pub(crate) Option<IdTokenFault>);

pub(crate) async fn around(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let Some(endpoint) = Endpoint::of(request.uri().path()) else {
        return dated(&shared, next.run(request).await, None);
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return dated(
            &shared,
            oauth_error(413, "invalid_request", "The request is too large."),
            None,
        );
    };
    let wire = parts.extensions.get::<Arc<Wire>>().cloned().unwrap_or_default();
    let grant_type = (endpoint == Endpoint::Token)
        .then(|| grant_type(&parts, &body))
        .flatten();
    let faults = shared.faults.take(endpoint, grant_type.as_deref());
    let number = shared
        .journal
        .begin(endpoint, parts.method.as_str(), grant_type, shared.clock.now());
    if let Some(fault) = faults.last() {
        shared
            .journal
            .update(number, |record| record.fault = Some(fault.effect.name()));
    }
    let (after, before): (Vec<&Fault>, Vec<&Fault>) = faults.iter().partition(|fault| fault.after_processing);
    wait(&shared, endpoint, &before).await;
    let replaced = match before.iter().find_map(|fault| replacement(fault)) {
        Some(replacement) => Some(replacement.answer(&wire).await),
        None => None,
    };
    let mut response = match replaced {
        Some(response) => response,
        None => {
            let mut parts = parts;
            parts.extensions.insert(tampering(&faults));
            let response = next.run(Request::from_parts(parts, Body::from(body))).await;
            wait(&shared, endpoint, &after).await;
            match after.iter().find_map(|fault| replacement(fault)) {
                Some(replacement) => replacement.answer(&wire).await,
                None => response,
            }
        }
    };
    // A body is cut last, because a cut body never ends.
    let (cuts, changes): (Vec<&Fault>, Vec<&Fault>) = faults
        .iter()
        .partition(|fault| matches!(fault.effect, Effect::Truncate | Effect::StallBody));
    for fault in changes.into_iter().chain(cuts) {
        response = spoil(fault, response).await;
    }
    let (status, error) = (
        response.status().as_u16(),
        response.extensions().get::<Refusal>().cloned(),
    );
    shared.journal.update(number, |record| {
        record.status = Some(status);
        record.error = error.map(|Refusal(error)| error);
    });
    dated(
        &shared,
        response,
        faults.iter().find_map(|fault| date_fault(&fault.effect)),
    )
}

fn grant_type(parts: &request::Parts, body: &[u8]) -> Option<String> {
    Params::from_body(&parts.headers, body)?.owned("grant_type")
}

fn tampering(faults: &[Fault]) -> Tampering {
    Tampering(faults.iter().find_map(|fault| match &fault.effect {
        Effect::IdToken(fault) => Some(fault.clone()),
        _ => None,
    }))
}

async fn wait(shared: &Shared, endpoint: Endpoint, faults: &[&Fault]) {
    for fault in faults {
        match fault.effect {
            Effect::Delay { milliseconds } => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
            Effect::Hold => shared.holds.hold(endpoint).await,
            _ => {}
        }
    }
}

/// What the client gets instead of the normal answer.
enum Replacement {
    Answer(Response),
    Reset,
    Silence,
}

impl Replacement {
    async fn answer(self, wire: &Wire) -> Response {
        match self {
            Self::Answer(response) => return response,
            Self::Reset => wire.reset(),
            Self::Silence => {}
        }
        std::future::pending().await
    }
}

fn replacement(fault: &Fault) -> Option<Replacement> {
    Some(Replacement::Answer(match &fault.effect {
        Effect::Reset => return Some(Replacement::Reset),
        Effect::Stall => return Some(Replacement::Silence),
        Effect::Status { status, headers, body } => {
            let mut response = (code(*status), Body::from(body.clone())).into_response();
            headers.iter().for_each(|(name, value)| put(&mut response, name, value));
            response
        }
        Effect::GarbageJson => json_body("{\"access_token\": \"eyJhbGciOi".into()),
        Effect::Html { status } => {
            let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (code(*status), headers, CAPTIVE_PORTAL).into_response()
        }
        Effect::HugeBody { bytes } => json_body(format!("{{\"padding\":\"{}\"}}", "x".repeat(*bytes))),
        Effect::Redirect { location } => crate::answers::redirect(location),
        _ => return None,
    }))
}

const CAPTIVE_PORTAL: &str = "<!doctype html><html><head><title>Airport Wi-Fi</title></head>\
    <body><h1>Welcome!</h1><p>Please accept the terms to go online.</p></body></html>";

fn json_body(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// Applies the faults that change a normal answer.
async fn spoil(fault: &Fault, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // The bodies come from this server: they neither fail nor exceed any limit.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match &fault.effect {
        Effect::Answer { set, remove } => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(change_members(body, set, remove)))
        }
        Effect::Bytes { before, within, after } => {
            parts.headers.remove(header::CONTENT_LENGTH);
            let (brace, members) = body.split_at(body.len().min(1));
            let body = [before.as_slice(), brace, within, members, after].concat();
            Response::from_parts(parts, Body::from(body))
        }
        Effect::Coded { coding } => {
            parts.headers.remove(header::CONTENT_LENGTH);
            let mut response = Response::from_parts(parts, Body::from(coded(coding, &body)));
            set_header(&mut response, header::CONTENT_ENCODING, coding);
            response
        }
        Effect::Headers { headers } => {
            let mut response = Response::from_parts(parts, Body::from(body));
            headers.iter().for_each(|(name, value)| put(&mut response, name, value));
            response
        }
        Effect::Truncate | Effect::StallBody => {
            // An empty body gets the length of a short one.
            let length = if body.is_empty() { 16 } else { body.len() };
            parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            let first = Some(body.slice(..body.len() / 2));
            let stalls = matches!(fault.effect, Effect::StallBody);
            Response::from_parts(
                parts,
                Body::new(HalfBody {
                    first,
                    sent: false,
                    stalls,
                }),
            )
        }
        _ => Response::from_parts(parts, Body::from(body)),
    }
}

/// Sets a header. An empty value removes it.
fn put(response: &mut Response, name: &str, value: &str) {
    let Ok(name) = HeaderName::try_from(name) else {
        return;
    };
    if value.is_empty() {
        response.headers_mut().remove(name);
    } else {
        set_header(response, name, value);
    }
}

/// A date that is wrong by that many seconds, or no date.
fn date_fault(effect: &Effect) -> Option<Option<i64>> {
    match effect {
        Effect::Date { shift_seconds } => Some(Some(*shift_seconds)),
        Effect::NoDate => Some(None),
        _ => None,
    }
}

/// Adds the server's date, changed by the fault, if any.
fn dated(shared: &Shared, mut response: Response, fault: Option<Option<i64>>) -> Response {
    if let Some(shift) = fault.unwrap_or(Some(0)) {
        let date = http_date(shared.clock.now().saturating_add(shift));
        // A fault's own Date header stays.
        if !response.headers().contains_key(header::DATE) {
            set_header(&mut response, header::DATE, &date);
        }
    }
    response
}

/// The first half of a body that never ends.
struct HalfBody {
    first: Option<Bytes>,
    sent: bool,
    stalls: bool,
}

impl hyper::body::Body for HalfBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if self.stalls {
            return Poll::Pending;
        }
        if !self.sent {
            // One idle poll makes hyper flush what it has before it gets the error.
            self.sent = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::other("truncated on purpose"))))
    }
}
