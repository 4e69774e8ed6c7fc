//! The object that Swift holds. Every export is one line; what it does is in [`crate::session`].

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
/// Synchronous methods read memory only. Asynchronous ones may read or write the store and talk to the issuer;
/// cancelling the task that waits for one does not stop it, so that a renewal is never lost half way.
#[derive(Debug, uniffi::Object)]
pub struct CoreSession {
    pub(super) manager: SessionManager,
    /// They end with this handle.
    _observations: (Option<Observation>, Option<Box<dyn Observing>>),
    /// The same for what is measured.
    recording: Mutex<Option<Observation>>,
}

#[uniffi::export]
impl CoreSession {
    /// Checks the configuration and opens the store; reads nothing from it and sends nothing.
    ///
    /// `name` tells sessions of one app apart; `observer` receives every change of state and every event, in order,
    /// on a thread of Pilotlight's own; `log` gets a line for each step, without secrets.
    ///
    /// Opening the same session again (the same client at the same issuer, store and name) while it is open in this
    /// process gives another handle to it, so that both share one renewal: whatever else the configuration and the storage
    /// options say counts from now on for both, and a difference is logged as a warning; the first one's log goes on. A
    /// sign-in in progress ends with what it was begun with. Storage in memory is never shared.
    /// An observer hears nothing more when its handle is gone.
    ///
    /// A `read_only` session only looks: it gives the tokens that another process put into the store, and never renews,
    /// signs in or out, or writes. For extensions that live for moments.
    ///
    /// Throws `fixConfiguration` naming the field, also where this platform has no such store.
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

    /// The same with `network` for the requests to the issuer; `new` takes the core's own client with the system's proxies.
    /// Where the session is open already, the first one's stays. The core's client and one of the app's cannot be open at
    /// once: throws `fixConfiguration` naming `transport`. `proof_keys` makes and uses the keys that tokens are bound to;
    /// nil for keys in software, which Apple systems do not have here.
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

    /// The state as known in memory; nil until the first call that reads the store (`restore`) has ended.
    pub fn state(&self) -> Option<SessionState> {
        self.manager.state()
    }

    /// The access token, if one is in memory and good for at least `min_ttl_seconds`. No store, no network, no waiting.
    pub fn cached_access_token(&self, min_ttl_seconds: u32) -> Option<TokenText> {
        self.manager
            .with_cached_access_token(Duration::from_secs(min_ttl_seconds.into()), TokenText::of)
    }

    /// Until when the text that `cached_access_token` gives may be given again without asking; nil for not at all. Ask for it
    /// before the text, so that the text is never older.
    pub fn token_lease(&self) -> Option<TokenLease> {
        TokenLease::of(&self.manager)
    }

    /// Where the lease's epoch is, for `pilotlight_is_current`. It is there as long as this object.
    pub fn epoch_address(&self) -> u64 {
        token_lease::address_of(self.manager.epoch())
    }

    /// `cached_access_token` for a further audience, as asked for with `access_token_for` before; nil also for an
    /// audience that cannot be one.
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

    /// Whether a user is signed in with an access token that is good for at least `min_ttl_seconds` or can be renewed.
    /// Reads memory only: false until `restore` has ended.
    pub fn has_valid_session(&self, min_ttl_seconds: u32) -> bool {
        self.manager
            .has_valid_session(Duration::from_secs(min_ttl_seconds.into()))
    }

    /// Whether the session has a refresh token, so that it outlives its access token. Reads memory only.
    pub fn has_refresh_token(&self) -> bool {
        self.manager.has_refresh_token()
    }

    /// The scopes of the session's own access token; nil where they are not known or nobody is signed in. Reads memory only.
    pub fn granted_scopes(&self) -> Option<Vec<String>> {
        self.manager.granted_scopes()
    }

    /// When the user last authenticated (`auth_time`), where the issuer said so. Reads memory only.
    pub fn authenticated_at(&self) -> Option<Timestamp> {
        self.manager.authenticated_at()
    }

    /// The profile as last fetched; nil when none was. Reads memory only. It is copied: ask for its version before.
    pub fn cached_profile(&self) -> Option<Profile> {
        self.manager.cached_profile().map(Arc::unwrap_or_clone)
    }

    /// A number for the profile that `cached_profile` would give now: 0 when it would give none, and another number for
    /// each that takes its place. For a caller that keeps the profile and only asks whether it is still the one.
    pub fn cached_profile_version(&self) -> u64 {
        self.manager.cached_profile_version()
    }

    /// The changes of the metadata that wait for the network, the oldest first. Reads memory only.
    pub fn pending_metadata_updates(&self) -> Vec<PendingUpdate> {
        self.manager.pending_metadata_updates()
    }

    /// Gives up the sign-in in progress, if there is one; its callback will be answered with `signInCancelled`.
    pub fn cancel_sign_in(&self) {
        self.manager.cancel_sign_in();
    }

    /// Gives up the sign-in that this number of a `SignInRequest` names; one that has replaced it goes on.
    pub fn cancel_sign_in_attempt(&self, attempt: u64) {
        self.manager.cancel_sign_in_attempt(attempt);
    }

    /// Checks the URL that the browser came back with from the last `logout_url`: throws `fixArgument` when
    /// another sign-out, or none, led there. Reads memory only.
    pub fn complete_logout(&self, callback_url: String) -> Result<(), SessionError> {
        Ok(self.manager.complete_logout(&callback_url)?)
    }

