//! Going offline, going online, shutting down.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::problem::Problem;
use crate::control::Control;
use crate::wire::Wire;

/// The requesting connection gets its answer first; hence `Connection: close`.
type Answer = (StatusCode, [(HeaderName, &'static str); 1], Json<Value>);

pub(super) async fn offline(
    State(control): State<Control>,
    Extension(wire): Extension<Arc<Wire>>,
) -> Result<Answer, Problem> {
    wire.spare();
    control.go_offline().await.map_err(Problem::internal)?;
    // A client that asked over the main port learns here where to ask for its return.
    Ok((
        StatusCode::OK,
        [(header::CONNECTION, "close")],
        Json(json!({ "control_url": control.url() })),
    ))
}

pub(super) async fn online(State(control): State<Control>) -> Result<StatusCode, Problem> {
    control.go_online().await.map_err(Problem::internal)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn shut_down(State(control): State<Control>) -> Answer {
    control.shut_down();
    (StatusCode::OK, [(header::CONNECTION, "close")], Json(json!({})))
}
