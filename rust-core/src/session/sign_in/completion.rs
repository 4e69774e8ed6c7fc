//! The last step of every sign-in.
//!
//! **Promises.** The new session replaces any other, in memory and in the store, unless the attempt was cancelled or
//! replaced meanwhile: then its refresh token is revoked. **Needs** the context, the store, the revocations, the
//! import's record, the pending sign-in and the exchanged tokens.

use std::sync::Arc;

use super::super::context::Context;
use super::super::import_record::ImportRecord;
use super::super::revocations::Revocations;
use super::super::store::SessionStore;
use super::super::tokens::ExchangedTokens;
use super::pending::{PendingSignIn, SignInAttempt};
use super::step_up::SteppingUp;
use crate::jose::IdTokenClaims;
use crate::machine::Verdict;
use crate::machine::error::Error;
use crate::machine::event::SignInWay;
use crate::machine::input::{SignedIn, SteppedUp};
use crate::model::credentials::Credentials;
use crate::model::lifetime::Lifetime;
use crate::model::proof_nonces::ProofNonces;
use crate::model::revocable::Revocable;
use crate::model::secret::Secret;
use crate::model::secret_members::SecretMembers;
use crate::model::state::SessionState;
use crate::model::time::Instant;
use crate::ports::LogLevel;
use crate::protocol::authorization::SignInSecrets;
use crate::protocol::token::TokenAnswer;
use crate::storage::envelope::{CURRENT_VERSION, StoredSession};

const NO_REFRESH_TOKEN: &str = "sign-in: offline_access was asked for and the issuer gave no refresh token, so that the \
    user has to sign in again when the access token expires; prompt=consent among the authorize parameters helps at many \
    issuers (OpenID Connect Core 11), at Auth0 Allow Offline Access in the API's settings";

#[derive(Debug)]
pub(in crate::session) struct SignInCompletion {
    context: Arc<Context>,
    store: Arc<SessionStore>,
    revocations: Arc<Revocations>,
    import_record: Arc<ImportRecord>,
    pending: Arc<PendingSignIn>,
    exchanged: Arc<ExchangedTokens>,
}

impl SignInCompletion {
    pub(in crate::session) fn new(
        context: Arc<Context>,
        store: Arc<SessionStore>,
        revocations: Arc<Revocations>,
        import_record: Arc<ImportRecord>,
        pending: Arc<PendingSignIn>,
        exchanged: Arc<ExchangedTokens>,
    ) -> Arc<Self> {
        Arc::new(Self {
            context,
            store,
            revocations,
            import_record,
            pending,
            exchanged,
        })
    }

    /// Replaces any other session by the new one, in memory and in the store. A sign-out or another sign-in that
    /// happened meanwhile takes precedence; then the tokens belong to nobody.
    pub(super) async fn enter(
        &self,
        attempt: &SignInAttempt,
        session: Box<StoredSession>,
        (by, received): (SignInWay, Instant),
    ) -> Result<SessionState, Error> {
        let context = &self.context;
        // Reads queued changes, which belong to the user, and ends any import, even if the sign-in is the first call
        // after a launch. A store that cannot be read adds nothing.
        let _ = self.store.ensure_restored().await;
        self.import_record.close().await;
        let refresh_token = session.credentials.refresh_token.clone();
        let subject = session.subject.clone();
        let lacks_refresh_token = refresh_token.is_none() && attempt.asks_for_refresh_token();
        let input = SignedIn {
            session,
            by,
            lacks_refresh_token,
            received: received.monotonic,
        };
        // Nothing may happen between the check of the attempt and the new session: everything that could wait is done.
        let Some(_) = self.pending.finish_with(attempt.id, || context.apply(input)) else {
            return self.abandon_tokens_of(attempt.id, Some(&subject), refresh_token).await;
        };
        self.exchanged.forget();
        let saved = self.store.save().await;
        context.publish();
        if lacks_refresh_token {
            context.log(LogLevel::Warning, NO_REFRESH_TOKEN);
        }
        saved?;
        // The revocations of the replaced session, perhaps of another user. The new session does not wait for them.
        self.revocations.send_in_background();
        context.state().ok_or(Error::NoSession)
    }

