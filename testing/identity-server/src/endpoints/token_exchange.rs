//! Token exchange at `/oauth/token` (RFC 8693) that signs in: a Sign in with Apple code, or a token of a type that the
//! tenant supports (Auth0: "Token Exchange for Native Social", "Custom Token Exchange").

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::authorize_request::granted;
use super::token_request::{TokenRequest, missing};
use super::{device_sso, mfa, own_tokens};
use crate::accounts::Account;
use crate::answers::{oauth_error, private_json};
use crate::grant::Grant;
use crate::random;
use crate::records::Waiting;
use crate::state::Db;

pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// Codes of this type can be used once.
const APPLE: &str = "http://auth0.com/oauth/token-type/apple-authz-code";

pub(super) fn exchange(request: &TokenRequest<'_>, db: &mut Db) -> Response {
    if !request.settings.token_exchange {
        let text = "Grant type 'urn:ietf:params:oauth:grant-type:token-exchange' not allowed for the client.";
        return oauth_error(403, "unauthorized_client", text);
    }
    let (Some(token), Some(kind)) = (
        request.params.get("subject_token"),
        request.params.get("subject_token_type"),
    ) else {
        return missing("subject_token or subject_token_type");
    };
    if device_sso::presents_device_secret(request) {
        return device_sso::sign_in(request, db, token, kind);
    }
    if own_tokens::is_own(request, token, kind) {
        return own_tokens::exchange(request, db, token, kind);
    }
    sign_in_with(request, db, token, kind)
}

/// A session for the user whom the token of another issuer's names.
fn sign_in_with(request: &TokenRequest<'_>, db: &mut Db, token: &str, kind: &str) -> Response {
    if kind != APPLE && !own_tokens::has_profile(request, kind) {
        return oauth_error(400, "invalid_request", "The subject token type is not known.");
    }
    let Some(mut account) = named_by(db, token) else {
        return oauth_error(403, "invalid_grant", "The subject token is not valid.");
    };
    if kind == APPLE && !db.spent_codes_of_others.insert(token.to_owned()) {
        return oauth_error(403, "invalid_grant", "Error from Apple connection: invalid_grant");
    }
    if let Some(profile) = request.params.get("user_profile") {
        let Some(named) = with_profile(&account, profile) else {
            return oauth_error(400, "invalid_request", "user_profile is not a JSON object.");
        };
        account = named;
        if let Some(kept) = db.account_mut(&account.id) {
            kept.clone_from(&account);
        }
    }
    let audience = request
        .params
        .owned("audience")
        .or_else(|| request.params.owned("resource"));
    let audience = audience.or_else(|| request.settings.default_audience.clone());
    let known = audience
        .as_ref()
        .map_or(Some(Vec::new()), |name| request.shared.scopes_of(name));
    let Some(known) = known else {
        return oauth_error(400, "invalid_target", "Unknown audience");
    };
    let scope = request.params.get("scope").unwrap_or("openid profile email");
    let grant = Grant {
        client_id: request.client.id.clone(),
        user_id: account.id.clone(),
        scope: granted(request.client, &known, scope),
        audience,
        auth_time: request.shared.clock.now(),
        organization: request.params.owned("organization"),
        session: random::identifier(),
        key: request.key.clone(),
        ..Grant::default()
    };
    if account.mfa_required {
        let waiting = Waiting::SignIn(Box::new(grant));
        return mfa::required(request.shared, db, &request.client.id, &account.id, waiting);
    }
    let (mut answer, _) = request.begin(db, &grant, &account);
    answer["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token".into();
    request
        .shared
        .journal
        .count(|counters| counters.external_tokens_exchanged += 1);
    private_json(StatusCode::OK, &answer)
}

/// The user that `external:EMAIL` or `external:EMAIL:ANYTHING` names. The second form allows many tokens for one user.
fn named_by(db: &Db, token: &str) -> Option<Account> {
    let email = token.strip_prefix("external:")?.split(':').next()?;
    db.account_by_email(email).cloned()
}

/// The account with the name, which Apple sends at the first sign-in only.
fn with_profile(account: &Account, profile: &str) -> Option<Account> {
    let profile: Value = serde_json::from_str(profile).ok().filter(Value::is_object)?;
    let mut account = account.clone();
    for (claim, member) in [("given_name", "firstName"), ("family_name", "lastName")] {
        if let Some(name) = profile["name"].get(member).and_then(Value::as_str) {
            account.claims.insert(claim.into(), name.into());
        }
    }
    Some(account)
}
