//! `/delegation`, `/tokeninfo` and `/oauth/ro`: off, as they are for every tenant made since June 2017.

use axum::response::Response;

use crate::answers::oauth_error;

pub(crate) async fn disabled() -> Response {
    oauth_error(404, "endpoint_disabled", "This endpoint is disabled for your tenant.")
}
