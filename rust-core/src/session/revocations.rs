//! Revokes tokens at the issuer, and keeps those whose revocation is pending.
//!
//! **Promises.** A token that could not be revoked because of a transient failure is kept for that purpose alone and
//! sent again. Nothing is sent between the request for a sign-in's tokens and the end of that sign-in. No caller waits
//! longer than [`LONGEST_REVOCATION`]. **Needs** the context, the store and the issuer.

use std::sync::{Arc, Mutex as SyncMutex, MutexGuard as SyncMutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::{Mutex, MutexGuard, Notify};

use super::context::Context;
use super::issuer::Issuer;
use super::options::SignOutOutcome;
use super::store::SessionStore;
use crate::machine::error::Error;
use crate::machine::input::{RevocationEnded, TokenOrphaned};
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
    /// Held while tokens are sent. Who holds it reads the next token anew for each request: a sign-in may have made it
    /// unnecessary.
    sending: Mutex<()>,
    /// The sign-in that asks the issuer for tokens, or has them. Until it ends, only its own task sends: some issuers
    /// delete a user's grant along with a revoked token, which would end the new session.
    sign_in: SyncMutex<Option<u64>>,
    /// Ends the request under way, for a sign-in that has waited long enough.
    stop: Notify,
}

/// From here on no revocation is sent until the sign-in ends. If this is dropped, that is now.
#[derive(Debug)]
pub(super) struct RevocationPause {
    revocations: Arc<Revocations>,
    sign_in: u64,
    is_kept: bool,
}

impl RevocationPause {
    /// The pause lasts until [`Revocations::sign_in_ended`].
    pub(super) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for RevocationPause {
    fn drop(&mut self) {
        if !self.is_kept {
            self.revocations.sign_in_ended(self.sign_in);
            self.revocations.send_in_background();
        }
    }
}

impl Revocations {
    pub(super) fn new(context: Arc<Context>, store: Arc<SessionStore>, issuer: Arc<Issuer>) -> Arc<Self> {
        Arc::new(Self {
            context,
            store,
            issuer,
            sending: Mutex::default(),
            sign_in: SyncMutex::default(),
            stop: Notify::default(),
        })
    }

    /// Revokes the tokens that a sign-out leaves, within the time limit.
    pub(super) async fn settle_in_time(&self, left: Vec<Revocable>) -> SignOutOutcome {
        match self.in_time(self.settle_all(left)).await {
            Some(Ok(true)) => SignOutOutcome::Revoked,
            Some(Ok(false)) => SignOutOutcome::RevocationNotOffered,
            Some(Err(error)) if !retry::is_passing(&error) => SignOutOutcome::RevocationRefused,
            Some(Err(_)) | None => SignOutOutcome::RevocationPending,
        }
    }

    /// Sends pending revocations in the background, unless an attempt has just failed.
    pub(super) fn send_in_background(self: &Arc<Self>) {
        if self.has_pending() && self.is_due() {
            let revocations = Arc::clone(self);
            self.context.spawn(async move { revocations.send_again().await });
        }
    }

    /// The attempt that [`Revocations::send_in_background`] begins. Another attempt may have failed since then.
    async fn send_again(&self) {
        if let Ok(only) = self.sending.try_lock()
            && self.is_due()
        {
            self.send(&only, None, || self.next()).await;
        }
    }

    /// Sends pending revocations for a user who is signing in, who waits for them within the time limit; also for a
    /// request that is under way already. What is left then is not sent before the sign-in ends.
    pub(super) async fn send_before(self: &Arc<Self>, sign_in: u64) -> RevocationPause {
        self.pause(sign_in, true).await
    }

    /// [`Revocations::send_before`] for a request that is repeated: soon after a failure nothing is sent.
    pub(super) async fn send_before_poll(self: &Arc<Self>, sign_in: u64) -> RevocationPause {
        self.pause(sign_in, self.is_due()).await
    }

    async fn pause(self: &Arc<Self>, sign_in: u64, sends: bool) -> RevocationPause {
        *self.locked_sign_in() = Some(sign_in);
        let pause = RevocationPause {
            revocations: Arc::clone(self),
            sign_in,
            is_kept: false,
        };
        // The sign-in may be the first call. A store that cannot be read adds nothing.
        let _ = self.store.ensure_restored().await;
        let sending = async {
            let only = self.sending.lock().await;
            if sends && self.has_pending() {
                self.send(&only, Some(sign_in), || self.next()).await;
            }
        };
        if self.in_time(sending).await.is_none() {
            // The request of another task may be under way.
            self.stop.notify_waiters();
            drop(self.sending.lock().await);
        }
        pause
    }

    /// This sign-in has ended, in whatever way: revocations may be sent again.
    pub(super) fn sign_in_ended(&self, sign_in: u64) {
        self.locked_sign_in().take_if(|current| *current == sign_in);
    }

