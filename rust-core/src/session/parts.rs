//! The parts of one session, and how they are connected.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::browser_sign_out::BrowserSignOut;
use super::context::{Context, WholeSession};
use super::dependencies::Dependencies;
use super::import_record::ImportRecord;
use super::issuer::{Issuer, Verifier};
use super::legacy::Delegation;
use super::metadata::{ManagementApi, MetadataQueue, UserMetadata};
use super::migration::{Importer, OldItems};
use super::profile::{TokenInfo, UserProfile};
use super::revocations::Revocations;
use super::sign_in::pending::PendingSignIn;
use super::sign_in::{
    BrowserSignIn, SignInByPassword, SignInBySecondFactor, SignInByTokenExchange, SignInCompletion,
    SignInOnAnotherDevice, SignInParts,
};
use super::sign_out::SignOut;
use super::store::SessionStore;
use super::tokens::{
    AccessTokens, BearerCalls, DeviceSsoTokens, ExchangedTokens, IdTokens, Mfa, MfaChallenges, Renewer,
    SessionTransfers, TokenExchanges, TokensInMemory,
};
use crate::machine::error::Error;
use crate::model::configuration::Configuration;
use crate::model::state::SessionState;

#[derive(Debug)]
pub(super) struct Parts {
    pub(super) context: Arc<Context>,
    pub(super) store: Arc<SessionStore>,
    pub(super) revocations: Arc<Revocations>,
    pub(super) memory: Arc<TokensInMemory>,
    pub(super) access_tokens: Arc<AccessTokens>,
    pub(super) mfa: Arc<Mfa>,
    pub(super) id_tokens: Arc<IdTokens>,
    pub(super) session_transfers: SessionTransfers,
    pub(super) device_sso_tokens: DeviceSsoTokens,
    pub(super) token_exchanges: Arc<TokenExchanges>,
    pub(super) profile: Arc<UserProfile>,
    pub(super) metadata: UserMetadata,
    pub(super) metadata_queue: Arc<MetadataQueue>,
    pub(super) pending_sign_in: Arc<PendingSignIn>,
    pub(super) browser_sign_in: BrowserSignIn,
    pub(super) sign_in_by_password: SignInByPassword,
    pub(super) sign_in_on_another_device: SignInOnAnotherDevice,
    pub(super) sign_in_by_token_exchange: SignInByTokenExchange,
    pub(super) sign_in_by_second_factor: SignInBySecondFactor,
    pub(super) importer: Arc<Importer>,
    pub(super) browser_sign_out: Arc<BrowserSignOut>,
    pub(super) sign_out: SignOut,
    pub(super) delegation: Delegation,
}

impl Parts {
    /// Creates the parts, in the order of their dependencies. No I/O.
    pub(super) fn new(configuration: Configuration, name: &str, dependencies: &Dependencies) -> Arc<Self> {
        Arc::new_cyclic(|parts: &Weak<Self>| {
            let whole: Weak<dyn WholeSession> = parts.clone();
            let context = Context::new(whole, configuration, dependencies);
            Self::given(&context, name, dependencies)
        })
    }

