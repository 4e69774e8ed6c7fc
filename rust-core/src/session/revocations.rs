//! Revokes tokens at the issuer, and keeps those whose revocation is pending.
//!
//! **Promises.** A token that could not be revoked because of a transient failure is kept for that purpose alone and
//! sent again. No caller waits longer than [`LONGEST_REVOCATION`]. **Needs** the context, the store and the issuer.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::{Mutex, MutexGuard};

use super::context::Context;
use super::issuer::Issuer;
use super::options::SignOutOutcome;
use super::store::SessionStore;
use crate::machine::error::Error;
use crate::machine::input::{RevocationEnded, TimePassed};
use crate::machine::{Attempt, Stored, Verdict, retry};
use crate::model::revocable::Revocable;
use crate::model::secret::Secret;
use crate::ports::LogLevel;
use crate::protocol::revocation;
use crate::storage::envelope::PendingRevocation;

/// The longest time that a user who signs out waits for the issuer.
const LONGEST_REVOCATION: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Revocations {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    issuer: Arc<Issuer>,
    sending: Mutex<()>,
}

impl Revocations {
    pub(super) fn new(context: Arc<Context>, store: Arc<SessionStore>, issuer: Arc<Issuer>) -> Arc<Self> {
        Arc::new(Self {
            context,
            store,
            issuer,
            sending: Mutex::default(),
        })
    }

    /// Revokes the tokens that a sign-out leaves, within the time limit.
    pub(super) async fn settle_in_time(&self, left: Vec<Revocable>) -> SignOutOutcome {
        let revocation = std::pin::pin!(self.settle_all(left));
        match select(revocation, self.context.sleep(LONGEST_REVOCATION)).await {
            Either::Left((Ok(true), _)) => SignOutOutcome::Revoked,
            Either::Left((Ok(false), _)) => SignOutOutcome::RevocationNotOffered,
            Either::Left((Err(error), _)) if !retry::is_passing(&error) => SignOutOutcome::RevocationRefused,
            Either::Left((Err(_), _)) | Either::Right(_) => SignOutOutcome::RevocationPending,
        }
    }

    /// Sends pending revocations in the background, unless an attempt has just failed.
    pub(super) fn send_in_background(self: &Arc<Self>) {
        if self.has_pending() && self.context.attempt_refusal(Attempt::Revocation).is_none() {
            let revocations = Arc::clone(self);
            self.context.spawn(async move { revocations.send_again().await });
        }
    }

    /// The attempt that [`Revocations::send_in_background`] begins. Another attempt may have failed since then.
    async fn send_again(&self) {
        if let Ok(only) = self.sending.try_lock()
            && self.context.attempt_refusal(Attempt::Revocation).is_none()
        {
            self.send_alone(&only).await;
        }
    }

    /// Sends pending revocations for a user who is signing in, who waits for them within the time limit.
    pub(super) async fn send_in_time(&self) {
        if self.has_pending() {
            let sending = std::pin::pin!(self.send());
            select(sending, self.context.sleep(LONGEST_REVOCATION)).await;
        }
    }

    /// Revokes a refresh token that nobody will use, in the background.
    pub(super) fn revoke_in_background(self: &Arc<Self>, refresh_token: Secret) {
        let revocations = Arc::clone(self);
        // Failures are logged there.
        self.context
            .spawn(async move { drop(revocations.revoke(&Revocable::refresh_token(refresh_token)).await) });
    }

    /// [`Revocations::revoke`] for a caller that waits within the time limit.
    pub(super) async fn revoke_in_time(&self, what: &Revocable) {
        // Failures are logged there.
        let revoking = std::pin::pin!(self.revoke(what));
        select(revoking, self.context.sleep(LONGEST_REVOCATION)).await;
    }

    /// Revokes a token; false if the issuer has no revocation endpoint.
    pub(super) async fn revoke(&self, what: &Revocable) -> Result<bool, Error> {
        let revoked: Result<bool, Error> = async {
            let metadata = self.issuer.metadata().await?;
            let Some(endpoint) = &metadata.revocation_endpoint else {
                return Ok(false);
            };
            let request = revocation::revoke(endpoint, &self.context.configuration(), what);
            let answer = self.issuer.call(revocation::ENDPOINT, request).await?;
            revocation::read(&answer, self.issuer.server_now())?;
            Ok(true)
        }
        .await;
        if let Err(error) = &revoked {
            let message = format!("a {} could not be revoked: {error}", what.kind.in_words());
            self.context.log(LogLevel::Warning, &message);
        }
        revoked
    }

    /// Sends the pending revocations, unless another call is already sending them.
    async fn send(&self) {
        if let Ok(only) = self.sending.try_lock() {
            self.send_alone(&only).await;
        }
    }

    /// Sends the pending revocations one after the other; stops at the first transient failure.
    async fn send_alone(&self, _only: &MutexGuard<'_, ()>) {
        for pending in self.pending() {
            let outcome = self.settle(&pending.revocable()).await;
            if let Err(error) = outcome
                && retry::is_passing(&error)
            {
                self.context.note_failed_attempt(Attempt::Revocation, error);
                return;
            }
        }
    }

    /// Revokes one after the other. After a transient failure, the rest stays pending; after a refusal, the next is
    /// tried.
    async fn settle_all(&self, all: Vec<Revocable>) -> Result<bool, Error> {
        let mut outcome = Ok(true);
        for what in all {
            match self.settle(&what).await {
                Err(error) if retry::is_passing(&error) => return Err(error),
                settled => outcome = outcome.and(settled),
            }
        }
        outcome
    }

    /// Revokes a token that was kept for revocation; it stays pending only if it did not reach the issuer.
    async fn settle(&self, what: &Revocable) -> Result<bool, Error> {
        let outcome = self.revoke(what).await;
        let ended = self.context.apply(RevocationEnded {
            token: what.token.clone(),
            failure: outcome.as_ref().err().cloned(),
        });
        if ended.verdict == Verdict::Changed {
            self.store.save_if_possible().await;
        }
        outcome
    }

    fn has_pending(&self) -> bool {
        !self.store.is_read_only() && !self.pending().is_empty()
    }

    /// The pending revocations, without those that are too old.
    fn pending(&self) -> Vec<PendingRevocation> {
        let now = self.context.now();
        self.context.apply(TimePassed { now });
        self.context
            .read(|machine| Stored::of(machine).pending_revocations().to_vec())
    }
}
