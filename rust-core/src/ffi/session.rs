//! The object that Swift holds. Each export is one line; [`crate::session`] does the work.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::dependencies::dependencies;
use super::error::SessionError;
use super::log::{ForwardingLog, LogSink};
use super::metrics::{MetricsSink, record_measurements};
use super::network::SessionNetwork;
use super::observer::{Observation, SessionObserver, forward_reports};
use super::open_sessions::{Opening, open_or_join};
use super::proofs::check_storage;
use super::runtime::run;
use super::storage::SessionStorage;
use super::store_changes::{changes_to_look_at, look_after_changes};
use super::token_lease::{self, TokenLease};
use super::token_text::TokenText;
use crate::adapters::proof_keys::AppProofKeys;
use crate::adapters::proxy::ProxySource;
use crate::adapters::store_changes::Observing;
use crate::model::audience::Audience;
use crate::model::configuration::SessionConfiguration;
use crate::model::pending_update::PendingUpdate;
use crate::model::profile::Profile;
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::model::time::Timestamp;
use crate::protocol::logout::LogoutOptions;
use crate::session::{
    DeviceSignInRequest, RefreshOptions, SessionCounters, SessionManager, SignInOptions, SignInRequest, SignOutOutcome,
    StepUpOptions, TokenOptions,
};

/// One user's session at one issuer: signs in, keeps and renews the tokens, fetches the profile, signs out.
///
/// Synchronous methods read memory only. Asynchronous methods may read or write the store and send requests to the
/// issuer. Cancelling the task that waits for one does not stop it, so a renewal is never lost half way.
#[derive(Debug, uniffi::Object)]
pub struct CoreSession {
    pub(super) manager: SessionManager,
    /// Forwards reports to the observer and looks at the store after changes; both end with this handle.
    _observations: (Option<Observation>, Option<Box<dyn Observing>>),
    /// Forwards measurements; ends with this handle too.
    recording: Mutex<Option<Observation>>,
}

#[uniffi::export]
impl CoreSession {
    /// Checks the configuration and opens the store; reads nothing from it and sends nothing.
    ///
    /// `name` distinguishes the sessions of one app; `observer` receives every change of state and every event, in
    /// order, on one of Pilotlight's own threads; `log` gets a line for each step, without secrets.
    ///
    /// If the same session (the same client at the same issuer, store and name) is already open in this process, this
    /// returns another handle to it, and both share one renewal. Any other configuration and storage options of this
    /// call then apply to both handles, and a difference is logged as a warning. The log of the first handle stays. A
    /// sign-in in progress keeps the settings that it began with. Storage in memory is never shared. The observer is no
    /// longer called once its handle is gone.
    ///
    /// A `read_only` session only reads: it gives out the tokens that another process stored, and never renews, signs
    /// in or out, or writes. It is meant for short-lived extensions.
    ///
    /// Throws `fixConfiguration` naming the field, also if this platform has no such store.
    #[uniffi::constructor]
    pub fn new(
        configuration: SessionConfiguration,
        storage: SessionStorage,
        name: String,
        read_only: bool,
        observer: Option<Arc<dyn SessionObserver>>,
        log: Option<Arc<dyn LogSink>>,
    ) -> Result<Arc<Self>, SessionError> {
        let network = SessionNetwork::Core {
            proxies: ProxySource::System,
        };
        Self::with_network(configuration, storage, name, read_only, observer, log, network, None)
    }

    /// The same with `network` for the requests to the issuer; `new` uses the core's own client with the system's
    /// proxies. A session that is already open keeps its client; if that is of the other kind (the core's or the
    /// app's), this throws `fixConfiguration` naming `transport`. `proof_keys` makes and uses the keys that tokens are
    /// bound to; nil for keys in software, which are not available on Apple systems.
    #[uniffi::constructor]
    #[expect(clippy::too_many_arguments, reason = "each is one of the app's")]
    pub fn with_network(
        configuration: SessionConfiguration,
        storage: SessionStorage,
        name: String,
        read_only: bool,
        observer: Option<Arc<dyn SessionObserver>>,
        log: Option<Arc<dyn LogSink>>,
        network: SessionNetwork,
        proof_keys: Option<Arc<dyn AppProofKeys>>,
    ) -> Result<Arc<Self>, SessionError> {
        check_storage(&configuration, &storage)?;
        let log = ForwardingLog::over(log);
        let opening = Opening {
            configuration,
            storage: storage.clone(),
            name,
            read_only,
            network: network.name(),
        };
        let manager = open_or_join(opening, &log, || {
            dependencies(&storage, read_only, &network, proof_keys, log.clone())
        })?;
        let looking = look_after_changes(&manager, changes_to_look_at(&storage));
        let _observations = (forward_reports(&manager, observer), looking);
        Ok(Arc::new(Self {
            manager,
            _observations,
            recording: Mutex::default(),
        }))
    }

