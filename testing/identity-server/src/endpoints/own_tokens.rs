//! Token exchange of the server's own tokens (RFC 8693): an access, ID or refresh token for an access token for another
//! API, like an Action of a Custom Token Exchange profile at Auth0, or as the standard says.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::token::{Call, missing};
use super::{bearer, mfa};
use crate::answers::{oauth_error, private_json};
use crate::grant::Grant;
use crate::params::words;
use crate::refresh_tokens::Presented;
use crate::state::{Db, Waiting};
use crate::tokens::Issue;

const STANDARD: &str = "urn:ietf:params:oauth:token-type:";

impl Call<'_> {
    /// Whether the type names one of the server's own tokens. A profile's type does, unless the token comes from
    /// another issuer.
    pub(super) fn is_own(&self, token: &str, kind: &str) -> bool {
        kind.starts_with(STANDARD) || (!token.starts_with("external:") && self.has_profile(kind))
    }

    pub(super) fn has_profile(&self, kind: &str) -> bool {
        self.settings.custom_token_types.iter().any(|known| known == kind)
    }

    pub(super) fn exchange_own(&self, db: &mut Db, token: &str, kind: &str) -> Response {
        let is_standard = kind.starts_with(STANDARD);
        if is_standard && !self.settings.standard_token_exchange {
            // Reserved: no profile can use it.
            return oauth_error(400, "invalid_request", "The subject token type is not known.");
        }
        let Some(mut grant) = self.subject(db, token) else {
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
        if grant.key.is_some() && grant.key != self.key {
            return oauth_error(400, "invalid_dpop_proof", "The token is bound to another key");
        }
        grant.key.clone_from(&self.key);
        if let Some(actor) = self.params.get("actor_token") {
            match actor.strip_prefix("actor:") {
                Some(name) if self.params.get("actor_token_type").is_some() => grant.actor = Some(name.to_owned()),
                Some(_) => return missing("actor_token_type"),
                None => return oauth_error(400, "invalid_request", "The actor token is not valid."),
            }
        }
        let Some(audience) = self.params.owned("audience").or_else(|| self.params.owned("resource")) else {
            return missing("audience");
        };
        let Some(known) = self.shared.scopes_of(&audience) else {
            return match is_standard {
                true => oauth_error(400, "invalid_target", &format!("Unknown audience: {audience}")),
                false => oauth_error(403, "access_denied", &format!("Service not found: {audience}")),
            };
        };
        let scope = self.params.get("scope").map_or_else(|| known.clone(), words);
        if let Some(odd) = scope.iter().find(|scope| !known.contains(scope)) {
            return oauth_error(400, "invalid_scope", &format!("The scope {odd} is not known"));
        }
        let Some(account) = db.account(&grant.user_id).cloned() else {
            return oauth_error(403, "access_denied", "The user is gone");
        };
        if account.mfa_required {
            let waiting = Waiting::Exchange(Box::new(grant), audience, scope);
            return mfa::required(self.shared, db, &self.client.id, &account.id, waiting);
        }
        self.exchanged(db, &grant, &audience, &scope)
    }

    pub(super) fn exchanged(&self, db: &mut Db, grant: &Grant, audience: &str, scope: &[String]) -> Response {
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
        let mut answer = issue.answer(self.shared, db, &self.settings).0;
        answer["issued_token_type"] = json!(format!("{STANDARD}access_token"));
        self.shared.journal.count(|counters| counters.own_tokens_exchanged += 1);
        private_json(StatusCode::OK, &answer)
    }

    /// The grant of a token that is valid and belongs to this client. Presenting a refresh token here does not spend
    /// it.
    fn subject(&self, db: &mut Db, token: &str) -> Option<Grant> {
        let client_id = &self.client.id;
        if let Ok(found) = bearer::identify_in(self.shared, db, token) {
            let is_own = found.client_id == *client_id || found.audiences.contains(client_id);
            return is_own.then(|| Grant {
                client_id: client_id.clone(),
                user_id: found.user_id,
                key: found.key,
                ..Grant::default()
            });
        }
        let now_ms = self.shared.clock.now_ms();
        match db.refresh_tokens.present(token, client_id, now_ms, &self.settings) {
            Presented::Usable {
                grant, overlap: false, ..
            } => Some(*grant),
            Presented::Usable { .. } => {
                self.shared
                    .journal
                    .count(|counters| counters.spent_refresh_tokens_presented += 1);
                None
            }
            Presented::Reused { family } => {
                db.end_family(family, &self.settings);
                self.shared.journal.count(|counters| {
                    counters.spent_refresh_tokens_presented += 1;
                    counters.families_killed += 1;
                });
                None
            }
            Presented::Dead { .. } => None,
        }
    }
}
