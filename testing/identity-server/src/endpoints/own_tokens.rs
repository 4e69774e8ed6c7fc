//! Token exchange of the server's own tokens (RFC 8693): an access, ID or refresh token for an access token for another
//! API, like an Action of a Custom Token Exchange profile at Auth0, or as the standard says.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::token_request::{TokenRequest, missing};
use super::{bearer, mfa};
use crate::answers::{oauth_error, private_json};
use crate::grant::Grant;
use crate::params::words;
use crate::records::Waiting;
use crate::refresh_tokens::Presented;
use crate::state::Db;
use crate::tokens::Issue;

const STANDARD: &str = "urn:ietf:params:oauth:token-type:";

/// Whether the type names a token of the server's own. A profile's type does where the token is none of another issuer's.
pub(super) fn is_own(request: &TokenRequest<'_>, token: &str, kind: &str) -> bool {
    kind.starts_with(STANDARD) || (!token.starts_with("external:") && has_profile(request, kind))
}

pub(super) fn has_profile(request: &TokenRequest<'_>, kind: &str) -> bool {
    request.settings.custom_token_types.iter().any(|known| known == kind)
}

pub(super) fn exchange(request: &TokenRequest<'_>, db: &mut Db, token: &str, kind: &str) -> Response {
    let is_standard = kind.starts_with(STANDARD);
    if is_standard && !request.settings.standard_token_exchange {
        // Reserved: no profile can have it.
        return oauth_error(400, "invalid_request", "The subject token type is not known.");
    }
    let Some(mut grant) = subject(request, db, token) else {
        return match is_standard {
            // RFC 8693 section 2.2.2.
            true => oauth_error(
                400,
                "invalid_request",
                "The subject_token is expired, revoked or not active",
            ),
            false => oauth_error(403, "invalid_grant", "Invalid subject token"),
        };
    };
    if grant.key.is_some() && grant.key != request.key {
        return oauth_error(400, "invalid_dpop_proof", "The token is bound to another key");
    }
    grant.key.clone_from(&request.key);
    if let Some(actor) = request.params.get("actor_token") {
        match actor.strip_prefix("actor:") {
            Some(name) if request.params.get("actor_token_type").is_some() => grant.actor = Some(name.to_owned()),
            Some(_) => return missing("actor_token_type"),
            None => return oauth_error(400, "invalid_request", "The actor token is not valid."),
        }
    }
    let Some(audience) = request
        .params
        .owned("audience")
        .or_else(|| request.params.owned("resource"))
    else {
        return missing("audience");
    };
    let Some(known) = request.shared.scopes_of(&audience) else {
        return match is_standard {
            true => oauth_error(400, "invalid_target", &format!("Unknown audience: {audience}")),
            false => oauth_error(403, "access_denied", &format!("Service not found: {audience}")),
        };
    };
    let scope = request.params.get("scope").map_or_else(|| known.clone(), words);
    if let Some(odd) = scope.iter().find(|scope| !known.contains(scope)) {
        return oauth_error(400, "invalid_scope", &format!("The scope {odd} is not known"));
    }
    let Some(account) = db.account(&grant.user_id).cloned() else {
        return oauth_error(403, "access_denied", "The user is gone");
    };
    if account.mfa_required {
        let waiting = Waiting::Exchange(Box::new(grant), audience, scope);
        return mfa::required(request.shared, db, &request.client.id, &account.id, waiting);
    }
    exchanged(request, db, &grant, &audience, &scope)
}

pub(super) fn exchanged(
    request: &TokenRequest<'_>,
    db: &mut Db,
    grant: &Grant,
    audience: &str,
    scope: &[String],
) -> Response {
    let Some(account) = db.account(&grant.user_id).cloned() else {
        return oauth_error(403, "access_denied", "The user is gone");
    };
    let issue = Issue {
        grant,
        account: &account,
        scope,
        audience: Some(audience),
        family: None,
        refresh_token: None,
        again: true,
        id_token_fault: None,
    };
    let mut answer = issue.answer(request.shared, db, &request.settings).0;
    answer["issued_token_type"] = json!(format!("{STANDARD}access_token"));
    request
        .shared
        .journal
        .count(|counters| counters.own_tokens_exchanged += 1);
    private_json(StatusCode::OK, &answer)
}

/// Whose token it is, where it is in force and this client's. A refresh token is not spent by being shown.
fn subject(request: &TokenRequest<'_>, db: &mut Db, token: &str) -> Option<Grant> {
    let client_id = &request.client.id;
    if let Ok(found) = bearer::identify_in(request.shared, db, token) {
        let is_own = found.client_id == *client_id || found.audiences.contains(client_id);
        return is_own.then(|| Grant {
            client_id: client_id.clone(),
            user_id: found.user_id,
            key: found.key,
            ..Grant::default()
        });
    }
    let now_ms = request.shared.clock.now_ms();
    match db.refresh_tokens.present(token, client_id, now_ms, &request.settings) {
        Presented::Usable {
            grant, overlap: false, ..
        } => Some(*grant),
        Presented::Usable { .. } => {
            request
                .shared
                .journal
                .count(|counters| counters.spent_refresh_tokens_presented += 1);
            None
        }
        Presented::Reused { family } => {
            db.end_family(family, &request.settings);
            request.shared.journal.count(|counters| {
                counters.spent_refresh_tokens_presented += 1;
                counters.families_killed += 1;
            });
            None
        }
        Presented::Dead { .. } => None,
    }
}
