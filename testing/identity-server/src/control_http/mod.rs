//! [`Control`] over HTTP, for tests in other languages and for curl. JSON in, JSON out.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use self::problem::{Problem, parse};
use crate::control::Control;
use crate::keys::OldKeys;
use crate::settings::Settings;
use crate::state::Shared;

mod faults;
mod power;
mod problem;
mod users;

pub(crate) fn router() -> Router<Arc<Shared>> {
    // A nested router does not match its own root with the trailing slash.
    Router::new()
        .route("/_control/", get(about))
        .nest("/_control", routes())
}

fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/faults", get(faults::waiting).post(faults::add).delete(faults::clear))
        .route("/release", post(faults::release))
        .route("/wait", get(faults::wait))
        .route("/requests", get(requests).delete(clear_requests))
        .route("/counters", get(counters))
        .route("/clock", get(clock).post(set_clock))
        .route("/keys/rotate", post(rotate_keys))
        .route("/settings", get(settings).patch(change_settings))
        .route(
            "/users/{email}",
            get(users::get)
                .put(users::put)
                .patch(users::patch)
                .delete(users::delete),
        )
        .route("/users/{email}/metadata", get(users::metadata).put(users::set_metadata))
        .route("/users/{email}/revoke", post(users::revoke))
        .route("/offline", post(power::offline))
        .route("/online", post(power::online))
        .route("/shutdown", post(power::shut_down))
        .fallback(async || Problem::not_found("control endpoint"))
}

impl FromRef<Arc<Shared>> for Control {
    fn from_ref(shared: &Arc<Shared>) -> Self {
        Self::new(shared.clone())
    }
}

async fn about(State(control): State<Control>, State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "issuer": shared.issuer, "control_url": control.url(), "now": control.now() }))
}

async fn requests(State(control): State<Control>) -> Json<Value> {
    Json(json!(control.requests()))
}

async fn clear_requests(State(control): State<Control>) -> StatusCode {
    control.clear_requests();
    StatusCode::NO_CONTENT
}

async fn counters(State(control): State<Control>) -> Json<Value> {
    Json(json!(control.counters()))
}

async fn clock(State(control): State<Control>) -> Json<Value> {
    Json(json!({
        "now": control.now(), "offset_seconds": control.clock_offset(), "frozen": control.is_clock_frozen(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    advance_seconds: Option<f64>,
    offset_seconds: Option<i64>,
    frozen: Option<bool>,
}

async fn set_clock(State(control): State<Control>, body: Bytes) -> Result<Json<Value>, Problem> {
    let change: ClockChange = parse(&body)?;
    if let Some(offset) = change.offset_seconds {
        control.set_clock_offset(offset);
    }
    if let Some(seconds) = change.advance_seconds {
        control.advance(std::time::Duration::try_from_secs_f64(seconds).map_err(Problem::bad_request)?);
    }
    match change.frozen {
        Some(true) => control.freeze_clock(),
        Some(false) => control.thaw_clock(),
        None => {}
    }
    Ok(clock(State(control)).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    #[serde(default)]
    old: OldKeys,
}

async fn rotate_keys(State(control): State<Control>, body: Bytes) -> Result<Json<Value>, Problem> {
    let rotation: Rotation = parse(&body)?;
    Ok(Json(json!({ "kid": control.rotate_keys(rotation.old) })))
}

async fn settings(State(control): State<Control>) -> Json<Settings> {
    Json(control.settings())
}

/// Absent members do not change.
async fn change_settings(State(control): State<Control>, body: Bytes) -> Result<Json<Settings>, Problem> {
    let changes: serde_json::Map<String, Value> = parse(&body)?;
    let mut all = json!(control.settings());
    for (name, value) in changes {
        all[name] = value;
    }
    let new: Settings = serde_json::from_value(all).map_err(Problem::bad_request)?;
    control.change(|settings| *settings = new);
    Ok(Json(control.settings()))
}
