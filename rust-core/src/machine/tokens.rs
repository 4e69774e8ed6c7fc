//! Queries on a session's tokens and their renewal.

use std::time::Duration;

use super::cooldown::RenewalKind;
use super::error::Error;
use super::ledger::Revision;
use super::outcome::RenewalInput;
use super::phase::Generation;
use super::state::Machine;
use crate::jose;
use crate::model::audience::{Audience, AudienceToken};
use crate::model::credentials::{Credentials, Freshness};
use crate::model::proof_key::ProofKey;
use crate::model::secret::Secret;
use crate::model::time::{Instant, Timestamp};
use crate::protocol::legacy::delegation::Shown;

/// The tokens of a session, as they are now.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a>(&'a Machine);

impl<'a> Tokens<'a> {
    /// The tokens of this session.
    pub const fn of(machine: &'a Machine) -> Self {
        Self(machine)
    }

    /// The session's own access token, or that of a further audience, if it was checked and is valid for at least
    /// `min_ttl`; also while it waits to be written.
    pub fn access_token(self, of: Option<&Audience>, min_ttl: Duration, now: Instant) -> Option<&'a Secret> {
        if self.session_is_over(now) {
            return None;
        }
        if let Some(audience) = of {
            let token = self
                .audience_token(audience)
                .filter(|token| self.may_be_given_out(token.revision))?;
            return token.credentials.valid_access_token(min_ttl, token.received, now);
        }
        let tokens = self.checked_credentials()?;
        let received = self.0.receipt.received;
        tokens
            .access_token
            .as_ref()
            .filter(|_| tokens.is_own_good_for(min_ttl, received, now))
    }

    /// The same, but only once the store holds it.
    pub fn stored_access_token(self, of: Option<&Audience>, min_ttl: Duration, now: Instant) -> Option<&'a Secret> {
        let is_stored = match of {
            None => self.0.ledger.tokens_are_stored(),
            Some(audience) => self.0.ledger.is_stored(self.audience_token(audience)?.revision),
        };
        if !is_stored || self.0.ledger.rotation_could_not_be_stored() {
            return None;
        }
        self.access_token(of, min_ttl, now)
    }

    /// How fresh the session's own tokens are, once they were checked.
    pub(super) fn freshness(self, now: Instant) -> Option<Freshness> {
        Some(self.checked_credentials()?.own_freshness(self.0.receipt.received, now))
    }

    /// The access token, whatever its age.
    pub fn any_access_token(self, of: Option<&Audience>) -> Option<&'a Secret> {
        if let Some(audience) = of {
            return self.audience_token(audience)?.credentials.access_token.as_ref();
        }
        self.checked_credentials()?.access_token.as_ref()
    }

    /// The token that the session lives by.
    fn own_token(self, min_ttl: Duration, now: Instant) -> Option<&'a Secret> {
        let tokens = self.checked_credentials()?;
        let received = self.0.receipt.received;
        tokens
            .token()
            .filter(|_| tokens.is_own_good_for(min_ttl, received, now))
    }

    /// The ID token, if it is valid for at least `min_ttl`; also while it waits to be written. In an ordinary session,
    /// its own `exp` claim, compared with the server's clock, says how long it is valid.
    pub fn id_token(self, min_ttl: Duration, now: Instant, server_now: Timestamp) -> Option<&'a Secret> {
        let tokens = self.checked_credentials().filter(|_| !self.session_is_over(now))?;
        if tokens.lives_by_id_token {
            return self.own_token(min_ttl, now);
        }
        let token = tokens.id_token.as_ref()?;
        let (_, expires_at) = jose::lifetime(token)?;
        let left = u64::try_from(expires_at.seconds_since(server_now)).unwrap_or(0);
        (left > 0 && left >= min_ttl.as_secs()).then_some(token)
    }

    /// The same, but only once the store holds it.
    pub fn stored_id_token(self, min_ttl: Duration, now: Instant, server_now: Timestamp) -> Option<&'a Secret> {
        let token = self.id_token(min_ttl, now, server_now)?;
        self.0.ledger.tokens_are_stored().then_some(token)
    }

    /// The key that this access token is bound to (DPoP); none if it is not bound.
    pub fn binding(self, token: &Secret) -> Option<&'a ProofKey> {
        let session = self.0.session()?;
        let further = session.audience_tokens.iter().map(|further| &further.credentials);
        let mut all = std::iter::once(&session.credentials).chain(further);
        let held = all.find(|held| held.access_token.as_ref() == Some(token))?;
        session.credentials.proof_key.as_ref().filter(|_| held.is_bound)
    }

    /// The access tokens that are bound to a key (DPoP), each with that key.
    pub fn bound(self) -> Vec<(Secret, ProofKey)> {
        let Some(session) = self.0.session() else {
            return Vec::new();
        };
        let Some(key) = &session.credentials.proof_key else {
            return Vec::new();
        };
        let further = session.audience_tokens.iter().map(|further| &further.credentials);
        std::iter::once(&session.credentials)
            .chain(further)
            .filter(|held| held.is_bound)
            .filter_map(|held| Some((held.access_token.clone()?, key.clone())))
            .collect()
    }

    /// The key that the session's tokens are bound to; none if they are not bound.
    pub fn proof_key(self) -> Option<&'a ProofKey> {
        let credentials = &self.0.session()?.credentials;
        credentials.proof_key.as_ref().filter(|_| credentials.is_bound)
    }

    /// The refresh token of a session that has not ended, for a caller that only presents it.
    pub fn refresh_token(self, now: Instant) -> Option<&'a Secret> {
        let session = self.0.session().filter(|_| !self.session_is_over(now))?;
        session.credentials.refresh_token.as_ref()
    }

    /// The device secret of a session that has not ended.
    pub fn device_secret(self, now: Instant) -> Option<&'a Secret> {
        let session = self.0.session().filter(|_| !self.session_is_over(now))?;
        session.device_secret.as_ref()
    }

    /// The generation of the session, if the session is renewed with a refresh token and has no key to bind it to.
    pub fn has_no_key(self) -> Option<Generation> {
        let credentials = &self.0.session()?.credentials;
        let could_be_bound = credentials.refresh_token.is_some() && !credentials.lives_by_id_token;
        (could_be_bound && credentials.proof_key.is_none()).then_some(self.0.generation)
    }

    /// The last ID token that was accepted, whatever its age.
    pub fn any_id_token(self) -> Option<&'a Secret> {
        self.checked_credentials()?.id_token.as_ref()
    }

    /// Whether the session is one of an older tenant: see [`crate::model::credentials::Credentials::lives_by_id_token`].
    pub fn lives_by_id_token(self) -> bool {
        self.0
            .session()
            .is_some_and(|session| session.credentials.lives_by_id_token)
    }

    /// The scopes of the session's own access token, if they are known; none once the session has ended.
    pub fn granted_scopes(self) -> Option<Vec<String>> {
        let session = self.0.session().filter(|session| session.ended.is_none())?;
        let scopes = session.credentials.scope.as_ref()?.split_ascii_whitespace();
        Some(scopes.map(str::to_owned).collect())
    }

    /// When the user last authenticated, if the issuer said so.
    pub fn authenticated_at(self) -> Option<Timestamp> {
        let session = self.0.session()?;
        session.authenticated_at.filter(|moment| moment.is_in_the_calendar())
    }

    /// Whether there is a refresh token.
    pub fn is_renewable(self) -> bool {
        self.0
            .session()
            .is_some_and(|session| session.credentials.refresh_token.is_some())
    }

    /// Whether there is a token that is valid for at least `min_ttl`, or a refresh token to renew it.
    pub fn is_usable(self, min_ttl: Duration, now: Instant) -> bool {
        !self.session_is_over(now) && (self.is_renewable() || self.own_token(min_ttl, now).is_some())
    }

    /// How long the session continues, as limited by its age.
    pub(super) fn session_left(self, now: Instant) -> Duration {
        self.0.next_end(now).map_or(Duration::MAX, |end| end.left)
    }

    /// Whether the session is over by its age: then no token is given out, and none is renewed.
    fn session_is_over(self, now: Instant) -> bool {
        self.0.reason_of_end(now).is_some()
    }

    /// Whether this is the current refresh token.
    pub fn would_renew_with(self, token: &Secret) -> bool {
        self.0
            .session()
            .is_some_and(|session| session.credentials.refresh_token.as_ref() == Some(token))
    }

    /// The lifetime of the issuer's access tokens, as that of the last one.
    pub fn lifetime_seconds(self, of: Option<&Audience>) -> Option<u64> {
        let credentials = match of {
            Some(audience) => &self.audience_token(audience)?.credentials,
            None => &self.0.session()?.credentials,
        };
        Some(credentials.lifetime_seconds)
    }

    /// A number that grows with each token for that audience that this process itself gets from the issuer.
    pub fn renewals(self, of: Option<&Audience>) -> u64 {
        match of {
            Some(audience) => self.audience_token(audience).map_or(0, |token| token.revision),
            None => self.0.receipt.renewals,
        }
    }

    /// The token for a further audience, once it was checked.
    fn audience_token(self, audience: &Audience) -> Option<&'a AudienceToken> {
        let mut tokens = self.0.session()?.audience_tokens.iter();
        tokens.find(|token| token.audience == *audience && !token.credentials.unchecked)
    }

    /// The session's own tokens, once they were checked.
    fn checked_credentials(self) -> Option<&'a Credentials> {
        self.0
            .session()
            .map(|session| &session.credentials)
            .filter(|tokens| !tokens.unchecked && self.may_be_given_out(self.0.ledger.tokens()))
    }

    /// The tokens of a renewal are not given out before the store was given them. Those of a new sign-in are: there is
    /// no older session to go back to.
    fn may_be_given_out(self, revision: Revision) -> bool {
        !self.0.provenance.sign_in_was_stored || self.0.ledger.is_attempted(revision)
    }

    pub(super) fn renewal_input(self, now: Instant) -> Option<RenewalInput> {
        let session = self.0.session().filter(|_| !self.session_is_over(now))?;
        let tokens = &session.credentials;
        let (token, shown) = match (&tokens.refresh_token, tokens.token()) {
            (Some(refresh_token), _) => (refresh_token, Shown::RefreshToken),
            (None, Some(id_token)) if tokens.lives_by_id_token => (id_token, Shown::IdToken),
            _ => return None,
        };
        Some(RenewalInput {
            generation: self.0.generation,
            token: token.clone(),
            delegation: tokens.lives_by_id_token.then_some(shown),
            issuer: session.issuer.clone(),
            client_id: session.client_id.clone(),
            subject: session.subject.clone(),
            nonce: session.sent_nonce().cloned(),
            resources: session.resources.clone(),
            id_token: tokens.id_token.clone().filter(|_| !tokens.unchecked),
            proof_key: tokens.proof_key.clone(),
            is_bound: tokens.is_bound,
        })
    }

    /// Why the issuer is not asked for such a token now: it refused or could not be reached a moment ago. None if it
    /// may be asked.
    pub fn refusal(self, kind: &RenewalKind, now: Instant) -> Option<Error> {
        self.0.cooldowns.refusal(kind, now)
    }

    /// Whether such a renewal brought a token with this lifetime, in seconds, a moment ago: another renewal would bring
    /// the same.
    pub fn was_short_lived(self, kind: &RenewalKind, lifetime: u64, now: Instant) -> bool {
        self.0.cooldowns.is_short(kind, lifetime, now)
    }
}
