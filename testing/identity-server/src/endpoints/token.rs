//! `/oauth/token`: exchanges codes and refresh tokens for tokens.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde_json::json;

use super::client_authentication::client;
use super::token_request::{Resource, TokenRequest, dead, missing};
use super::{device, mfa, own_tokens, session_transfer, token_exchange};
use crate::answers::{oauth_error, private_json};
use crate::dpop::{self, Proved};
use crate::grant::{Code, Grant};
use crate::journal::Endpoint;
use crate::layer::Tampering;
use crate::params::{Params, words};
use crate::rate_limit::Standing;
use crate::records::{SecondFactor, Waiting};
use crate::settings::Dpop;
use crate::state::{Db, Shared};

pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    Extension(tampering): Extension<Tampering>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(params) = Params::from_body(&headers, &body) else {
        return oauth_error(400, "invalid_request", "The body is not a JSON object.");
    };
    if let Some(name) = &params.repeated {
        return oauth_error(400, "invalid_request", &format!("{name} is given twice"));
    }
    let client = match client(&shared, &headers, &params) {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    let mut request = TokenRequest {
        shared: &shared,
        settings: shared.settings(),
        client,
        params: &params,
        tampering,
        key: None,
    };
    let limit = request.settings.rate_limit_token;
    let mut db = shared.db();
    let standing = db.windows.count(Endpoint::Token, &client.id, limit, shared.clock.now());
    let proved = Proved {
        method: "POST",
        url: format!("{}oauth/token", shared.issuer),
        access_token: None,
    };
    // Before anything is spent (RFC 9449 section 5).
    let key = dpop::shown(&shared, &request.settings, &mut db, &headers, &proved);
    let response = if standing.is_some_and(|standing| standing.exceeded) {
        oauth_error(429, "too_many_requests", "Global limit has been reached")
    } else if let Err(wrong) = &key {
        dpop::refusal(wrong)
    } else if request.settings.dpop == Dpop::Required && matches!(key, Ok(None)) {
        oauth_error(400, "invalid_dpop_proof", "A proof of possession is required")
    } else {
        request.key = key.unwrap_or_default();
        match params.get("grant_type") {
            Some("authorization_code") => request.exchange_code(&mut db),
            Some("refresh_token") => request.refresh(&mut db),
            Some("urn:ietf:params:oauth:grant-type:device_code") => request.device_code(&mut db),
            Some(token_exchange::GRANT_TYPE) => token_exchange::exchange(&request, &mut db),
            Some(grant) if mfa::is_grant(grant) => match mfa::proven(&request, &mut db, grant) {
                Ok((proven, recovery_code)) => continue_grant(&request, &mut db, &proven, recovery_code),
                Err(refusal) => refusal,
            },
            Some(other) => oauth_error(
                403,
                "unsupported_grant_type",
                &format!("Unsupported grant type: {other}"),
            ),
            None => missing("grant_type"),
        }
    };
    let response = dpop::with_nonce(&shared, &request.settings, &mut db, response);
    Standing::mark(standing, response)
}

