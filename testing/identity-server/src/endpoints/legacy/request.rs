//! A request to one of the legacy endpoints, read and checked.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::answers::oauth_error;
use crate::layer::Tampering;
use crate::options::Client;
use crate::params::Params;
use crate::settings::Settings;
use crate::state::Shared;

/// A request to a legacy endpoint.
pub(super) struct LegacyRequest {
    pub(super) shared: Arc<Shared>,
    pub(super) settings: Settings,
    pub(super) params: Params,
    pub(super) tampering: Tampering,
}

/// A refusal that is returned at once.
pub(super) type Refused<T> = Result<T, Box<Response>>;

impl LegacyRequest {
    pub(super) fn read(shared: Arc<Shared>, tampering: Tampering, headers: &HeaderMap, body: &Bytes) -> Refused<Self> {
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

    /// The client that asks, if the legacy grant is allowed for it.
    pub(super) fn client(&self, grant: &str) -> Refused<&Client> {
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

    pub(super) fn needed(&self, name: &str) -> Refused<&str> {
        match self.params.get(name) {
            Some(value) => Ok(value),
            None => refuse(400, "invalid_request", &format!("missing {name} parameter")),
        }
    }
}

pub(super) fn answer(outcome: Refused<Response>) -> Response {
    outcome.unwrap_or_else(|refusal| *refusal)
}

pub(super) fn refuse<T>(status: u16, error: &str, description: &str) -> Refused<T> {
    Err(Box::new(oauth_error(status, error, description)))
}
