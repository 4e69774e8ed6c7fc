//! Which tokens memory holds.
//!
//! **Promises.** Memory only: no store, no network, no waiting. **Needs** the context, the tokens that were exchanged,
//! and the issuer for the server's clock.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use url::Url;

use super::super::context::Context;
use super::super::issuer::{Issuer, Possession};
use super::exchanged::ExchangedTokens;
use super::requirement::TokenRequirement;
use crate::jose::thumbprint;
use crate::machine::error::Error;
use crate::machine::{Generation, Lease, RenewalKind, Tokens};
use crate::model::audience::Audience;
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::state::{ReauthenticationReason, SessionState};

#[derive(Debug)]
pub(in crate::session) struct TokensInMemory {
    context: Arc<Context>,
    issuer: Arc<Issuer>,
    exchanged: Arc<ExchangedTokens>,
}

impl TokensInMemory {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        issuer: Arc<Issuer>,
        exchanged: Arc<ExchangedTokens>,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            issuer,
            exchanged,
        })
    }

    /// The access token once the store holds it, if it is good for at least `min_ttl`.
    pub(super) fn stored_access_token(&self, of: Option<&Audience>, min_ttl: Duration) -> Option<Secret> {
        let now = self.context.now();
        self.context
            .read(|machine| Tokens::of(machine).stored_access_token(of, min_ttl, now).cloned())
    }

    /// How long a copy of the stored access token may be used, and the epoch in which that holds.
    pub(in crate::session) fn access_token_lease(&self) -> Option<(u64, Lease)> {
        let now = self.context.now();
        let (epoch, lease) = self
            .context
            .read_with_epoch(|machine| Tokens::of(machine).access_token_lease(now));
        lease.map(|lease| (epoch, lease))
    }

    /// See [`Context::epoch`].
    pub(in crate::session) fn epoch(&self) -> &AtomicU64 {
        self.context.epoch()
    }

    /// The access token, if it is good for at least `min_ttl`.
    pub(super) fn access_token(&self, of: Option<&Audience>, min_ttl: Duration) -> Option<Secret> {
        let now = self.context.now();
        self.context
            .read(|machine| Tokens::of(machine).access_token(of, min_ttl, now).cloned())
    }

    /// The access token, whatever its age.
    pub(super) fn any_access_token(&self, of: Option<&Audience>) -> Option<Secret> {
        self.context
            .read(|machine| Tokens::of(machine).any_access_token(of).cloned())
    }

    /// The ID token once the store holds it, if it is good for at least `min_ttl`.
    pub(super) fn stored_id_token(&self, min_ttl: Duration) -> Option<Secret> {
        let (now, server_now) = (self.context.now(), self.issuer.server_now());
        self.context
            .read(|machine| Tokens::of(machine).stored_id_token(min_ttl, now, server_now).cloned())
    }

    /// The ID token, if it is good for at least `min_ttl`.
    pub(super) fn id_token(&self, min_ttl: Duration) -> Option<Secret> {
        let (now, server_now) = (self.context.now(), self.issuer.server_now());
        self.context
            .read(|machine| Tokens::of(machine).id_token(min_ttl, now, server_now).cloned())
    }

    /// The last ID token that was accepted, whatever its age.
    pub(super) fn any_id_token(&self) -> Option<Secret> {
        self.context.read(|machine| Tokens::of(machine).any_id_token().cloned())
    }

    pub(in crate::session) fn lives_by_id_token(&self) -> bool {
        self.context.read(|machine| Tokens::of(machine).lives_by_id_token())
    }

    /// The key that this access token is bound to.
    pub(in crate::session) fn binding(&self, token: &Secret) -> Option<ProofKey> {
        self.context.binding(token).or_else(|| self.exchanged.binding(token))
    }

    /// The thumbprint of the key that the session's own token is bound to, and whether it is in hardware.
    pub(in crate::session) fn bound_key(&self) -> Option<(String, bool)> {
        let of = |key: &ProofKey| (thumbprint(&key.public), key.in_hardware);
        self.context.read(|machine| Tokens::of(machine).proof_key().map(of))
    }

    /// The key that the session's own token is bound to.
    pub(super) fn proof_key(&self) -> Option<ProofKey> {
        self.context.read(|machine| Tokens::of(machine).proof_key().cloned())
    }

    /// The current refresh token, for what only shows it.
    pub(super) fn refresh_token(&self) -> Option<Secret> {
        let now = self.context.now();
        self.context
            .read(|machine| Tokens::of(machine).refresh_token(now).cloned())
    }

    /// The secret by which other apps of the vendor sign in.
    pub(super) fn device_secret(&self) -> Option<Secret> {
        let now = self.context.now();
        self.context
            .read(|machine| Tokens::of(machine).device_secret(now).cloned())
    }

    /// A proof for a request of the app's own.
    pub(in crate::session) async fn proof(
        &self,
        method: &str,
        url: &Url,
        token: &Secret,
    ) -> Result<Option<String>, Error> {
        let Some(key) = self.binding(token) else {
            return Ok(None);
        };
        let shown = Possession {
            key: &key,
            access_token: Some(token),
        };
        self.issuer.proof(shown, method, url).await.map(Some)
    }

    /// What an API answered to such a request.
    pub(in crate::session) fn keep_nonce(&self, url: &Url, nonce: &str) {
        self.issuer.keep_nonce(url, nonce);
    }

    /// The session, where it is renewed with a refresh token and has no key to bind that to.
    pub(super) fn has_no_key(&self) -> Option<Generation> {
        self.context.read(|machine| Tokens::of(machine).has_no_key())
    }

    pub(in crate::session) fn is_renewable(&self) -> bool {
        self.context.read(|machine| Tokens::of(machine).is_renewable())
    }

    /// Whether this is the current refresh token.
    pub(super) fn would_renew_with(&self, token: &Secret) -> bool {
        self.context.read(|machine| Tokens::of(machine).would_renew_with(token))
    }

    /// How long the issuer's access tokens live, by the last one.
    pub(super) fn lifetime_seconds(&self, of: Option<&Audience>) -> Option<u64> {
        self.context.read(|machine| Tokens::of(machine).lifetime_seconds(of))
    }

    /// Whether such a renewal brought a token that lives only so many seconds a moment ago.
    pub(super) fn was_short_lived(&self, kind: &RenewalKind, lifetime: u64) -> bool {
        let now = self.context.now();
        self.context
            .read(|machine| Tokens::of(machine).was_short_lived(kind, lifetime, now))
    }

    /// A number that grows with each token that this process itself gets from the issuer for that audience.
    pub(super) fn renewals(&self, of: Option<&Audience>) -> u64 {
        self.context.read(|machine| Tokens::of(machine).renewals(of))
    }

    /// The token that makes a renewal unnecessary.
    pub(super) fn granted(&self, requirement: &TokenRequirement, of: Option<&Audience>) -> Option<Secret> {
        match requirement {
            TokenRequirement::ValidFor(min_ttl) => self.access_token(of, *min_ttl),
            TokenRequirement::RenewedSince { renewals, min_ttl } if self.renewals(of) > *renewals => {
                self.access_token(of, *min_ttl)
            }
            TokenRequirement::OtherThan { refused, min_ttl } => {
                self.access_token(of, *min_ttl).filter(|token| token != refused)
            }
            // What a flight brings is shared with callers who want an access token.
            TokenRequirement::IdToken(min_ttl) => {
                let id_token = self.id_token(*min_ttl)?;
                if self.lives_by_id_token() {
                    Some(id_token)
                } else {
                    self.access_token(of, Duration::ZERO)
                }
            }
            TokenRequirement::RenewedSince { .. } | TokenRequirement::Renewal => None,
        }
    }

    /// Access tokens are none of the business of a session that lives by its ID token: delegation brings none.
    pub(super) fn ensure_kind(&self, requirement: &TokenRequirement) -> Result<(), Error> {
        if self.lives_by_id_token() && !matches!(requirement, TokenRequirement::IdToken(_)) {
            return Err(Error::Configuration {
                field: "legacy",
                problem:
                    "sessions get no new access token: this one is based on its ID token, which `legacy.idToken()` \
                          returns and renews; a sign-in in the browser brings access tokens"
                        .to_owned(),
            });
        }
        Ok(())
    }

    /// The token of the session that is here now, in the place of one that is gone.
    pub(super) fn newer_session_token(&self, of: Option<&Audience>) -> Result<Secret, Error> {
        let why_not = || match self.context.state() {
            Some(SessionState::ReauthenticationRequired { reason }) => Error::Reauthenticate(reason),
            _ => Error::NoSession,
        };
        self.access_token(of, Duration::ZERO).ok_or_else(why_not)
    }

    pub(super) fn why_not_renewable(&self) -> Error {
        match self.context.state() {
            Some(SessionState::ReauthenticationRequired { reason }) => Error::Reauthenticate(reason),
            Some(SessionState::SignedIn { .. }) => Error::Reauthenticate(ReauthenticationReason::NoRefreshToken),
            _ => Error::NoSession,
        }
    }
}