    /// The session continues with the tokens of a step-up. A sign-out or another sign-in that happened meanwhile takes
    /// precedence.
    pub(super) async fn step_up(
        &self,
        attempt: &SignInAttempt,
        of: &SteppingUp,
        session: Box<StoredSession>,
        received: Instant,
    ) -> Result<SessionState, Error> {
        let context = &self.context;
        // Another process may be renewing this session now, or may have ended it.
        let _turn = self.store.take_process_lock().await?;
        if self.store.is_shared() {
            self.store.merge().await?;
        }
        let subject = session.subject.clone();
        let input = SteppedUp {
            generation: of.generation,
            session,
            received: received.monotonic,
        };
        let Some(outcome) = self.pending.finish_with(attempt.id, || context.apply(input)) else {
            return Err(Error::SignInCancelled);
        };
        if outcome.verdict == Verdict::Superseded {
            self.revocations
                .revoke_in_time(outcome.revocations(), Some(&subject))
                .await;
            return Err(Error::SignInCancelled);
        }
        self.exchanged.expire();
        let saved = self.store.save().await;
        self.store.release_process_lock();
        context.publish();
        saved?;
        self.revocations.send_in_background();
        // A session's age counts from its sign-in.
        context.ensure_not_over()?;
        context.state().ok_or(Error::NoSession)
    }

    /// Ends this sign-in and revokes its refresh token, which nobody will use. Returns the error of a cancelled sign-in.
    pub(super) async fn abandon(&self, id: u64, refresh_token: Option<Secret>) -> Result<SessionState, Error> {
        self.abandon_tokens_of(id, None, refresh_token).await
    }

    /// [`SignInCompletion::abandon`] if it is known who the user is.
    async fn abandon_tokens_of(
        &self,
        id: u64,
        subject: Option<&str>,
        refresh_token: Option<Secret>,
    ) -> Result<SessionState, Error> {
        self.pending.finish(id);
        let orphans = refresh_token.map(Revocable::refresh_token).into_iter().collect();
        // The caller gets the cancellation, whatever becomes of the revocation.
        self.revocations.revoke_in_time(orphans, subject).await;
        Err(Error::SignInCancelled)
    }

    /// Creates random values for a new attempt.
    pub(super) fn secrets(&self) -> Result<SignInSecrets, Error> {
        Ok(SignInSecrets {
            state: self.context.random()?,
            nonce: self.context.random()?,
            verifier: self.context.random()?,
        })
    }

    /// The new session, made of a sign-in's tokens and claims.
    pub(super) fn session(
        &self,
        issuer: &str,
        attempt: &SignInAttempt,
        tokens: TokenAnswer,
        claims: IdTokenClaims,
        received: Instant,
    ) -> Box<StoredSession> {
        Box::new(StoredSession {
            version: CURRENT_VERSION,
            issuer: issuer.to_owned(),
            client_id: self.context.configuration().client_id.clone(),
            subject: claims.subject,
            credentials: Credentials {
                access_token: tokens.access_token,
                refresh_token: tokens.refresh_token,
                id_token: tokens.id_token,
                // The issuer omits it if it is the requested scope (RFC 6749 5.1).
                scope: tokens.scope.or_else(|| Some(attempt.requested.scope.clone())),
                received_at: received.wall,
                lifetime_seconds: Credentials::lifetime_for(tokens.expires_in),
                lives_by_id_token: false,
                unchecked: false,
                proof_key: tokens.proof_key,
                is_bound: tokens.is_bound,
            },
            device_secret: tokens.device_secret,
            whole_scope: None,
            sign_in_id: Some(attempt.sign_in_id.clone()),
            nonce: Some(attempt.secrets.nonce.clone()),
            authenticated_at: claims.auth_time,
            lifetime: claims.session_seconds.map(|seconds| {
                let mut lifetime = Lifetime::begun(received.wall, Some(received.monotonic));
                lifetime.end_in(seconds, received);
                lifetime
            }),
            profile: None,
            ended: None,
            sequence: 0,
            profile_sequence: 0,
            audience_tokens: Vec::new(),
            imported: false,
            pending_updates: Vec::new(),
            revocations: Vec::new(),
            resources: attempt.requested.resources.clone(),
            discovery: None,
            proof_nonces: ProofNonces::default(),
            unknown: SecretMembers::default(),
        })
    }
}
