//! One request to `/oauth/token`, and what several grants have in common.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::session_transfer;
use crate::accounts::Account;
use crate::answers::{oauth_error, private_json, refused};
use crate::grant::{Grant, Issued};
use crate::layer::Tampering;
use crate::options::Client;
use crate::params::Params;
use crate::refresh_tokens::Presented;
use crate::settings::{DeadRefreshToken, Settings};
use crate::state::{Db, Shared};
use crate::tokens::Issue;

/// A token request whose client is authenticated.
pub(super) struct TokenRequest<'a> {
    pub(super) shared: &'a Shared,
    pub(super) settings: Settings,
    pub(super) client: &'a Client,
    pub(super) params: &'a Params,
    pub(super) tampering: Tampering,
    /// The thumbprint of the key that the request shows.
    pub(super) key: Option<String>,
}

/// An audience and a scope.
pub(super) type Resource = (Option<String>, Vec<String>);

impl TokenRequest<'_> {
    /// The tokens that begin a session; with a refresh token where the grant has `offline_access`.
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

    /// Whose refresh token it is, and whether it is the one before the current one.
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

    /// Whether it asks for a session transfer token (Auth0: "Native to Web SSO").
    pub(super) fn is_transfer(&self) -> bool {
        self.params.get("audience") == Some(&session_transfer::audience(self.shared))
    }

    /// The answer to a refresh that is granted. The refresh token is spent here.
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
        // Nothing can fail from here on: only now is the token spent.
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
            answer["recovery_code"] = json!(code);
        }
        private_json(StatusCode::OK, &answer)
    }
}

pub(super) fn missing(name: &str) -> Response {
    oauth_error(400, "invalid_request", &format!("Missing required parameter: {name}"))
}

/// The answer to a refresh token that is not valid.
pub(super) fn dead(answer: DeadRefreshToken) -> Response {
    let text = "Unknown or invalid refresh token.";
    match answer {
        DeadRefreshToken::InvalidGrant403 => oauth_error(403, "invalid_grant", text),
        DeadRefreshToken::AccessDenied403 => oauth_error(403, "access_denied", text),
        DeadRefreshToken::InvalidGrant400 => oauth_error(400, "invalid_grant", text),
        DeadRefreshToken::Empty400 => refused("invalid_grant", StatusCode::BAD_REQUEST.into_response()),
    }
}
