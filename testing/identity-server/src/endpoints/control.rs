//! [`Control`] over HTTP, for tests in other languages. JSON in, JSON out.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::state::Shared;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/counters", get(counters))
}

async fn counters(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(shared.journal.counters()))
}
