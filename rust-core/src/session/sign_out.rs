//! Signing out: here always, at the issuer as soon as it can be reached.

use std::time::Duration;

use futures_util::future::{Either, select};

use super::{SessionManager, Shared, SignOutOutcome};
use crate::machine::error::Error;
use crate::machine::retry;
use crate::model::secret::Secret;
use crate::ports::LogLevel;
use crate::protocol::endpoint::Endpoint;
use crate::protocol::logout::{LogoutOptions, logout_url};
use crate::protocol::revocation;
use crate::storage::envelope::StoredItem;

/// A user who signs out waits no longer than this for the issuer.
pub(super) const LONGEST_REVOCATION: Duration = Duration::from_secs(10);

impl SessionManager {
    /// Forgets the session in memory and in the store, cancels a sign-in in progress, then asks the issuer to revoke
    /// the refresh token (at most 10 seconds). Never fails here: an item that cannot be deleted now is deleted at the
    /// next chance, and the session counts as signed out meanwhile. A refresh token that cannot be revoked now is kept
    /// for that alone, for at most 30 days, and sent again at the next [`SessionManager::restore`] or sign-in.
    pub async fn sign_out(&self) -> SignOutOutcome {
        let shared = &self.shared;
        if shared.is_read_only() {
            return SignOutOutcome::ReadOnly;
        }
        shared.cancel_sign_in(|_| true);
        shared.look_before_sign_out().await;
        shared.close_import().await;
        shared.forget_dropped_updates();
        let refresh_token = shared.current.signed_out(shared.now().wall);
        shared.current.publish(shared.now());
        shared.save_if_possible().await;
        shared.log(LogLevel::Info, "signed out");
        match refresh_token {
            Some(refresh_token) => shared.revoke_in_time(&refresh_token).await,
            None => {
                self.send_revocations_in_background();
                SignOutOutcome::NothingToRevoke
            }
        }
    }

    /// The URL that ends the issuer's own session in the browser, for after [`SessionManager::sign_out`]: otherwise the
    /// next sign-in may ask the user nothing. Asks the issuer for its endpoints where they are not known yet (network);
    /// stores nothing.
    ///
    /// # Errors
    /// As [`logout_url`], and [`Error::Transport`] and its like when the endpoints are not known and cannot be fetched.
    pub async fn logout_url(&self, options: &LogoutOptions) -> Result<String, Error> {
        let metadata = self.shared.metadata().await?;
        Ok(logout_url(&metadata, &self.shared.configuration, options)?.into())
    }

    /// Sends what earlier sign-outs could not tell the issuer, while the caller goes on.
    pub(super) fn send_revocations_in_background(&self) {
        if self.shared.has_revocations() {
            let manager = self.clone();
            let work = Box::pin(async move { manager.shared.send_revocations().await });
            self.shared.dependencies.spawner.spawn(work);
        }
    }
}

impl Shared {
    /// What is stored matters for its refresh token: a sign-out can be the first thing an app does, and another process
    /// may have renewed.
    async fn look_before_sign_out(&self) {
        if !self.current.needs_restore() && !self.is_shared() {
            return;
        }
        let writes = self.current.writes();
        if let Ok((stored, seen)) = self.read_item().await {
            let stored = stored.and_then(|bytes| StoredItem::decode(&bytes).ok());
            if self.current.needs_restore() {
                self.current.restored(stored, seen, None);
            } else {
                // What this process wrote meanwhile is newer.
                let _ = self.current.merge(stored, seen, writes);
            }
        }
    }

    async fn revoke_in_time(&self, refresh_token: &Secret) -> SignOutOutcome {
        let revocation = std::pin::pin!(self.settle_revocation(refresh_token));
        let limit = self.dependencies.spawner.sleep(LONGEST_REVOCATION);
        match select(revocation, limit).await {
            Either::Left((Ok(true), _)) => SignOutOutcome::Revoked,
            Either::Left((Ok(false), _)) => SignOutOutcome::RevocationNotOffered,
            Either::Left((Err(error), _)) if !retry::is_passing(&error) => SignOutOutcome::RevocationRefused,
            Either::Left((Err(_), _)) | Either::Right(_) => SignOutOutcome::RevocationPending,
        }
    }

    fn has_revocations(&self) -> bool {
        !self.is_read_only() && !self.current.pending_revocations(self.now()).is_empty()
    }

    /// The same for whoever waits for it, within limits.
    pub(super) async fn send_revocations_in_time(&self) {
        if self.has_revocations() {
            let sending = std::pin::pin!(self.send_revocations());
            select(sending, self.dependencies.spawner.sleep(LONGEST_REVOCATION)).await;
        }
    }

    /// Sends every revocation that is pending, one after the other; stops at the first that meets passing trouble.
    pub(super) async fn send_revocations(&self) {
        let Ok(_only) = self.revoking.try_lock() else {
            return;
        };
        for pending in self.current.pending_revocations(self.now()) {
            let outcome = self.settle_revocation(&pending.refresh_token).await;
            if outcome.is_err_and(|error| retry::is_passing(&error)) {
                return;
            }
        }
    }

    /// Revokes a refresh token that was kept for that; it is kept on only if the issuer did not hear of it.
    async fn settle_revocation(&self, refresh_token: &Secret) -> Result<bool, Error> {
        let outcome = self.revoke(refresh_token).await;
        if self.current.revocation_ended(refresh_token, outcome.as_ref().err()) {
            self.save_if_possible().await;
        }
        outcome
    }

    /// Revokes a refresh token; false where the issuer offers no revocation.
    pub(super) async fn revoke(&self, refresh_token: &Secret) -> Result<bool, Error> {
        let revoked: Result<bool, Error> = async {
            let metadata = self.metadata().await?;
            let Some(endpoint) = &metadata.revocation_endpoint else {
                return Ok(false);
            };
            let request = revocation::revoke(endpoint, &self.configuration, refresh_token);
            let answer = self.call(Endpoint::Revocation, request).await?;
            revocation::read(&answer, self.server_now())?;
            Ok(true)
        }
        .await;
        if let Err(error) = &revoked {
            self.log(
                LogLevel::Warning,
                &format!("a refresh token could not be revoked: {error}"),
            );
        }
        revoked
    }
}
