//! Device secrets: an app in which the user is signed in can sign the user in to the vendor's other apps (OpenID
//! Connect Native SSO for Mobile Apps 1.0; Okta: "Configure SSO for native apps").

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::authorize_request::granted;
use super::token_request::{TokenRequest, missing};
use crate::answers::{oauth_error, private_json};
use crate::grant::Grant;
use crate::jws;
use crate::state::Db;
use crate::tokens::half_of_hash;

/// Okta's name of the type, and the profile's.
const TYPES: [&str; 2] = [
    "urn:x-oath:params:oauth:token-type:device-secret",
    "urn:openid:params:token-type:device-secret",
];
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

pub(super) fn presents_device_secret(request: &TokenRequest<'_>) -> bool {
    let kind = request.params.get("actor_token_type");
    request.settings.device_sso && kind.is_some_and(|kind| TYPES.contains(&kind))
}

/// A session for the user of the ID token, on the device of the secret.
pub(super) fn sign_in(request: &TokenRequest<'_>, db: &mut Db, id_token: &str, kind: &str) -> Response {
    let Some(secret) = request.params.get("actor_token") else {
        return missing("actor_token");
    };
    if kind != ID_TOKEN {
        return oauth_error(
            400,
            "invalid_request",
            "The subject_token_type must be that of an ID token.",
        );
    }
    let refused = |text: &str| oauth_error(400, "invalid_grant", text);
    let Some(known) = db.device_secrets.get(secret) else {
        return refused("The device_secret is invalid.");
    };
    // It may have expired.
    let claims = jws::verify(&request.shared.keys, id_token).unwrap_or_default();
    let says = |name: &str, value: &str| claims.get(name).and_then(Value::as_str) == Some(value);
    let hash = half_of_hash(secret, request.settings.algorithm);
    if !says("ds_hash", &hash) || !says("sid", &known.session) || !says("sub", &known.user_id) {
        return refused("The id_token and the device_secret do not belong together.");
    }
    let audience = request
        .params
        .owned("audience")
        .or_else(|| request.settings.default_audience.clone());
    let of_the_api = audience
        .as_ref()
        .map_or(Some(Vec::new()), |name| request.shared.scopes_of(name));
    let Some(of_the_api) = of_the_api else {
        return oauth_error(400, "invalid_target", "The audience is not known.");
    };
    let mut scope = granted(
        request.client,
        &of_the_api,
        request.params.get("scope").unwrap_or("openid"),
    );
    scope.retain(|name| name != "device_sso");
    let grant = Grant {
        client_id: request.client.id.clone(),
        user_id: known.user_id.clone(),
        scope,
        audience,
        auth_time: known.auth_time,
        session: known.session.clone(),
        key: request.key.clone(),
        ..Grant::default()
    };
    let Some(account) = db.account(&grant.user_id).cloned() else {
        return refused("The user is gone.");
    };
    let (mut answer, issued) = request.begin(db, &grant, &account);
    if let Some(known) = db.device_secrets.get_mut(secret) {
        known.families.extend(issued.family);
    }
    answer["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token".into();
    request
        .shared
        .journal
        .count(|counters| counters.device_secrets_exchanged += 1);
    private_json(StatusCode::OK, &answer)
}