    fn given(context: &Arc<Context>, name: &str, dependencies: &Dependencies) -> Self {
        let store = SessionStore::new(context.clone(), name, dependencies);
        let issuer = Issuer::new(
            context.clone(),
            dependencies.transport.clone(),
            dependencies.proof_keys.clone(),
        );
        let verifier = Verifier::new(context.clone(), issuer.clone());
        let revocations = Revocations::new(context.clone(), store.clone(), issuer.clone());

        let exchanged = ExchangedTokens::new(context.clone());
        let memory = TokensInMemory::new(context.clone(), issuer.clone(), exchanged.clone());
        let challenges = Arc::new(MfaChallenges::default());
        let renewer = Renewer::new(
            context.clone(),
            store.clone(),
            issuer.clone(),
            verifier.clone(),
            revocations.clone(),
            memory.clone(),
            challenges.clone(),
        );
        let access_tokens = AccessTokens::new(context.clone(), store.clone(), memory.clone(), renewer.clone());
        let token_exchanges = TokenExchanges::new(
            context.clone(),
            store.clone(),
            issuer.clone(),
            memory.clone(),
            renewer,
            access_tokens.clone(),
            exchanged.clone(),
            challenges.clone(),
        );
        let mfa = Mfa::new(
            context.clone(),
            issuer.clone(),
            access_tokens.clone(),
            token_exchanges.clone(),
            challenges.clone(),
        );
        let device_sso_tokens =
            DeviceSsoTokens::new(context.clone(), store.clone(), memory.clone(), access_tokens.clone());
        let id_tokens = IdTokens::new(context.clone(), store.clone(), memory.clone(), access_tokens.clone());
        let calls = BearerCalls::new(
            context.clone(),
            store.clone(),
            issuer.clone(),
            memory.clone(),
            access_tokens.clone(),
            id_tokens.clone(),
        );

        let token_info = TokenInfo::new(context.clone(), issuer.clone(), id_tokens.clone());
        let profile = UserProfile::new(
            context.clone(),
            store.clone(),
            issuer.clone(),
            verifier.clone(),
            calls.clone(),
            token_info.clone(),
        );
        let api = ManagementApi::new(context.clone(), store.clone(), calls);
        let metadata_queue = MetadataQueue::new(context.clone(), store.clone(), issuer.clone(), api.clone());
        let metadata = UserMetadata::new(
            context.clone(),
            store.clone(),
            issuer.clone(),
            api,
            metadata_queue.clone(),
        );

        let pending_sign_in = PendingSignIn::new(context.clone(), revocations.clone());
        let import_record = ImportRecord::new(context.clone(), store.clone());
        let completion = SignInCompletion::new(
            context.clone(),
            store.clone(),
            revocations.clone(),
            import_record.clone(),
            pending_sign_in.clone(),
            exchanged.clone(),
        );
        let sign_in_parts = Arc::new(SignInParts {
            context: context.clone(),
            store: store.clone(),
            issuer: issuer.clone(),
            verifier: verifier.clone(),
            revocations: revocations.clone(),
            pending: pending_sign_in.clone(),
            completion,
            challenges,
        });
        let browser_sign_in = BrowserSignIn::new(sign_in_parts.clone());
        let sign_in_by_password = SignInByPassword::new(sign_in_parts.clone());
        let sign_in_on_another_device = SignInOnAnotherDevice::new(sign_in_parts.clone());
        let sign_in_by_token_exchange = SignInByTokenExchange::new(sign_in_parts.clone());
        let sign_in_by_second_factor = SignInBySecondFactor::new(sign_in_parts, mfa.clone());
        let old_items = OldItems::new(
            context.clone(),
            dependencies.foreign_items.clone(),
            dependencies.proof_keys.clone(),
        );
        let importer = Importer::new(
            context.clone(),
            store.clone(),
            issuer.clone(),
            verifier,
            revocations.clone(),
            pending_sign_in.clone(),
            import_record.clone(),
            old_items,
        );
        let browser_sign_out = BrowserSignOut::new(context.clone(), issuer.clone());
        let sign_out = SignOut::new(
            context.clone(),
            store.clone(),
            revocations.clone(),
            pending_sign_in.clone(),
            import_record,
            metadata_queue.clone(),
            browser_sign_out.clone(),
            exchanged,
        );
        let delegation = Delegation::new(
            context.clone(),
            store.clone(),
            issuer,
            id_tokens.clone(),
            token_info,
            profile.clone(),
        );

        Self {
            context: context.clone(),
            store,
            revocations,
            memory,
            session_transfers: SessionTransfers::new(context.clone(), access_tokens.clone()),
            device_sso_tokens,
            token_exchanges,
            access_tokens,
            mfa,
            id_tokens,
            profile,
            metadata,
            metadata_queue,
            pending_sign_in,
            browser_sign_in,
            sign_in_by_password,
            sign_in_on_another_device,
            sign_in_by_token_exchange,
            sign_in_by_second_factor,
            importer,
            browser_sign_out,
            sign_out,
            delegation,
        }
    }

    /// The process continues to run and may take the process lock.
    pub(super) fn resume(&self) {
        self.store.resume();
        self.expire();
        self.context.publish_end();
    }

    /// Ends sign-ins that have waited too long for their user, and discards what was kept for the browser's sign-out.
    pub(super) fn expire(&self) {
        self.pending_sign_in.expire();
        self.browser_sign_out.expire();
    }

    /// Reads the session from the store. Pending revocations and queued changes are sent in the background.
    pub(super) async fn restore(&self) -> Result<SessionState, Error> {
        self.expire();
        self.store.restore().await?;
        // Time may have passed since the store was read: the session may be over.
        self.context.publish();
        self.revocations.send_in_background();
        self.metadata_queue.send_in_background();
        self.context
            .state()
            .ok_or_else(|| Error::Internal("restored without a state".to_owned()))
    }
}

impl WholeSession for Parts {
    fn network_answered(&self) {
        self.context.publish();
        self.metadata_queue.send_in_background();
        self.revocations.send_in_background();
    }

    fn time_passed(&self, due: Duration) {
        if !self.context.alarm_came(due) {
            return;
        }
        let (context, store) = (self.context.clone(), self.store.clone());
        self.context.spawn(async move {
            // Another process may have used the session. If the store cannot be read now, nothing changes.
            let _ = store.merge_if_shared().await;
            context.publish();
        });
    }
}
