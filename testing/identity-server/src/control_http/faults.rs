//! Faults, held requests and waiting for requests.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::problem::{Problem, parse};
use crate::control::Control;
use crate::journal::Endpoint;
use crate::params::Params;

/// A fault and its endpoint in one flat object.
type Order = Map<String, Value>;

pub(super) async fn waiting(State(control): State<Control>) -> Json<Vec<Value>> {
    let order = |(endpoint, fault)| {
        let mut order = json!(fault);
        order["endpoint"] = json!(endpoint);
        order
    };
    Json(control.waiting_faults().into_iter().map(order).collect())
}

pub(super) async fn add(State(control): State<Control>, body: Bytes) -> Result<StatusCode, Problem> {
    let mut order: Order = parse(&body)?;
    let endpoint = order
        .remove("endpoint")
        .ok_or_else(|| Problem::bad_request("endpoint is missing"))?;
    let endpoint = serde_json::from_value(endpoint).map_err(Problem::bad_request)?;
    control.fault(
        endpoint,
        serde_json::from_value(Value::Object(order)).map_err(Problem::bad_request)?,
    );
    Ok(StatusCode::CREATED)
}

/// `?endpoint=…`, or all endpoints.
pub(super) async fn clear(State(control): State<Control>, uri: Uri) -> Result<StatusCode, Problem> {
    control.clear_faults(endpoint(&query(&uri))?);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    #[serde(default = "any")]
    endpoint: Endpoint,
}

fn any() -> Endpoint {
    Endpoint::Any
}

pub(super) async fn release(State(control): State<Control>, body: Bytes) -> Result<Json<Value>, Problem> {
    let release: Release = parse(&body)?;
    Ok(Json(json!({ "released": control.release(release.endpoint) })))
}

/// `?endpoint=token&held=1` or `?endpoint=token&requests=3`: answers when that number is reached.
pub(super) async fn wait(State(control): State<Control>, uri: Uri) -> Result<Json<Value>, Problem> {
    let params = query(&uri);
    let endpoint = endpoint(&params)?;
    let number = |name: &str| {
        params
            .get(name)
            .map(str::parse::<u32>)
            .transpose()
            .map_err(Problem::bad_request)
    };
    match (number("held")?, number("requests")?) {
        (Some(count), None) => {
            control
                .wait_for_held(endpoint, usize::try_from(count).unwrap_or(usize::MAX))
                .await
        }
        (None, Some(count)) => control.wait_for_requests(endpoint, count.into()).await,
        _ => return Err(Problem::bad_request("give either held or requests")),
    }
    Ok(Json(
        json!({ "held": control.held(endpoint), "requests": control.seen(endpoint) }),
    ))
}

fn query(uri: &Uri) -> Params {
    Params::from_form(uri.query().unwrap_or_default().as_bytes())
}

fn endpoint(params: &Params) -> Result<Endpoint, Problem> {
    let name = params.get("endpoint").unwrap_or("any");
    serde_json::from_value(json!(name)).map_err(Problem::bad_request)
}