    /// What has happened since the session was opened in this process. Reads memory only.
    pub fn counters(&self) -> SessionCounters {
        self.manager.counters()
    }

    /// Gives what is measured from now on to `sink`, and no more to one that was given before. It ends with this handle.
    pub fn record_measurements(&self, sink: Arc<dyn MetricsSink>) {
        let recording = record_measurements(&self.manager, sink);
        *self.recording.lock().unwrap_or_else(PoisonError::into_inner) = Some(recording);
    }

    /// Gives back the lock between processes, if a renewal holds it, and takes it no more until `allow_process_lock`. The
    /// renewal goes on; what would need the lock throws `retryLater`. For the moment before iOS suspends the process: it
    /// kills processes that are suspended with a lock in a shared folder.
    pub fn release_process_lock(&self) {
        self.manager.prepare_for_suspension();
    }

    /// The system was asked for time in the background and has not answered: what needs the lock between processes waits
    /// for `allow_process_lock` or `release_process_lock`, 10 seconds at most.
    pub fn postpone_process_lock(&self) {
        self.manager.await_background_time();
    }

    /// The process may take the lock between processes: it is not suspended before `release_process_lock`. So it is at
    /// first, for systems that suspend no processes.
    pub fn allow_process_lock(&self) {
        self.manager.resume();
    }
}

#[uniffi::export]
impl CoreSession {
    /// Reads the session from the store: at launch, and again where other processes use the store too or the device was
    /// locked before. Sends pending revocations of an earlier sign-out in the background; otherwise no network.
    /// Throws `checkStorage` when the store fails or holds what cannot be decoded (it is kept aside).
    pub async fn restore(&self) -> Result<SessionState, SessionError> {
        run(&self.manager, |manager| async move { manager.restore().await }).await
    }

    /// An access token that is good for at least `min_ttl_seconds`: from memory, or renewed with the refresh token
    /// (network; the new tokens are stored). Any number of callers share one renewal. `force_refresh` renews even a
    /// valid one; `allow_expired` gives the expired one where it cannot be renewed for the moment.
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

    /// An access token for a further audience: from memory, or got with the session's refresh token (network; persists).
    /// Auth0 is sent `audience`, other providers `resource` (RFC 8707). The session's own access token stays as it is.
    /// Callers for one audience share a request; several audiences are asked for one after the other.
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

    /// An access token in the place of `refused`, which the API of that origin did not accept: the one that another renewal
    /// brought in the meantime, or a renewed one (network; persists). With `audience` and `scopes` that of
    /// `access_token_for`, else the session's own. None where that API refused a fresh token a while ago.
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

    /// Whether that API refused the token that `replace_refused_token` gave, too. Memory only.
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

    /// Starts a sign-in and gives the URL to open in a browser (Authorization Code with PKCE, RFC 7636). Asks the
    /// issuer for its endpoints where they are not known yet; stores nothing. A sign-in already in progress is
    /// replaced.
    pub async fn begin_sign_in(&self, options: SignInOptions) -> Result<SignInRequest, SessionError> {
        run(
            &self.manager,
            |manager| async move { manager.begin_sign_in(options).await },
        )
        .await
    }

    /// Asks the issuer for a code with which the user signs in on another device (RFC 8628). Network; stores nothing. A sign-in
    /// already in progress is replaced.
    pub async fn begin_device_sign_in(
        &self,
        parameters: HashMap<String, String>,
    ) -> Result<DeviceSignInRequest, SessionError> {
        run(&self.manager, |manager| async move {
            manager.begin_device_sign_in(parameters).await
        })
        .await
    }

    /// Asks until the user has signed in there, or the code has expired; the request's number says which. Network; persists
    /// the session.
    pub async fn complete_device_sign_in(&self, attempt: u64) -> Result<SessionState, SessionError> {
        run(&self.manager, |manager| async move {
            manager.complete_device_sign_in(attempt).await
        })
        .await
    }

    /// Starts a sign-in in which the session's user authenticates as an API asks for, and gives the URL to open.
    /// `complete_sign_in` ends it: the session goes on with the tokens that come and keeps all else, or stays as it is. Asks the
    /// issuer for its endpoints where they are not known yet; stores nothing.
    pub async fn begin_step_up(&self, options: StepUpOptions) -> Result<SignInRequest, SessionError> {
        run(
            &self.manager,
            |manager| async move { manager.begin_step_up(options).await },
        )
        .await
    }

    /// Ends a sign-in with the URL that the browser was sent back to. Network; persists the session. A URL that does
    /// not belong to the sign-in in progress changes nothing.
    pub async fn complete_sign_in(&self, callback_url: String) -> Result<SessionState, SessionError> {
        run(&self.manager, |manager| async move {
            manager.complete_sign_in(&callback_url).await
        })
        .await
    }

    /// Signs out: forgets the session here, always, then revokes the refresh token at the issuer where it offers that
    /// (network). Offline the refresh token is kept for that alone, at most 30 days, and sent later.
    pub async fn sign_out(&self) -> Result<SignOutOutcome, SessionError> {
        run(&self.manager, |manager| async move { Ok(manager.sign_out().await) }).await
    }

    /// The URL that ends the issuer's own session in the browser: Auth0's `/v2/logout`, or the end-session endpoint. Asks
    /// the issuer for its endpoints where they are not known yet.
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
