//! `/oauth/token`: exchanges codes and refresh tokens for tokens.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest;
use serde_json::Value;

use super::client_authentication::client;
use super::{device, mfa, session_transfer, token_exchange};
use crate::accounts::Account;
use crate::answers::{oauth_error, private_json, refused};
use crate::dpop::{self, Proved};
use crate::grant::{Code, Grant, Issued};
use crate::journal::Endpoint;
use crate::layer::Tampering;
use crate::options::Client;
use crate::params::{Params, words};
use crate::rate_limit::Standing;
use crate::refresh_tokens::Presented;
use crate::settings::{DeadRefreshToken, Dpop, Settings};
use crate::state::{Db, Shared, Waiting};
use crate::tokens::Issue;

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
    let mut call = Call {
        shared: &shared,
        settings: shared.settings(),
        client,
        params: &params,
        tampering,
        key: None,
    };
    let limit = call.settings.rate_limit_token;
    let mut db = shared.db();
    let standing = db.windows.count(Endpoint::Token, &client.id, limit, shared.clock.now());
    let request = Proved {
        method: "POST",
        url: format!("{}oauth/token", shared.issuer),
        access_token: None,
    };
    // Before any token is spent (RFC 9449 section 5).
    let key = dpop::shown(&shared, &call.settings, &mut db, &headers, &request);
    let response = if standing.is_some_and(|standing| standing.exceeded) {
        oauth_error(429, "too_many_requests", "Global limit has been reached")
    } else if let Err(wrong) = &key {
        dpop::refusal(wrong)
    } else if call.settings.dpop == Dpop::Required && matches!(key, Ok(None)) {
        oauth_error(400, "invalid_dpop_proof", "A proof of possession is required")
    } else {
        call.key = key.unwrap_or_default();
        match params.get("grant_type") {
            Some("authorization_code") => call.exchange_code(&mut db),
            Some("refresh_token") => call.refresh(&mut db),
            Some("urn:ietf:params:oauth:grant-type:device_code") => call.device_code(&mut db),
            Some(token_exchange::GRANT_TYPE) => call.exchange_token(&mut db),
            Some(grant) if mfa::is_grant(grant) => match mfa::proven(&call, &mut db, grant) {
                Ok((proven, recovery_code)) => mfa::go_on(&call, &mut db, &proven, recovery_code),
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
    let response = dpop::with_nonce(&shared, &call.settings, &mut db, response);
    Standing::mark(standing, response)
}

/// One request.
pub(super) struct Call<'a> {
    pub(super) shared: &'a Shared,
    pub(super) settings: Settings,
    pub(super) client: &'a Client,
    pub(super) params: &'a Params,
    pub(super) tampering: Tampering,
    /// The thumbprint of the key in the request's proof.
    pub(super) key: Option<String>,
}

impl Call<'_> {
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

    /// The tokens that begin a session, with a refresh token if the grant has `offline_access`.
    pub(super) fn begin(&self, db: &mut Db, grant: &Grant, account: &Account) -> (Value, Issued) {
        let now_ms = self.shared.clock.now_ms();
        let begun = grant
            .has("offline_access")
            .then(|| db.refresh_tokens.begin(grant.clone(), now_ms, &self.settings));
        let (family, refresh_token) = begun.unzip();
        let count = u64::from(family.is_some());
        self.shared
            .journal
            .count(|counters| counters.refresh_tokens_issued += count);
        let issue = Issue {
            grant,
            account,
            scope: &grant.scope,
            audience: grant.audience.as_deref(),
            family,
            refresh_token,
            again: false,
            id_token_fault: self.tampering.0.as_ref(),
        };
        issue.answer(self.shared, db, &self.settings)
    }

    /// The error if the request does not match the one that the code was issued for.
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

    /// The grant of a usable refresh token, and whether it is the one before the current one.
    #[expect(clippy::result_large_err, reason = "the refusal is returned at once")]
    pub(super) fn usable(&self, db: &mut Db, token: &str) -> Result<(u64, Box<Grant>, bool), Response> {
        let now_ms = self.shared.clock.now_ms();
        let presented = db
            .refresh_tokens
            .present(token, &self.client.id, now_ms, &self.settings);
        match presented {
            Presented::Usable { family, grant, overlap } => return Ok((family, grant, overlap)),
            Presented::Reused { family } => {
                db.end_family(family, &self.settings);
                self.shared.journal.count(|counters| {
                    counters.spent_refresh_tokens_presented += 1;
                    counters.families_killed += 1;
                });
            }
            Presented::Dead { spent } => self.shared.journal.count(|counters| {
                counters.spent_refresh_tokens_presented += u64::from(spent);
                counters.dead_refresh_tokens_presented += 1;
            }),
        }
        Err(dead(self.settings.dead_refresh_token))
    }

    /// Native to Web SSO.
    fn is_transfer(&self) -> bool {
        self.params.get("audience") == Some(&session_transfer::audience(self.shared))
    }

    pub(super) fn renew(
        &self,
        db: &mut Db,
        token: &str,
        (family, mut grant): (u64, Grant),
        account: &Account,
        (audience, scope): Resource,
        recovery_code: Option<String>,
    ) -> Response {
        let now_ms = self.shared.clock.now_ms();
        if self.key.is_some() {
            grant.key.clone_from(&self.key);
            db.refresh_tokens.bind(family, &self.key);
        }
        // Nothing can fail from here on, so only now is the token spent.
        let refresh_token = db.refresh_tokens.exchange(token, now_ms, &self.settings);
        if self.settings.refresh_ends_access_token {
            db.access_tokens.revoke_family(family);
        }
        self.shared.journal.count(|counters| {
            counters.refresh_grants_honoured += 1;
            counters.refresh_tokens_issued += u64::from(refresh_token.is_some());
        });
        let issue = Issue {
            grant: &grant,
            account,
            scope: &scope,
            audience: audience.as_deref(),
            family: Some(family),
            refresh_token,
            again: true,
            id_token_fault: self.tampering.0.as_ref(),
        };
        let mut answer = issue.answer(self.shared, db, &self.settings).0;
        if self.is_transfer() {
            answer = session_transfer::answer(answer, db, &account.email, self.shared.clock.now());
        }
        if let Some(code) = recovery_code {
            answer["recovery_code"] = serde_json::json!(code);
        }
        private_json(StatusCode::OK, &answer)
    }

    /// The audience and scope of a refresh: those of the sign-in, another API's (multi-resource), or a part of the
    /// scope.
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

/// An audience and a scope.
type Resource = (Option<String>, Vec<String>);

pub(super) fn missing(name: &str) -> Response {
    oauth_error(400, "invalid_request", &format!("Missing required parameter: {name}"))
}

fn invalid_code() -> Response {
    oauth_error(403, "invalid_grant", "Invalid authorization code")
}

pub(super) fn dead(answer: DeadRefreshToken) -> Response {
    let text = "Unknown or invalid refresh token.";
    match answer {
        DeadRefreshToken::InvalidGrant403 => oauth_error(403, "invalid_grant", text),
        DeadRefreshToken::AccessDenied403 => oauth_error(403, "access_denied", text),
        DeadRefreshToken::InvalidGrant400 => oauth_error(400, "invalid_grant", text),
        DeadRefreshToken::Empty400 => refused("invalid_grant", StatusCode::BAD_REQUEST.into_response()),
    }
}

fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}
