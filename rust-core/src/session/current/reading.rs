//! What can be asked of the state.

use std::time::Duration;

use super::{Current, Generation, Phase};
use crate::model::audience::Audience;
use crate::model::profile::Profile;
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::model::time::{Instant, Timestamp};
use crate::protocol::legacy::delegation::Shown;

/// What a renewal needs to know of the session.
#[derive(Clone, Debug)]
pub(in super::super) struct RenewalInput {
    pub(in super::super) generation: Generation,
    /// The refresh token; or, to a session that lives by its ID token and has none, that ID token.
    pub(in super::super) token: Secret,
    /// How it is renewed, where that is not by the refresh grant.
    pub(in super::super) delegation: Option<Shown>,
    pub(in super::super) subject: String,
    /// The nonce of the sign-in.
    pub(in super::super) nonce: Option<Secret>,
    /// The APIs that the sign-in named.
    pub(in super::super) resources: Vec<String>,
    /// The ID token that was believed last.
    pub(in super::super) id_token: Option<Secret>,
}

impl Current {
    pub(in super::super) fn state(&self, now: Instant) -> Option<SessionState> {
        self.lock().state(now)
    }

    pub(in super::super) fn with_access_token<T>(
        &self,
        of: Option<&Audience>,
        min_ttl: Duration,
        now: Instant,
        use_token: impl FnOnce(&Secret) -> T,
    ) -> Option<T> {
        let inner = self.lock();
        let is_saved = match of {
            None => inner.tokens_are_saved(),
            Some(audience) => inner.audience_token(audience)?.revision <= inner.saved_revision,
        };
        if !is_saved || inner.rotation_could_not_be_saved() {
            return None;
        }
        inner.valid_access_token(of, min_ttl, now).map(use_token)
    }

    /// A number for the access token that [`Current::with_access_token`] would use, another one for each new token; 0
    /// for none.
    pub(in super::super) fn access_token_version(&self, min_ttl: Duration, now: Instant) -> u64 {
        let inner = self.lock();
        let is_saved = inner.tokens_are_saved() && !inner.rotation_could_not_be_saved();
        let usable = is_saved && inner.valid_access_token(None, min_ttl, now).is_some();
        if usable { inner.token_version + 1 } else { 0 }
    }

    /// The same token, also while it waits to be written.
    pub(in super::super) fn access_token(
        &self,
        of: Option<&Audience>,
        min_ttl: Duration,
        now: Instant,
    ) -> Option<Secret> {
        self.lock().valid_access_token(of, min_ttl, now).cloned()
    }

    /// The ID token, if it is good for at least `min_ttl`, also while it waits to be written.
    pub(in super::super) fn id_token(&self, min_ttl: Duration, now: Instant, server_now: Timestamp) -> Option<Secret> {
        self.lock().valid_id_token(min_ttl, now, server_now).cloned()
    }

    /// The same once it was written.
    pub(in super::super) fn saved_id_token(
        &self,
        min_ttl: Duration,
        now: Instant,
        server_now: Timestamp,
    ) -> Option<Secret> {
        let inner = self.lock();
        let saved = inner
            .tokens_are_saved()
            .then(|| inner.valid_id_token(min_ttl, now, server_now));
        saved.flatten().cloned()
    }

    /// Whether the session is one of an older tenant: see [`crate::model::credentials::Credentials::lives_by_id_token`].
    pub(in super::super) fn lives_by_id_token(&self) -> bool {
        let inner = self.lock();
        inner
            .held()
            .is_some_and(|session| session.credentials.lives_by_id_token)
    }

    /// The access token in hand, whatever its age.
    pub(in super::super) fn any_access_token(&self, of: Option<&Audience>) -> Option<Secret> {
        let inner = self.lock();
        if let Some(audience) = of {
            return inner.audience_token(audience)?.credentials.access_token.clone();
        }
        let session = inner.held().filter(|_| !inner.tokens_are_unchecked)?;
        session.credentials.access_token.clone()
    }

    /// The last ID token that was believed, whatever its age.
    pub(in super::super) fn any_id_token(&self) -> Option<Secret> {
        let inner = self.lock();
        let session = inner.held().filter(|_| !inner.tokens_are_unchecked)?;
        session.credentials.id_token.clone()
    }

    pub(in super::super) fn is_usable(&self, min_ttl: Duration, now: Instant) -> bool {
        let inner = self.lock();
        inner.is_renewable() || inner.valid_token(min_ttl, now).is_some()
    }

    pub(in super::super) fn profile(&self) -> Option<Profile> {
        self.lock().held().and_then(|session| session.profile.clone())
    }

    /// Whether the session in memory came from another library.
    pub(in super::super) fn is_imported(&self) -> bool {
        self.lock().held().is_some_and(|session| session.imported)
    }

    /// Whose session it is, with the generation it belongs to.
    pub(in super::super) fn subject(&self) -> Option<(Generation, String)> {
        let inner = self.lock();
        inner
            .held()
            .map(|session| (Generation(inner.generation), session.subject.clone()))
    }

    /// How long the issuer's access tokens live, by the last one.
    pub(in super::super) fn lifetime_seconds(&self, of: Option<&Audience>) -> Option<u64> {
        let inner = self.lock();
        let credentials = match of {
            Some(audience) => &inner.audience_token(audience)?.credentials,
            None => &inner.held()?.credentials,
        };
        Some(credentials.lifetime_seconds)
    }

    pub(in super::super) fn is_renewable(&self) -> bool {
        self.lock().is_renewable()
    }

    /// A number that grows with each token that this process itself gets from the issuer for that audience.
    pub(in super::super) fn renewals(&self, of: Option<&Audience>) -> u64 {
        let inner = self.lock();
        match of {
            Some(audience) => inner.audience_token(audience).map_or(0, |token| token.revision),
            None => inner.renewals,
        }
    }

    pub(in super::super) fn generation(&self) -> Generation {
        Generation(self.lock().generation)
    }

    pub(in super::super) fn needs_restore(&self) -> bool {
        matches!(self.lock().phase, Phase::Unrestored | Phase::Locked)
    }

    /// Whether this is the current refresh token.
    pub(in super::super) fn would_renew_with(&self, refresh_token: &Secret) -> bool {
        let inner = self.lock();
        inner
            .held()
            .is_some_and(|session| session.credentials.refresh_token.as_ref() == Some(refresh_token))
    }

    pub(in super::super) fn renewal_input(&self) -> Option<RenewalInput> {
        let inner = self.lock();
        let session = inner.held()?;
        let tokens = &session.credentials;
        let (token, shown) = match (&tokens.refresh_token, tokens.token()) {
            (Some(refresh_token), _) => (refresh_token, Shown::RefreshToken),
            (None, Some(id_token)) if tokens.lives_by_id_token => (id_token, Shown::IdToken),
            _ => return None,
        };
        Some(RenewalInput {
            generation: Generation(inner.generation),
            token: token.clone(),
            delegation: tokens.lives_by_id_token.then_some(shown),
            subject: session.subject.clone(),
            nonce: session.nonce.clone(),
            resources: session.resources.clone(),
            id_token: session.credentials.id_token.clone(),
        })
    }
}
