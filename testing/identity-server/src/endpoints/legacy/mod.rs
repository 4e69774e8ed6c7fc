//! `/delegation`, `/tokeninfo` and `/oauth/ro` (Auth0, "Authentication API", legacy): off unless [`Settings::legacy`](crate::settings::Settings::legacy)
//! is on, as they are for every tenant made since June 2017.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use self::request::{LegacyRequest, answer};
use crate::layer::Tampering;
use crate::state::Shared;

mod delegation;
mod id_token;
mod request;
mod resource_owner;
mod tokeninfo;

pub(crate) async fn delegation(
    State(shared): State<Arc<Shared>>,
    Extension(tampering): Extension<Tampering>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(LegacyRequest::read(shared, tampering, &headers, &body).and_then(|request| delegation::answer(&request)))
}

pub(crate) async fn tokeninfo(
    State(shared): State<Arc<Shared>>,
    Extension(tampering): Extension<Tampering>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(LegacyRequest::read(shared, tampering, &headers, &body).and_then(|request| tokeninfo::answer(&request)))
}

pub(crate) async fn resource_owner(
    State(shared): State<Arc<Shared>>,
    Extension(tampering): Extension<Tampering>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(LegacyRequest::read(shared, tampering, &headers, &body).and_then(|request| resource_owner::answer(&request)))
}
