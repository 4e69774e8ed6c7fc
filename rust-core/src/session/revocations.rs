//! Tokens that are to be revoked at the issuer, and those that wait for that.
//!
//! **Promises.** A token that could not be revoked because of a transient failure is kept for that alone and sent again; nobody
//! waits longer than [`LONGEST_REVOCATION`]. **Needs** the context, the store and the issuer.

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

/// A user who signs out waits no longer than this for the issuer.
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

    /// Revokes what a sign-out leaves, within limits.
    pub(super) async fn settle_in_time(&self, left: Vec<Revocable>) -> SignOutOutcome {
        let revocation = std::pin::pin!(self.settle_all(left));
        match select(revocation, self.context.sleep(LONGEST_REVOCATION)).await {
            Either::Left((Ok(true), _)) => SignOutOutcome::Revoked,
            Either::Left((Ok(false), _)) => SignOutOutcome::RevocationNotOffered,
            Either::Left((Err(error), _)) if !retry::is_passing(&error) => SignOutOutcome::RevocationRefused,
            Either::Left((Err(_), _)) | Either::Right(_) => SignOutOutcome::RevocationPending,
        }
    }

    /// Sends what could not be sent before, while the caller goes on; not a moment after that failed.
    pub(super) fn send_in_background(self: &Arc<Self>) {
        if self.has_pending() && self.context.attempt_refusal(Attempt::Revocation).is_none() {
            let revocations = Arc::clone(self);
            self.context.spawn(async move { revocations.send_again().await });
        }
    }

    /// The attempt that [`Revocations::send_in_background`] begins. Another one may have been made since then.
    async fn send_again(&self) {
        if let Ok(only) = self.sending.try_lock()
            && self.context.attempt_refusal(Attempt::Revocation).is_none()
        {
            self.send_alone(&only).await;
        }
    }

    /// The same at once, for a user who signs in and waits for it, within limits.
    pub(super) async fn send_in_time(&self) {
        if self.has_pending() {
            let sending = std::pin::pin!(self.send());
            select(sending, self.context.sleep(LONGEST_REVOCATION)).await;
        }
    }

    /// Revokes a refresh token that nobody will use; the caller goes on.
    pub(super) fn revoke_in_background(self: &Arc<Self>, refresh_token: Secret) {
        let revocations = Arc::clone(self);
        // Logged there.
        self.context
            .spawn(async move { drop(revocations.revoke(&Revocable::refresh_token(refresh_token)).await) });
    }

    /// The same for a caller that waits for it, within limits.
    pub(super) async fn revoke_in_time(&self, what: &Revocable) {
        // Logged there.
        let revoking = std::pin::pin!(self.revoke(what));
        select(revoking, self.context.sleep(LONGEST_REVOCATION)).await;
    }

    /// Revokes a token; false where the issuer offers no revocation.
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

    /// What is sent already by another call is not sent by this one.
    async fn send(&self) {
        if let Ok(only) = self.sending.try_lock() {
            self.send_alone(&only).await;
        }
    }

    /// Sends every revocation that is pending, one after the other; stops at the first that meets a transient failure.
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

    /// Revokes one after the other; what stays after trouble that passes waits. A refusal of one says nothing of the next.
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

    /// Revokes a token that was kept for that; it is kept on only if it did not reach the issuer.
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

    /// What is too old is forgotten.
    fn pending(&self) -> Vec<PendingRevocation> {
        let now = self.context.now();
        self.context.apply(TimePassed { now });
        self.context
            .read(|machine| Stored::of(machine).pending_revocations().to_vec())
    }
}