    /// Revokes tokens that no session has, in the background. `subject` is their user, if known.
    pub(super) fn revoke_in_background(self: &Arc<Self>, orphans: Vec<Revocable>, subject: Option<&str>) {
        self.orphan(orphans, subject);
        let revocations = Arc::clone(self);
        self.context
            .spawn(async move { revocations.send_orphans_in_time().await });
    }

    /// [`Revocations::revoke_in_background`] for a caller that waits within the time limit.
    pub(super) async fn revoke_in_time(&self, orphans: Vec<Revocable>, subject: Option<&str>) {
        self.orphan(orphans, subject);
        self.send_orphans_in_time().await;
    }

    fn orphan(&self, orphans: Vec<Revocable>, subject: Option<&str>) {
        for Revocable { token, kind } in orphans {
            let orphan = PendingRevocation {
                token,
                kind,
                since: self.context.now().wall,
                subject: subject.map(str::to_owned),
            };
            self.context.apply(TokenOrphaned { orphan });
        }
    }

    async fn send_orphans_in_time(&self) {
        let sending = async {
            let only = self.sending.lock().await;
            self.send(&only, None, || self.next_orphan()).await;
        };
        if self.in_time(sending).await.is_none()
            && let Some(orphan) = self.next_orphan()
        {
            self.ended(orphan.token, Some(Error::Busy)).await;
        }
    }

    /// What the work gives, or `None` if it takes too long. Then it is dropped, with the request that it has sent.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let work = std::pin::pin!(work);
        match select(work, self.context.sleep(LONGEST_REVOCATION)).await {
            Either::Left((outcome, _)) => Some(outcome),
            Either::Right(_) => None,
        }
    }

    /// Sends one after the other; stops at the first transient failure, and when another sign-in than `during` is about
    /// to get its tokens.
    async fn send(
        &self,
        _only: &MutexGuard<'_, ()>,
        during: Option<u64>,
        next: impl Fn() -> Option<PendingRevocation>,
    ) {
        while *self.locked_sign_in() == during
            && let Some(pending) = next()
        {
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
        let _only = self.sending.lock().await;
        let mut outcome = Ok(true);
        for what in all {
            if self.locked_sign_in().is_some() {
                // It began after the sign-out, and sends what is pending itself.
                return Err(Error::Busy);
            }
            if !self.is_pending(&what) {
                continue;
            }
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
        self.ended(what.token.clone(), outcome.as_ref().err().cloned()).await;
        outcome
    }

    async fn ended(&self, token: Secret, failure: Option<Error>) {
        let at = self.context.now().wall;
        let ended = self.context.apply(RevocationEnded { token, failure, at });
        if ended.verdict == Verdict::Changed {
            self.store.save_if_possible().await;
        }
    }

    /// Revokes a token; false if the issuer has no revocation endpoint.
    async fn revoke(&self, what: &Revocable) -> Result<bool, Error> {
        let stopped = std::pin::pin!(self.stop.notified());
        let request = std::pin::pin!(self.request(what));
        let revoked = match select(request, stopped).await {
            Either::Left((revoked, _)) => revoked,
            Either::Right(_) => Err(Error::Busy),
        };
        if let Err(error) = &revoked {
            let message = format!("a {} could not be revoked: {error}", what.kind.in_words());
            self.context.log(LogLevel::Warning, &message);
        }
        revoked
    }

    async fn request(&self, what: &Revocable) -> Result<bool, Error> {
        let metadata = self.issuer.metadata().await?;
        let Some(endpoint) = &metadata.revocation_endpoint else {
            return Ok(false);
        };
        let request = revocation::revoke(endpoint, &self.context.configuration(), what);
        let answer = self.issuer.call(revocation::ENDPOINT, request).await?;
        revocation::read(&answer, self.issuer.server_now())?;
        Ok(true)
    }

    fn has_pending(&self) -> bool {
        !self.store.is_read_only() && self.next().is_some()
    }

    /// Whether no attempt has just failed.
    fn is_due(&self) -> bool {
        self.context.attempt_refusal(Attempt::Revocation).is_none()
    }

    fn is_pending(&self, what: &Revocable) -> bool {
        let is_it = |pending: &PendingRevocation| pending.token == what.token;
        self.context
            .read(|machine| Stored::of(machine).pending_revocations().any(is_it))
    }

    fn next(&self) -> Option<PendingRevocation> {
        self.context
            .read(|machine| Stored::of(machine).pending_revocations().next().cloned())
    }

    fn next_orphan(&self) -> Option<PendingRevocation> {
        self.context
            .read(|machine| Stored::of(machine).orphans().next().cloned())
    }

    fn locked_sign_in(&self) -> SyncMutexGuard<'_, Option<u64>> {
        self.sign_in.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
