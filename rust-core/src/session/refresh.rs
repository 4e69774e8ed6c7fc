//! Access tokens: from memory, or renewed with the refresh token, one renewal at a time.

use std::time::Duration;

use super::options::Renewal;
use super::single_flight::Joined;
use super::{RefreshOptions, SessionManager, Shared, TokenOptions};
use crate::machine::error::Error;
use crate::machine::input::LifetimeShort;
use crate::machine::retry;
use crate::model::audience::Audience;
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::ports::StoreError;

/// What makes a renewal unnecessary: a token that another task's or another process's renewal brought.
#[derive(Clone, Debug)]
pub(super) enum TokenRequirement {
    /// Any token that is good for at least this long.
    ValidFor(Duration),
    /// One that is, and that this process got after it had made this many renewals.
    RenewedSince { renewals: u64, min_ttl: Duration },
    /// Any but this one, which was refused, that is good for at least this long.
    OtherThan { refused: Secret, min_ttl: Duration },
    /// An ID token that is good for at least this long. For every other requirement it is an access token.
    IdToken(Duration),
    /// Nothing: it has parameters of its own.
    Renewal,
}

impl SessionManager {
    /// An access token good for at least `min_ttl`: from memory, or renewed (network; persists). However many ask, one
    /// renewal is sent, and it goes on when its callers go away. Where other processes use the store, it is read again
    /// before a renewal.
    ///
    /// # Errors
    /// [`Error::NoSession`], [`Error::Reauthenticate`]; a locked or failing store; [`Error::Argument`] when the
    /// issuer's tokens do not live `min_ttl` at all; [`Error::Busy`] and [`Error::ReadOnly`] where the store is shared;
    /// what [`crate::protocol::token::read_with`] says of the issuer's answer. [`Error::Store`] also when the renewed tokens
    /// could not be written: they are usable, and the next call writes them.
    pub async fn access_token(&self, options: TokenOptions) -> Result<Secret, Error> {
        self.token_for(None, options).await
    }

    /// The same for a further audience.
    pub(super) async fn token_for(&self, of: Option<&Audience>, options: TokenOptions) -> Result<Secret, Error> {
        match self.current_token_for(of, options).await {
            Err(error) if options.allow_expired && (retry::is_passing(&error) || error == Error::ReadOnly) => {
                self.shared.current.any_access_token(of).ok_or(error)
            }
            outcome => outcome,
        }
    }

    async fn current_token_for(&self, of: Option<&Audience>, options: TokenOptions) -> Result<Secret, Error> {
        let shared = &self.shared;
        let renewals = shared.current.renewals(of);
        shared.ensure_session().await?;
        let min_ttl = options.min_ttl;
        let requirement = if options.force_refresh {
            TokenRequirement::RenewedSince { renewals, min_ttl }
        } else {
            TokenRequirement::ValidFor(min_ttl)
        };
        if let Some(token) = requirement.granted_by(shared, of) {
            return Ok(token);
        }
        let renewal = Renewal::of(of);
        if !options.force_refresh
            && let Some(token) = shared.best_there_is(&renewal, min_ttl)?
        {
            return Ok(token);
        }
        let token = self.renew(renewal.clone(), requirement).await?;
        shared.check_lifetime(&renewal, min_ttl)?;
        Ok(token)
    }

    /// Renews now, for the scopes and with the parameters given (network; persists). The token becomes the session's.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`].
    pub async fn refresh(&self, options: RefreshOptions) -> Result<Secret, Error> {
        self.shared.ensure_session().await?;
        let renewal = Renewal {
            audience: None,
            options,
        };
        self.renew(renewal, TokenRequirement::Renewal).await
    }

    /// An access token in the place of `refused`, which an API did not accept: the one that another renewal brought in
    /// the meantime, or a renewed one (network; persists). `audience` is that of [`SessionManager::access_token_for`];
    /// `None` means the session's own token. However many callers bring the same refused token, one renewal is sent.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`] and [`SessionManager::access_token_for`].
    pub async fn access_token_other_than(
        &self,
        refused: Secret,
        audience: Option<&Audience>,
        min_ttl: Duration,
    ) -> Result<Secret, Error> {
        let shared = &self.shared;
        shared.ensure_session().await?;
        let of = match audience {
            Some(audience) => shared.checked_further(audience)?,
            None => None,
        };
        let requirement = TokenRequirement::OtherThan { refused, min_ttl };
        let renewal = Renewal::of(of);
        let token = self.renew(renewal.clone(), requirement).await?;
        shared.check_lifetime(&renewal, min_ttl)?;
        Ok(token)
    }