impl TokenRequest<'_> {
    /// RFC 6749 section 4.1.3, RFC 7636 section 4.6.
    fn exchange_code(&self, db: &mut Db) -> Response {
        let Some(presented) = self.params.get("code") else {
            return missing("code");
        };
        let now_ms = self.shared.clock.now_ms();
        let known = db
            .codes
            .get(presented)
            .filter(|code| code.grant.client_id == self.client.id);
        let Some(code) = known else { return invalid_code() };
        if let Some(issued) = code.issued.clone() {
            // Two parties have the code, so one of them stole it.
            let killed = issued
                .family
                .is_some_and(|family| db.end_family(family, &self.settings));
            if let Some(family) = issued.family {
                db.access_tokens.revoke_family(family);
            }
            db.access_tokens.revoke(&issued.access_token);
            self.shared.journal.count(|counters| {
                counters.codes_reused += 1;
                counters.families_killed += u64::from(killed);
            });
            return invalid_code();
        }
        if now_ms >= code.expires_at_ms {
            return invalid_code();
        }
        if let Some(refusal) = self.mismatch(code) {
            return refusal;
        }
        let mut grant = code.grant.clone();
        if grant.key.is_some() && grant.key != self.key {
            return oauth_error(400, "invalid_dpop_proof", "The code is bound to another key");
        }
        grant.key.clone_from(&self.key);
        let Some(account) = db.account(&grant.user_id).cloned() else {
            return invalid_code();
        };
        let (answer, issued) = self.begin(db, &grant, &account);
        if let Some(code) = db.codes.get_mut(presented) {
            code.issued = Some(issued);
        }
        self.shared.journal.count(|counters| counters.code_grants_honoured += 1);
        private_json(StatusCode::OK, &answer)
    }

    /// RFC 8628 section 3.4.
    fn device_code(&self, db: &mut Db) -> Response {
        let Some(presented) = self.params.get("device_code") else {
            return missing("device_code");
        };
        let mut grant = match device::take(db, presented, &self.client.id, self.shared.clock.now()) {
            Ok(grant) => grant,
            Err(refusal) => return refusal,
        };
        grant.key.clone_from(&self.key);
        let Some(account) = db.account(&grant.user_id).cloned() else {
            return oauth_error(403, "invalid_grant", "Invalid or expired device code");
        };
        let (answer, _) = self.begin(db, &grant, &account);
        self.shared
            .journal
            .count(|counters| counters.device_grants_honoured += 1);
        private_json(StatusCode::OK, &answer)
    }

    /// What does not fit the request that the code was made for.
    fn mismatch(&self, code: &Code) -> Option<Response> {
        let redirect_uri = self.params.get("redirect_uri").unwrap_or_default();
        if redirect_uri != code.redirect_uri {
            let text = format!(
                "The redirect URI is wrong. You sent {redirect_uri}, and we expected {}",
                code.redirect_uri
            );
            return Some(oauth_error(403, "unauthorized_client", &text));
        }
        match (&code.code_challenge, self.params.get("code_verifier")) {
            (None, None) => None,
            (Some(challenge), Some(verifier)) if s256(verifier) == *challenge => None,
            (Some(_), None) => Some(missing("code_verifier")),
            _ => Some(oauth_error(403, "invalid_grant", "Failed to verify code verifier")),
        }
    }

    /// RFC 6749 section 6, with Auth0's rotation.
    fn refresh(&self, db: &mut Db) -> Response {
        let Some(token) = self.params.get("refresh_token") else {
            return missing("refresh_token");
        };
        let (family, grant, overlap) = match self.usable(db, token) {
            Ok(usable) => usable,
            Err(refusal) => return refusal,
        };
        if grant.device.is_some() {
            // As for clients that are not "OIDC conformant": their refresh tokens go to /delegation.
            return oauth_error(403, "unsupported_grant_type", "Unsupported grant type: refresh_token");
        }
        if overlap {
            self.shared.journal.count(|counters| {
                counters.spent_refresh_tokens_presented += 1;
                counters.overlap_reuses += 1;
            });
        }
        let Some(account) = db.account(&grant.user_id).cloned() else {
            return dead(self.settings.dead_refresh_token);
        };
        if account.blocked {
            return oauth_error(403, "access_denied", "user is blocked");
        }
        if self.is_transfer() && !self.settings.session_transfer {
            return oauth_error(403, "unauthorized_client", "Session transfer is not allowed.");
        }
        let (audience, scope) = match self.resource(&grant.scope, grant.audience.as_deref()) {
            Ok(resource) => resource,
            Err((status, error, text)) => return oauth_error(status, error, &text),
        };
        if grant.key.is_some() && grant.key != self.key {
            // As at Auth0 and oidc-provider: a client with another key is not the one that the token was issued to.
            return dead(self.settings.dead_refresh_token);
        }
        if account.mfa_required {
            let waiting = Waiting::Refresh(token.to_owned(), audience, scope);
            return mfa::required(self.shared, db, &self.client.id, &account.id, waiting);
        }
        self.renew(db, token, (family, *grant), &account, (audience, scope), None)
    }

    /// The audience and scope of a refresh: the sign-in's, another API's (multi-resource), or a part of the scope.
    fn resource(&self, granted: &[String], audience: Option<&str>) -> Result<Resource, (u16, &'static str, String)> {
        let mut allowed = granted.to_vec();
        let mut chosen = audience.map(str::to_owned);
        let (by_audience, by_resource) = (self.params.get("audience"), self.params.get("resource"));
        if let Some(other) = by_audience
            .or(by_resource)
            .filter(|_| self.settings.multi_resource_refresh)
            .filter(|other| **other != session_transfer::audience(self.shared))
        {
            let Some(of_the_api) = self.shared.scopes_of(other) else {
                return Err(match by_audience {
                    Some(_) => (403, "access_denied", format!("Service not found: {other}")),
                    // RFC 8707 section 2.
                    None => (400, "invalid_target", format!("Unknown resource: {other}")),
                });
            };
            allowed.extend(of_the_api);
            chosen = Some(other.to_owned());
        }
        let Some(requested) = self.params.get("scope") else {
            return Ok((chosen, allowed));
        };
        let mut requested = words(requested);
        if by_audience.is_some() && !self.settings.multi_resource_refresh {
            // Ignored silently, along with the audience ("Configure and Implement Multi-Resource Refresh Token").
            requested.retain(|scope| allowed.contains(scope));
        }
        match requested.iter().find(|scope| !allowed.contains(scope)) {
            Some(odd) => Err((400, "invalid_scope", format!("The scope {odd} was not granted"))),
            None => Ok((chosen, requested)),
        }
    }
}

fn invalid_code() -> Response {
    oauth_error(403, "invalid_grant", "Invalid authorization code")
}

fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// Continues the grant that waited for the second factor.
fn continue_grant(
    request: &TokenRequest<'_>,
    db: &mut Db,
    proven: &SecondFactor,
    recovery_code: Option<String>,
) -> Response {
    if request.client.id != proven.client_id {
        return mfa::malformed();
    }
    let (token, audience, scope) = match &proven.waiting {
        Waiting::Refresh(token, audience, scope) => (token, audience.clone(), scope.clone()),
        Waiting::SignIn(grant) => {
            let mut grant = Grant::clone(grant);
            grant.key.clone_from(&request.key);
            let Some(account) = db.account(&grant.user_id).cloned() else {
                return mfa::malformed();
            };
            let mut answer = request.begin(db, &grant, &account).0;
            if let Some(code) = recovery_code {
                answer["recovery_code"] = json!(code);
            }
            return private_json(StatusCode::OK, &answer);
        }
        Waiting::Exchange(grant, audience, scope) => return own_tokens::exchanged(request, db, grant, audience, scope),
    };
    let (family, grant) = match request.usable(db, token) {
        Ok((family, grant, _)) => (family, grant),
        Err(refusal) => return refusal,
    };
    let account = db.account(&grant.user_id).cloned();
    let (Some(account), true) = (account, grant.key.is_none() || grant.key == request.key) else {
        return dead(request.settings.dead_refresh_token);
    };
    request.renew(db, token, (family, *grant), &account, (audience, scope), recovery_code)
}
