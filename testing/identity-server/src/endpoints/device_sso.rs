//! Device secrets: an app in which the user is signed in can sign the user in to the vendor's other apps (OpenID
//! Connect Native SSO for Mobile Apps 1.0; Okta: "Configure SSO for native apps").

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::authorize_request::granted;
use super::token::{Call, missing};
use crate::answers::{oauth_error, private_json};
use crate::grant::Grant;
use crate::jws;
use crate::random;
use crate::settings::Settings;
use crate::state::Db;
use crate::tokens::half_of_hash;

/// Okta's name of the type, and the profile's.
const TYPES: [&str; 2] = [
    "urn:x-oath:params:oauth:token-type:device-secret",
    "urn:openid:params:token-type:device-secret",
];
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// The session behind a device secret.
pub(crate) struct DeviceSecret {
    user_id: String,
    /// `sid`.
    session: String,
    auth_time: i64,
    /// The refresh tokens that were issued with it and in exchange for it; they end with it.
    families: Vec<u64>,
}

/// The device secret of a grant that has one, and whether the answer contains it.
pub(crate) fn secret(
    db: &mut Db,
    settings: &Settings,
    (grant, scope): (&Grant, &[String]),
    (family, again): (Option<u64>, bool),
) -> Option<(String, bool)> {
    let has = |name: &str| scope.iter().any(|scope| scope == name);
    if !settings.device_sso || !has("device_sso") || !has("openid") {
        return None;
    }
    let is_its = |known: &DeviceSecret| known.families.first().copied() == family && family.is_some();
    let known = db.device_secrets.iter().find(|(_, known)| is_its(known));
    let known = known.map(|(secret, _)| secret.clone()).filter(|_| again);
    if let Some(secret) = known.clone().filter(|_| !settings.device_secret_rotation) {
        return Some((secret, false));
    }
    let families = match known.and_then(|secret| db.device_secrets.remove(&secret)) {
        Some(replaced) => replaced.families,
        // The secret was revoked.
        None if again => return None,
        None => family.into_iter().collect(),
    };
    let secret = random::token();
    let of = DeviceSecret {
        user_id: grant.user_id.clone(),
        session: grant.session.clone(),
        auth_time: grant.auth_time,
        families,
    };
    db.device_secrets.insert(secret.clone(), of);
    Some((secret, true))
}

/// Ends a device secret and everything issued for it. Returns whether there was one.
pub(super) fn revoke(db: &mut Db, settings: &Settings, token: &str) -> bool {
    let Some(ended) = db.device_secrets.remove(token) else {
        return false;
    };
    for family in ended.families {
        db.end_family(family, settings);
    }
    true
}

impl Call<'_> {
    pub(super) fn shows_device_secret(&self) -> bool {
        let kind = self.params.get("actor_token_type");
        self.settings.device_sso && kind.is_some_and(|kind| TYPES.contains(&kind))
    }

    /// A session for the user of the ID token, on the device of the secret.
    pub(super) fn sign_in_on_device(&self, db: &mut Db, id_token: &str, kind: &str) -> Response {
        let Some(secret) = self.params.get("actor_token") else {
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
        // The ID token may have expired.
        let claims = jws::verify(&self.shared.keys, id_token).unwrap_or_default();
        let says = |name: &str, value: &str| claims.get(name).and_then(Value::as_str) == Some(value);
        let hash = half_of_hash(secret, self.settings.algorithm);
        if !says("ds_hash", &hash) || !says("sid", &known.session) || !says("sub", &known.user_id) {
            return refused("The id_token and the device_secret do not belong together.");
        }
        let audience = self
            .params
            .owned("audience")
            .or_else(|| self.settings.default_audience.clone());
        let of_the_api = audience
            .as_ref()
            .map_or(Some(Vec::new()), |name| self.shared.scopes_of(name));
        let Some(of_the_api) = of_the_api else {
            return oauth_error(400, "invalid_target", "The audience is not known.");
        };
        let mut scope = granted(self.client, &of_the_api, self.params.get("scope").unwrap_or("openid"));
        scope.retain(|name| name != "device_sso");
        let grant = Grant {
            client_id: self.client.id.clone(),
            user_id: known.user_id.clone(),
            scope,
            audience,
            auth_time: known.auth_time,
            session: known.session.clone(),
            key: self.key.clone(),
            ..Grant::default()
        };
        let Some(account) = db.account(&grant.user_id).cloned() else {
            return refused("The user is gone.");
        };
        let (mut answer, issued) = self.begin(db, &grant, &account);
        if let Some(known) = db.device_secrets.get_mut(secret) {
            known.families.extend(issued.family);
        }
        answer["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token".into();
        self.shared
            .journal
            .count(|counters| counters.device_secrets_exchanged += 1);
        private_json(StatusCode::OK, &answer)
    }
}
