//! Signing out: here always, at the issuer where it can be.

use std::time::Duration;

use futures_util::future::{Either, select};

use super::{SessionManager, Shared, SignOutOutcome};
use crate::envelope::StoredSession;
use crate::error::{Endpoint, Error};
use crate::ports::LogLevel;
use crate::provider::revocation;
use crate::secret::Secret;

/// A user who signs out waits no longer than this for the issuer.
const LONGEST_REVOCATION: Duration = Duration::from_secs(10);

impl SessionManager {
    /// Forgets the session in memory and in the store, cancels a sign-in in progress, then asks the issuer to revoke
    /// the refresh token (at most 10 seconds). Never fails here: an item that cannot be deleted now is deleted at the
    /// next chance, and the session counts as signed out meanwhile.
    pub async fn sign_out(&self) -> SignOutOutcome {
        let shared = &self.shared;
        shared.signing_in.cancel();
        let unread = if shared.current.needs_restore() {
            shared.read_for_sign_out().await
        } else {
            None
        };
        let session = shared.current.signed_out().or(unread);
        shared.current.publish(shared.now());
        shared.save_if_possible().await;
        shared.log(LogLevel::Info, "signed out");
        let Some(refresh_token) = session.and_then(|session| session.credentials.refresh_token) else {
            return SignOutOutcome::NothingToRevoke;
        };
        let revocation = std::pin::pin!(shared.revoke(&refresh_token));
        let limit = shared.environment.spawner.sleep(LONGEST_REVOCATION);
        match select(revocation, limit).await {
            Either::Left((Ok(true), _)) => SignOutOutcome::Revoked,
            Either::Left((Ok(false), _)) => SignOutOutcome::RevocationNotOffered,
            Either::Left((Err(_), _)) | Either::Right(_) => SignOutOutcome::RevocationFailed,
        }
    }
}

impl Shared {
    /// What is stored, for its refresh token: a sign-out can be the first thing an app does.
    async fn read_for_sign_out(&self) -> Option<StoredSession> {
        let bytes = self.environment.store.read(&self.item_name).await.ok().flatten()?;
        StoredSession::decode(&bytes).ok()
    }

    /// Revokes a refresh token; false where the issuer offers no revocation.
    pub(super) async fn revoke(&self, refresh_token: &Secret) -> Result<bool, Error> {
        let revoked = async {
            let metadata = self.metadata().await?;
            let Some(endpoint) = &metadata.revocation_endpoint else {
                return Ok(false);
            };
            let request = revocation::revoke(endpoint, &self.configuration, refresh_token);
            let answer = self.call(Endpoint::Revocation, request).await?;
            revocation::read(&answer, self.server_now()).map(|()| true)
        };
        let revoked = revoked.await;
        if let Err(error) = &revoked {
            self.log(
                LogLevel::Warning,
                &format!("a refresh token could not be revoked: {error}"),
            );
        }
        revoked
    }
}