    /// The state in memory; nil until the first call that reads the store (`restore`) has ended.
    pub fn state(&self) -> Option<SessionState> {
        self.manager.state()
    }

    /// The access token in memory if it is valid for at least `min_ttl_seconds`. No store, no network, no waiting.
    pub fn cached_access_token(&self, min_ttl_seconds: u32) -> Option<TokenText> {
        self.manager
            .with_cached_access_token(Duration::from_secs(min_ttl_seconds.into()), TokenText::of)
    }

    /// How long the text that `cached_access_token` returns may be reused without asking the core; nil if not at all.
    /// Get the lease before the text, so that the text is never older than the lease.
    pub fn token_lease(&self) -> Option<TokenLease> {
        TokenLease::of(&self.manager)
    }

    /// The address of the epoch that leases refer to, for `pilotlight_is_current`. Valid as long as this object exists.
    pub fn epoch_address(&self) -> u64 {
        token_lease::address_of(self.manager.epoch())
    }

    /// `cached_access_token` for a further audience that was requested with `access_token_for` before. Also nil if the
    /// arguments are not valid.
    pub fn cached_access_token_for(
        &self,
        audience: String,
        scopes: Vec<String>,
        min_ttl_seconds: u32,
    ) -> Option<TokenText> {
        let audience = Audience::parse(audience, scopes).ok()?;
        self.manager
            .with_cached_access_token_for(&audience, Duration::from_secs(min_ttl_seconds.into()), TokenText::of)
    }

    /// Whether a user is signed in, with an access token that is valid for at least `min_ttl_seconds` or can be
    /// renewed. Reads memory only: false until `restore` has ended.
    pub fn has_valid_session(&self, min_ttl_seconds: u32) -> bool {
        self.manager
            .has_valid_session(Duration::from_secs(min_ttl_seconds.into()))
    }

    /// Whether the session has a refresh token, so that it can outlive its access token. Reads memory only.
    pub fn has_refresh_token(&self) -> bool {
        self.manager.has_refresh_token()
    }

    /// The scopes of the session's own access token; nil if unknown or nobody is signed in. Reads memory only.
    pub fn granted_scopes(&self) -> Option<Vec<String>> {
        self.manager.granted_scopes()
    }

    /// When the user last authenticated (`auth_time`); nil if the issuer did not say so. Reads memory only.
    pub fn authenticated_at(&self) -> Option<Timestamp> {
        self.manager.authenticated_at()
    }

    /// The profile that was fetched last, if any. Reads memory only. It is copied: compare its version first.
    pub fn cached_profile(&self) -> Option<Profile> {
        self.manager.cached_profile().map(Arc::unwrap_or_clone)
    }

    /// A number for the profile that `cached_profile` would return now: 0 if there is none, and a different number
    /// after each change. For a caller that keeps the profile and only needs to know whether it is still current.
    pub fn cached_profile_version(&self) -> u64 {
        self.manager.cached_profile_version()
    }

    /// The changes of the metadata that wait for the network, oldest first. Reads memory only.
    pub fn pending_metadata_updates(&self) -> Vec<PendingUpdate> {
        self.manager.pending_metadata_updates()
    }

    /// Cancels the sign-in in progress, if there is one. Its callback will then throw `signInCancelled`.
    pub fn cancel_sign_in(&self) {
        self.manager.cancel_sign_in();
    }

    /// Cancels the sign-in with this `SignInRequest` number. A sign-in that has replaced it continues.
    pub fn cancel_sign_in_attempt(&self, attempt: u64) {
        self.manager.cancel_sign_in_attempt(attempt);
    }

