//! Sign-out: locally at once, at the issuer as soon as it can be reached.
//!
//! **Promises.** The local sign-out never fails: an item that cannot be deleted now is deleted at the next opportunity.
//! It takes precedence over a sign-in that is not complete. What another library stored does not come back. **Needs**
//! the context, the store, the revocations, the pending sign-in, the import's record, the queued metadata changes, the
//! browser's sign-out and the exchanged tokens.

use std::sync::Arc;

use super::browser_sign_out::BrowserSignOut;
use super::context::Context;
use super::import_record::ImportRecord;
use super::metadata::MetadataQueue;
use super::options::SignOutOutcome;
use super::revocations::Revocations;
use super::sign_in::pending::PendingSignIn;
use super::store::SessionStore;
use super::tokens::ExchangedTokens;
use crate::machine::input::SignedOut;
use crate::ports::LogLevel;

#[derive(Debug)]
pub(super) struct SignOut {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    revocations: Arc<Revocations>,
    pending_sign_in: Arc<PendingSignIn>,
    import_record: Arc<ImportRecord>,
    metadata_queue: Arc<MetadataQueue>,
    browser: Arc<BrowserSignOut>,
    exchanged: Arc<ExchangedTokens>,
}

impl SignOut {
    #[expect(clippy::too_many_arguments, reason = "each is a part that has something to forget")]
    pub(super) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        revocations: Arc<Revocations>,
        pending_sign_in: Arc<PendingSignIn>,
        import_record: Arc<ImportRecord>,
        metadata_queue: Arc<MetadataQueue>,
        browser: Arc<BrowserSignOut>,
        exchanged: Arc<ExchangedTokens>,
    ) -> Self {
        Self {
            context,
            store,
            revocations,
            pending_sign_in,
            import_record,
            metadata_queue,
            browser,
            exchanged,
        }
    }

    pub(super) async fn sign_out(&self) -> SignOutOutcome {
        let context = &self.context;
        if self.store.is_read_only() {
            return SignOutOutcome::ReadOnly;
        }
        self.pending_sign_in.cancel(|_| true);
        self.store.look_before_sign_out().await;
        self.import_record.close().await;
        self.metadata_queue.forget_refused();
        let ended = self.browser.session_ends();
        let at = context.now().wall;
        let left = context.apply(SignedOut { at }).revocations();
        self.browser.session_ended(ended);
        self.exchanged.forget();
        context.publish();
        self.store.save_if_possible().await;
        context.log(LogLevel::Info, "signed out");
        if left.is_empty() {
            self.revocations.send_in_background();
            return SignOutOutcome::NothingToRevoke;
        }
        self.revocations.settle_in_time(left).await
    }
}
