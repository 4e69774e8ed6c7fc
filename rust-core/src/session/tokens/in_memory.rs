//! The tokens that memory holds.
//!
//! **Promises.** Memory only: no store, no network, no waiting. **Needs** the context, the exchanged tokens, and the
//! issuer for the server's clock.

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

    /// The access token, if it is stored and good for at least `min_ttl`.
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

    /// The ID token, if it is stored and good for at least `min_ttl`.
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

    /// The last accepted ID token, whatever its age.
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

    /// The thumbprint of the key that the session's own token is bound to, and whether the key is in hardware.
    pub(in crate::session) fn bound_key(&self) -> Option<(String, bool)> {
        let of = |key: &ProofKey| (thumbprint(&key.public), key.in_hardware);
        self.context.read(|machine| Tokens::of(machine).proof_key().map(of))
    }

    /// The key that the session's own token is bound to.
    pub(super) fn proof_key(&self) -> Option<ProofKey> {
        self.context.read(|machine| Tokens::of(machine).proof_key().cloned())
    }

    /// The current refresh token, for callers that do not spend it.
    pub(super) fn refresh_token(&self) -> Option<Secret> {
        let now = self.context.now();
        self.context
            .read(|machine| Tokens::of(machine).refresh_token(now).cloned())
    }

    /// The device secret, with which other apps of the vendor sign in.
    pub(super) fn device_secret(&self) -> Option<Secret> {
        let now = self.context.now();
        self.context
            .read(|machine| Tokens::of(machine).device_secret(now).cloned())
    }

    /// A proof for one of the app's own requests.
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

    /// Keeps the nonce with which an API answered such a request.
    pub(in crate::session) fn keep_nonce(&self, url: &Url, nonce: &str) {
        self.issuer.keep_nonce(url, nonce);
    }

    /// The generation of a session that is renewed with a refresh token and has no key to bind it to.
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

    /// The lifetime of the issuer's access tokens, according to the last one.
    pub(super) fn lifetime_seconds(&self, of: Option<&Audience>) -> Option<u64> {
        self.context.read(|machine| Tokens::of(machine).lifetime_seconds(of))
    }

    /// Whether a renewal of this kind brought a token with this lifetime in seconds a moment ago.
    pub(super) fn was_short_lived(&self, kind: &RenewalKind, lifetime: u64) -> bool {
        let now = self.context.now();
        self.context
            .read(|machine| Tokens::of(machine).was_short_lived(kind, lifetime, now))
    }

    /// The error for a renewal of this kind that comes too early.
    pub(super) fn refusal(&self, kind: &RenewalKind) -> Option<Error> {
        let now = self.context.now();
        self.context.read(|machine| Tokens::of(machine).refusal(kind, now))
    }

    /// A counter of the tokens for this audience that this process itself has got from the issuer.
    pub(super) fn renewals(&self, of: Option<&Audience>) -> u64 {
        self.context.read(|machine| Tokens::of(machine).renewals(of))
    }

    /// A token that satisfies the requirement without a renewal.
    pub(super) fn granted(&self, requirement: &TokenRequirement, of: Option<&Audience>) -> Option<Secret> {
        match requirement {
            TokenRequirement::ValidFor(min_ttl) => self.access_token(of, *min_ttl),
            TokenRequirement::RenewedSince { renewals, min_ttl } if self.renewals(of) > *renewals => {
                self.access_token(of, *min_ttl)
            }
            TokenRequirement::OtherThan { refused, min_ttl } => {
                self.access_token(of, *min_ttl).filter(|token| token != refused)
            }
            // Callers that need an access token share the result of a flight.
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

    /// A session that is based on its ID token has no access tokens to renew: delegation brings none.
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

    /// The token of the current session, which has replaced an earlier one.
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