    /// Checks the URL that the browser returned from the last `logout_url`. Throws `fixArgument` if the URL belongs to
    /// another sign-out, or to none. Reads memory only.
    pub fn complete_logout(&self, callback_url: String) -> Result<(), SessionError> {
        Ok(self.manager.complete_logout(&callback_url)?)
    }

    /// Counts of what has happened since the session was opened in this process. Reads memory only.
    pub fn counters(&self) -> SessionCounters {
        self.manager.counters()
    }

    /// Gives measurements to `sink` from now on, instead of to any earlier one. Ends with this handle.
    pub fn record_measurements(&self, sink: Arc<dyn MetricsSink>) {
        let recording = record_measurements(&self.manager, sink);
        *self.recording.lock().unwrap_or_else(PoisonError::into_inner) = Some(recording);
    }

    /// Releases the lock between processes if a renewal holds it, and prevents it from being taken until
    /// `allow_process_lock`. The renewal continues; calls that need the lock throw `retryLater`. Call it just before
    /// iOS suspends the process: iOS kills processes that are suspended while they hold a lock in a shared folder.
    pub fn release_process_lock(&self) {
        self.manager.prepare_for_suspension();
    }

    /// The app has asked the system for background time and has no answer yet. Calls that need the lock between
    /// processes wait for `allow_process_lock` or `release_process_lock`, for 10 seconds at most.
    pub fn postpone_process_lock(&self) {
        self.manager.await_background_time();
    }

    /// Allows the process to take the lock between processes: it will not be suspended before `release_process_lock`.
    /// This is the initial state, for systems that do not suspend processes.
    pub fn allow_process_lock(&self) {
        self.manager.resume();
    }
}

#[uniffi::export]
impl CoreSession {
    /// Reads the session from the store. Call it at launch; and again if other processes use the store too, or if the
    /// device was locked before. Sends pending revocations of an earlier sign-out in the background; otherwise no
    /// network. Throws `checkStorage` if the store fails or its content cannot be decoded (it is kept aside).
    pub async fn restore(&self) -> Result<SessionState, SessionError> {
        run(&self.manager, |manager| async move { manager.restore().await }).await
    }

    /// An access token that is valid for at least `min_ttl_seconds`: from memory, or renewed with the refresh token
    /// (network; the new tokens are stored). Any number of callers share one renewal. `force_refresh` renews even a
    /// valid token; `allow_expired` returns the expired token if it cannot be renewed for the moment.
    pub async fn access_token(
        &self,
        min_ttl_seconds: u32,
        force_refresh: bool,
        allow_expired: bool,
    ) -> Result<TokenText, SessionError> {
        let options = token_options(min_ttl_seconds, force_refresh, allow_expired);
        run(&self.manager, |manager| async move {
            manager.access_token(options).await.map(TokenText::from)
        })
        .await
    }

    /// An access token for a further audience: from memory, or obtained with the session's refresh token (network;
    /// persists). The request has `audience` at Auth0, `resource` (RFC 8707) elsewhere. The session's own access token
    /// stays. Callers for one audience share a request; several audiences are requested one after the other.
    pub async fn access_token_for(
        &self,
        audience: String,
        scopes: Vec<String>,
        min_ttl_seconds: u32,
        force_refresh: bool,
        allow_expired: bool,
    ) -> Result<TokenText, SessionError> {
        let audience = Audience::parse(audience, scopes)?;
        let options = token_options(min_ttl_seconds, force_refresh, allow_expired);
        run(&self.manager, |manager| async move {
            let token = manager.access_token_for(&audience, options).await;
            token.map(TokenText::from)
        })
        .await
    }

    /// An access token to replace `refused`, which the API at that origin did not accept: the token that another
    /// renewal brought in the meantime, or a renewed one (network; persists). With `audience` and `scopes`, a token as
    /// of `access_token_for`; otherwise the session's own. Nil if that API recently refused a fresh token.
    pub async fn replace_refused_token(
        &self,
        refused: String,
        api: String,
        audience: Option<String>,
        scopes: Vec<String>,
        min_ttl_seconds: u32,
    ) -> Result<Option<TokenText>, SessionError> {
        let refused = Secret::new(refused);
        let audience = audience.map(|name| Audience::parse(name, scopes)).transpose()?;
        let min_ttl = Duration::from_secs(min_ttl_seconds.into());
        run(&self.manager, |manager| async move {
            let token = manager
                .replace_refused_token(refused, &api, audience.as_ref(), min_ttl)
                .await?;
            Ok(token.map(TokenText::from))
        })
        .await
    }

