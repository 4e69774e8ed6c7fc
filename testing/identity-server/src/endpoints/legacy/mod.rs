//! `/delegation`, `/tokeninfo` and `/oauth/ro` (Auth0, "Authentication API", legacy): off unless [`Settings::legacy`]
//! is on, as for every tenant created since June 2017.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::answers::oauth_error;
use crate::layer::Tampering;
use crate::options::Client;
use crate::params::Params;
use crate::settings::Settings;
use crate::state::Shared;

mod delegation;
mod id_token;
mod resource_owner;
mod tokeninfo;

/// One request.
struct Call {
    shared: Arc<Shared>,
    settings: Settings,
    params: Params,
    tampering: Tampering,
}

/// A refusal that is returned at once.
type Refused<T> = Result<T, Box<Response>>;

pub(crate) async fn delegation(
    State(shared): State<Arc<Shared>>,
    Extension(tampering): Extension<Tampering>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(Call::read(shared, tampering, &headers, &body).and_then(|call| delegation::answer(&call)))
}

pub(crate) async fn tokeninfo(
    State(shared): State<Arc<Shared>>,
    Extension(tampering): Extension<Tampering>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(Call::read(shared, tampering, &headers, &body).and_then(|call| tokeninfo::answer(&call)))
}

pub(crate) async fn resource_owner(
    State(shared): State<Arc<Shared>>,
    Extension(tampering): Extension<Tampering>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(Call::read(shared, tampering, &headers, &body).and_then(|call| resource_owner::answer(&call)))
}

fn answer(outcome: Refused<Response>) -> Response {
    outcome.unwrap_or_else(|refusal| *refusal)
}

fn refuse<T>(status: u16, error: &str, description: &str) -> Refused<T> {
    Err(Box::new(oauth_error(status, error, description)))
}

impl Call {
    fn read(shared: Arc<Shared>, tampering: Tampering, headers: &HeaderMap, body: &Bytes) -> Refused<Self> {
        let settings = shared.settings();
        if !settings.legacy {
            return refuse(404, "endpoint_disabled", "This endpoint is disabled for your tenant.");
        }
        let Some(params) = Params::from_body(headers, body) else {
            return refuse(400, "invalid_request", "The body is not a JSON object.");
        };
        Ok(Self {
            shared,
            settings,
            params,
            tampering,
        })
    }

    /// The requesting client, if the legacy grant is allowed for it.
    fn client(&self, grant: &str) -> Refused<&Client> {
        let id = self.needed("client_id")?;
        let Some(client) = self.shared.client(id) else {
            return refuse(403, "unauthorized_client", "invalid client");
        };
        if client.legacy {
            return Ok(client);
        }
        let grant = format!("http://auth0.com/oauth/legacy/grant-type/{grant}");
        let text = format!("Grant type '{grant}' not allowed for the client.");
        refuse(403, "unauthorized_client", &text)
    }

    fn needed(&self, name: &str) -> Refused<&str> {
        match self.params.get(name) {
            Some(value) => Ok(value),
            None => refuse(400, "invalid_request", &format!("missing {name} parameter")),
        }
    }
}