    /// Gives the token that the session lives by, or that of the further audience.
    pub(super) async fn renew(&self, renewal: Renewal, requirement: TokenRequirement) -> Result<Secret, Error> {
        let shared = &self.shared;
        let of = renewal.audience.as_ref();
        let renewals = shared.current.renewals(of);
        let mut has_waited = false;
        loop {
            shared.ensure_kind(&requirement)?;
            let spawner = shared.dependencies.spawner.as_ref();
            let boarding = shared.refreshing.join(
                renewal.clone(),
                spawner,
                || requirement.granted_by(shared, of).map(Ok),
                || {
                    let (manager, renewal, requirement) = (self.clone(), renewal.clone(), requirement.clone());
                    Box::pin(async move { manager.shared.renew(&renewal, &requirement).await })
                },
            );
            match boarding {
                Joined::Done(result) => return result,
                Joined::Join(result) => {
                    let ended_early = || Err(Error::Internal("the renewal ended early".to_owned()));
                    let token = result.await.unwrap_or_else(ended_early)?;
                    shared.ensure_kind(&requirement)?;
                    // Whoever started it may have been content with a token that another process made long ago. What is
                    // new will not be better for being renewed again.
                    let is_new = shared.current.renewals(of) > renewals;
                    if is_new || has_waited || requirement.granted_by(shared, of).is_some() {
                        self.send_waiting_in_background();
                        return Ok(token);
                    }
                    has_waited = true;
                }
                Joined::WaitFor(result) => drop(result.await),
            }
        }
    }
}

impl TokenRequirement {
    pub(super) fn granted_by(&self, shared: &Shared, of: Option<&Audience>) -> Option<Secret> {
        let token = |min_ttl| shared.current.access_token(of, min_ttl, shared.now());
        match self {
            Self::ValidFor(min_ttl) => token(*min_ttl),
            Self::RenewedSince { renewals, min_ttl } if shared.current.renewals(of) > *renewals => token(*min_ttl),
            Self::OtherThan { refused, min_ttl } => token(*min_ttl).filter(|token| token != refused),
            // What a flight brings is shared with callers who want an access token.
            Self::IdToken(min_ttl) => {
                let id_token = shared.current.id_token(*min_ttl, shared.now(), shared.server_now())?;
                if shared.current.lives_by_id_token() {
                    Some(id_token)
                } else {
                    token(Duration::ZERO)
                }
            }
            Self::RenewedSince { .. } | Self::Renewal => None,
        }
    }
}

impl Shared {
    /// Errors unless somebody is signed in.
    pub(super) async fn ensure_session(&self) -> Result<(), Error> {
        self.ensure_restored().await?;
        let mut state = self.current.state(self.now());
        // Somebody may have signed in, in another process.
        if !matches!(state, Some(SessionState::SignedIn { .. })) && self.merge_if_shared().await? {
            state = self.current.state(self.now());
        }
        self.current.publish(self.now());
        match state {
            Some(SessionState::SignedIn { .. }) => Ok(()),
            Some(SessionState::ReauthenticationRequired { reason }) => Err(Error::Reauthenticate(reason)),
            Some(SessionState::Locked) => Err(StoreError::Locked.into()),
            Some(SessionState::SignedOut) | None => Err(Error::NoSession),
        }
    }

    /// The token in hand, where one that lives no longer was got a moment ago: to renew at every call would be a storm.
    ///
    /// # Errors
    /// [`Error::Argument`] where the issuer's tokens do not live `min_ttl` at all.
    fn best_there_is(&self, renewal: &Renewal, min_ttl: Duration) -> Result<Option<Secret>, Error> {
        let (of, now) = (renewal.audience.as_ref(), self.now());
        let Some(lifetime) = self.current.lifetime_seconds(of) else {
            return Ok(None);
        };
        let token = self.current.access_token(of, Duration::ZERO, now);
        let is_best =
            is_out_of_reach(min_ttl, lifetime) && self.current.was_short_lived(&renewal.kind(), lifetime, now);
        match token.filter(|_| is_best) {
            Some(_) if min_ttl > Duration::from_secs(lifetime) => Err(too_much(lifetime)),
            token => Ok(token),
        }
    }

    /// Looks at a token that has just been renewed. One that lives too short does not mean that the next one will.
    ///
    /// # Errors
    /// [`Error::Argument`] where it does not live `min_ttl`.
    fn check_lifetime(&self, renewal: &Renewal, min_ttl: Duration) -> Result<(), Error> {
        let lifetime = self.current.lifetime_seconds(renewal.audience.as_ref());
        let Some(lifetime) = lifetime.filter(|lifetime| is_out_of_reach(min_ttl, *lifetime)) else {
            return Ok(());
        };
        self.current.apply(LifetimeShort {
            kind: renewal.kind(),
            lifetime,
            now: self.now(),
            chance: self.chance()?,
        });
        if min_ttl > Duration::from_secs(lifetime) {
            return Err(too_much(lifetime));
        }
        Ok(())
    }
}

/// Whether no token that lives so many seconds would be good for `min_ttl` a moment after it was got.
fn is_out_of_reach(min_ttl: Duration, lifetime: u64) -> bool {
    min_ttl.saturating_add(Duration::from_secs(1)) > Duration::from_secs(lifetime) && !min_ttl.is_zero()
}

fn too_much(lifetime: u64) -> Error {
    Error::Argument {
        name: "min_ttl",
        problem: format!("is more than the {lifetime} s that the issuer's tokens live"),
    }
}