    /// Notes whether that API also refused the token that `replace_refused_token` returned. Memory only.
    pub fn note_replaced_token(&self, api: String, is_refused: bool) {
        self.manager.note_replaced_token(api, is_refused);
    }

    /// Renews the access token for a subset of the granted scopes and with extra token parameters (RFC 6749 6).
    /// Network; persists. The token becomes the session's access token.
    pub async fn refresh(
        &self,
        scopes: Vec<String>,
        parameters: HashMap<String, String>,
    ) -> Result<TokenText, SessionError> {
        let options = RefreshOptions::parse(scopes, parameters)?;
        run(&self.manager, |manager| async move {
            manager.refresh(options).await.map(TokenText::from)
        })
        .await
    }

    /// Begins a sign-in and returns the URL to open in a browser (Authorization Code with PKCE, RFC 7636). Asks the
    /// issuer for its endpoints if they are not known yet; stores nothing. Replaces a sign-in that is already in
    /// progress.
    pub async fn begin_sign_in(&self, options: SignInOptions) -> Result<SignInRequest, SessionError> {
        run(
            &self.manager,
            |manager| async move { manager.begin_sign_in(options).await },
        )
        .await
    }

    /// Asks the issuer for a code with which the user signs in on another device (RFC 8628). Network; stores nothing.
    /// Replaces a sign-in that is already in progress.
    pub async fn begin_device_sign_in(
        &self,
        parameters: HashMap<String, String>,
    ) -> Result<DeviceSignInRequest, SessionError> {
        run(&self.manager, |manager| async move {
            manager.begin_device_sign_in(parameters).await
        })
        .await
    }

    /// Polls the issuer until the user has signed in on the other device or the code has expired. `attempt` is the
    /// number of the `DeviceSignInRequest`. Network; persists the session.
    pub async fn complete_device_sign_in(&self, attempt: u64) -> Result<SessionState, SessionError> {
        run(&self.manager, |manager| async move {
            manager.complete_device_sign_in(attempt).await
        })
        .await
    }

    /// Begins a sign-in in which the session's user authenticates as an API requires, and returns the URL to open.
    /// `complete_sign_in` ends it: the session continues with the new tokens and keeps everything else, or stays as it
    /// is. Asks the issuer for its endpoints if they are not known yet; stores nothing.
    pub async fn begin_step_up(&self, options: StepUpOptions) -> Result<SignInRequest, SessionError> {
        run(
            &self.manager,
            |manager| async move { manager.begin_step_up(options).await },
        )
        .await
    }

    /// Completes a sign-in with the URL that the browser was redirected to. Network; persists the session. A URL that
    /// does not belong to the sign-in in progress changes nothing.
    pub async fn complete_sign_in(&self, callback_url: String) -> Result<SessionState, SessionError> {
        run(&self.manager, |manager| async move {
            manager.complete_sign_in(&callback_url).await
        })
        .await
    }

    /// Signs out: always forgets the session on this device, then revokes the refresh token if the issuer supports it
    /// (network). Offline, the refresh token is kept for revocation only, at most 30 days, and sent later.
    pub async fn sign_out(&self) -> Result<SignOutOutcome, SessionError> {
        run(&self.manager, |manager| async move { Ok(manager.sign_out().await) }).await
    }

    /// The URL that ends the issuer's own session in the browser: `/v2/logout` at Auth0, otherwise the end-session
    /// endpoint. Asks the issuer for its endpoints if they are not known yet.
    pub async fn logout_url(&self, options: LogoutOptions) -> Result<String, SessionError> {
        run(
            &self.manager,
            |manager| async move { manager.logout_url(&options).await },
        )
        .await
    }
}

pub(super) fn token_options(min_ttl_seconds: u32, force_refresh: bool, allow_expired: bool) -> TokenOptions {
    TokenOptions {
        min_ttl: Duration::from_secs(min_ttl_seconds.into()),
        force_refresh,
        allow_expired,
    }
}
