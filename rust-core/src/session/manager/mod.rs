//! The handle that apps and the FFI use. Each method is one line that delegates to the part responsible for it.

mod user;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, UnboundedReceiver};

use super::dependencies::Dependencies;
use super::metering::{Measurement, SessionCounters};
use super::options::{DeviceSignInRequest, RefreshOptions, SignInOptions, SignInRequest, SignOutOutcome, TokenOptions};
use super::parts::Parts;
use crate::machine::error::Error;
use crate::machine::event::Report;
use crate::machine::{Lease, Tokens};
use crate::model::audience::Audience;
use crate::model::configuration::Configuration;
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::model::time::Timestamp;
use crate::ports::SecretStore;
use crate::protocol::logout::LogoutOptions;

/// One user's session at one issuer. Clones are handles to the same session.
#[derive(Clone, Debug)]
pub struct SessionManager {
    pub(super) parts: Arc<Parts>,
}

impl SessionManager {
    /// Creates a session under `name` without reading the store. No I/O.
    ///
    /// # Errors
    /// [`Error::Configuration`] for an empty name.
    pub fn new(configuration: Configuration, name: &str, dependencies: Dependencies) -> Result<Self, Error> {
        if name.is_empty() {
            return Err(Error::Configuration {
                field: "name",
                problem: "is empty".to_owned(),
            });
        }
        let parts = Parts::new(configuration, name, &dependencies);
        Ok(Self { parts })
    }

    /// Applies the configuration and the store of a later opening of this session, for every handle. The configuration
    /// names the same issuer and client; the store reaches the same items, perhaps with other options. The other
    /// dependencies stay. A browser sign-in in progress completes with the configuration that it began with. No I/O.
    pub fn configure(&self, configuration: Configuration, store: Arc<dyn SecretStore>) {
        self.parts.store.use_store(store);
        self.parts.context.configure(configuration);
    }

    /// Whether `configuration` is the current configuration. Memory only.
    pub fn is_configured_so(&self, configuration: &Configuration) -> bool {
        *self.parts.context.configuration() == *configuration
    }

    /// Releases the process lock if a renewal holds it. The renewal continues without it.
    pub fn release_process_lock(&self) {
        self.parts.store.release_process_lock();
    }

    /// Releases the process lock, and does not take it again until [`SessionManager::resume`]. For iOS, before it
    /// suspends the process: iOS kills a suspended process that holds a lock in a shared folder. Calls that need the
    /// lock fail with [`Error::NoBackgroundTime`], even if they are already waiting for it or pausing between two
    /// attempts.
    pub fn prepare_for_suspension(&self) {
        self.parts.store.suspend();
    }

    /// The system was asked for background time and has not answered yet. Calls that need the process lock wait for
    /// [`SessionManager::resume`] or [`SessionManager::prepare_for_suspension`], for at most 10 seconds.
    pub fn await_background_time(&self) {
        self.parts.store.await_background_time();
    }

    /// The process continues to run and may take the process lock. This is the initial state.
    pub fn resume(&self) {
        self.parts.resume();
    }

    /// Reads the session from the store: once, or on every call if other processes share the store. While the device is
    /// locked, every call tries again. Sends pending revocations of an earlier sign-out in the background; otherwise no
    /// network.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; the next call tries again. [`Error::Envelope`] when the stored session
    /// cannot be decoded: it is kept aside under another name, the error is reported once, and the session counts as
    /// signed out. An item of a newer release stays in place until a sign-in replaces it (it is then kept aside); the
    /// error is reported at each launch.
    pub async fn restore(&self) -> Result<SessionState, Error> {
        self.parts.restore().await
    }

    /// Merges another process's changes after that process has announced them, if the store is shared and has been read
    /// before. If the store cannot be read now, the next call reads it.
    pub async fn look_again(&self) {
        // While the device is locked, nothing can be read; the first call after the unlock reads it.
        if !matches!(self.state(), None | Some(SessionState::Locked)) {
            // The next call gets the same error and can report it to its caller.
            let _ = self.parts.store.merge_if_shared().await;
        }
    }

    /// The state; `None` until the store has been read. Memory only.
    pub fn state(&self) -> Option<SessionState> {
        self.parts.context.state()
    }

    /// Every change of state and every event from now on, in order, beginning with the current state if it is known.
    /// The stream ends with the session.
    pub fn subscribe(&self) -> UnboundedReceiver<Report> {
        self.parts.context.subscribe()
    }

    /// Counts of what has happened since the session was opened in this process. Memory only.
    pub fn counters(&self) -> SessionCounters {
        self.parts.context.metering().counters()
    }

    /// Every measurement from now on. Each arrives when the measured operation ends. If the receiver does not read, it
    /// loses the measurements after the first 256; it never delays the session.
    pub fn subscribe_to_measurements(&self) -> Receiver<Measurement> {
        self.parts.context.metering().subscribe()
    }

    /// Whether a user is signed in, with an access token good for `min_ttl` or a refresh token to renew it. Memory
    /// only.
    pub fn has_valid_session(&self, min_ttl: Duration) -> bool {
        self.parts.context.is_usable(min_ttl)
    }

    /// Whether the session has a refresh token. Without one, the user has to sign in again when the access token
    /// expires. If a sign-in asked for a refresh token and got none,
    /// [`crate::machine::event::SessionEvent::RefreshTokenMissing`] reports it. False if no user is signed in. Memory
    /// only.
    pub fn has_refresh_token(&self) -> bool {
        self.parts.context.read(|machine| Tokens::of(machine).is_renewable())
    }

    /// The scopes of the session's own access token: those that the issuer returned or, if it returned none, those that
    /// were requested (RFC 6749 5.1). After a [`SessionManager::refresh`] for fewer scopes, these are the fewer scopes
    /// until the next other renewal. `None` if no user is signed in, and for an imported session whose library did not
    /// store them. Memory only.
    pub fn granted_scopes(&self) -> Option<Vec<String>> {
        self.parts.context.read(|machine| Tokens::of(machine).granted_scopes())
    }

    /// When the user last authenticated at the issuer, according to the ID token of the sign-in (`auth_time`, OpenID
    /// Connect Core 2). `None` if the issuer does not include it; with `max_age` in the request it must. Memory only.
    pub fn authenticated_at(&self) -> Option<Timestamp> {
        self.parts
            .context
            .read(|machine| Tokens::of(machine).authenticated_at())
    }
}

/// Sign-in and sign-out.
impl SessionManager {
    /// Starts a sign-in and returns the URL to open. Fetches the issuer's endpoints if they are not known; stores
    /// nothing. A sign-in already in progress is replaced, and its callback will be refused.
    ///
    /// # Errors
    /// [`Error::Argument`] for parameters that Pilotlight sets itself; the errors of discovery.
    pub async fn begin_sign_in(&self, options: SignInOptions) -> Result<SignInRequest, Error> {
        self.parts.browser_sign_in.begin(options).await
    }

    /// Asks the issuer for a code with which the user signs in on another device (RFC 8628). `parameters` are added to
    /// the request. Network; stores nothing. A sign-in already in progress is replaced.
    ///
    /// # Errors
    /// [`Error::ServerConfiguration`] naming `issuer` if the issuer has no device authorization endpoint, and
    /// `client_id` if the client may not use this grant; [`Error::Argument`] for parameters that Pilotlight sets
    /// itself.
    pub async fn begin_device_sign_in(
        &self,
        parameters: HashMap<String, String>,
    ) -> Result<DeviceSignInRequest, Error> {
        self.parts.sign_in_on_another_device.begin(parameters).await
    }

    /// Polls the issuer at the interval that it asks for until the user has signed in there, then checks and stores the
    /// session. A lost connection does not end the polling. [`SessionManager::cancel_sign_in_attempt`] ends it before
    /// the next request.
    ///
    /// # Errors
    /// [`Error::SignIn`] with `access_denied` if the user refused and `expired_token` if the code expired;
    /// [`Error::SignInCancelled`]; otherwise the errors of [`SessionManager::complete_sign_in`].
    pub async fn complete_device_sign_in(&self, attempt: u64) -> Result<SessionState, Error> {
        self.parts.sign_in_on_another_device.complete(attempt).await
    }

    /// Completes a sign-in with the callback URL: checks it, exchanges the code, validates the ID token, stores the
    /// session and publishes it.
    ///
    /// # Errors
    /// [`Error::Argument`] or [`Error::SignIn`] (`state_mismatch`) for a URL that does not belong to the sign-in in
    /// progress, which then continues. [`Error::SignIn`] when the issuer or the user refused, [`Error::IdToken`] when
    /// the ID token is not valid: the attempt is over. A transient failure leaves the attempt as it is: call again with
    /// the same URL. [`Error::Store`] when the session could not be written: the user is signed in all the same, and
    /// the next call writes the session.
    pub async fn complete_sign_in(&self, callback_url: &str) -> Result<SessionState, Error> {
        self.parts.browser_sign_in.complete(callback_url).await
    }

    /// Makes two sessions in one process known to each other: they have the same redirect URI but different issuers.
    /// From then on, a sign-in logs a warning if its issuer does not name itself in callbacks. Memory only.
    pub fn meet(&self, other: &Self) {
        self.parts.browser_sign_in.meet(&other.parts.browser_sign_in);
    }

    /// The redirect URI and the issuer of this session: see [`SessionManager::meet`]. Memory only.
    pub fn redirect_uri_and_issuer(&self) -> (String, String) {
        let configuration = self.parts.context.configuration();
        let issuer = configuration.issuer.as_url();
        (
            configuration.redirect_url.as_str().to_owned(),
            issuer.as_str().to_owned(),
        )
    }

    /// Cancels the sign-in in progress, if there is one.
    pub fn cancel_sign_in(&self) {
        self.parts.pending_sign_in.cancel(|_| true);
    }

    /// Ends a sign-in that has waited too long for its user (in the browser 15 minutes), and discards the ID token that
    /// was kept for the browser's sign-out. Memory only. Called at the beginning of each call, because the process may
    /// have been suspended since.
    pub fn expire_sign_in(&self) {
        self.parts.expire();
    }

    /// Cancels the sign-in with this [`SignInRequest::attempt`]. A sign-in that has replaced it continues.
    pub fn cancel_sign_in_attempt(&self, attempt: u64) {
        self.parts.pending_sign_in.cancel(|current| current == attempt);
    }

    /// Removes the session from memory and from the store, cancels a sign-in in progress, then asks the issuer to
    /// revoke the refresh token and the device secret (at most 10 seconds). The local sign-out never fails: if an item
    /// cannot be deleted now, it is deleted at the next opportunity, and the session counts as signed out meanwhile. If
    /// a refresh token cannot be revoked now, it is kept for the revocation alone, for at most 30 days. The revocation
    /// is sent again at the next [`SessionManager::restore`] or sign-in.
    pub async fn sign_out(&self) -> SignOutOutcome {
        self.parts.sign_out.sign_out().await
    }

    /// The URL that ends the issuer's session in the browser, to be opened after [`SessionManager::sign_out`]:
    /// otherwise the next sign-in may not ask the user for anything. Fetches the issuer's endpoints if they are not
    /// known (network); stores nothing. With `sends_id_token_hint`, the URL contains the ID token of the session or,
    /// for 15 minutes after its sign-out, the ID token of the session that ended last.
    ///
    /// # Errors
    /// As [`crate::protocol::logout::logout`], and [`Error::Transport`] and similar errors when the endpoints are not
    /// known and cannot be fetched.
    pub async fn logout_url(&self, options: &LogoutOptions) -> Result<String, Error> {
        self.parts.browser_sign_out.url(options).await
    }

    /// Checks the URL with which the browser returned from the last [`SessionManager::logout_url`]. Memory only.
    ///
    /// # Errors
    /// As [`crate::protocol::logout::read_return`], and [`Error::Argument`] when there is no sign-out to complete. A
    /// sign-out in progress continues after an error: anybody can send an app a URL.
    pub fn complete_logout(&self, returned: &str) -> Result<(), Error> {
        self.parts.browser_sign_out.complete(returned)
    }
}

/// Access tokens.
impl SessionManager {
    /// Calls `use_token` with the access token in memory, if it is good for at least `min_ttl`. Memory only, O(1); the
    /// token is not copied. Returns `None` also while new tokens have not been stored yet;
    /// [`SessionManager::access_token`] stores them.
    pub fn with_cached_access_token<T>(&self, min_ttl: Duration, use_token: impl FnOnce(&str) -> T) -> Option<T> {
        self.parts
            .access_tokens
            .cached(None, min_ttl)
            .map(|token| use_token(token.expose()))
    }

    /// [`SessionManager::with_cached_access_token`] for another audience. Memory only.
    pub fn with_cached_access_token_for<T>(
        &self,
        audience: &Audience,
        min_ttl: Duration,
        use_token: impl FnOnce(&str) -> T,
    ) -> Option<T> {
        self.parts
            .access_tokens
            .cached(Some(audience), min_ttl)
            .map(|token| use_token(token.expose()))
    }

    /// How long a caller may use its copy of the token that [`SessionManager::with_cached_access_token`] would use now.
    /// The lease holds only while [`SessionManager::epoch`] has the returned value. `None` if there is no token, or if
    /// its age is unknown because of the device's clocks. Memory only, O(1).
    pub fn access_token_lease(&self) -> Option<(u64, Lease)> {
        self.parts.access_tokens.lease()
    }

    /// A number that changes whenever the session may have changed, and never repeats. A caller that has seen such a
    /// change also sees the new number.
    pub fn epoch(&self) -> &AtomicU64 {
        self.parts.memory.epoch()
    }

    /// An access token good for at least `min_ttl`: from memory, or renewed (network; persists). Concurrent callers
    /// share one renewal, which continues even if all of them go away. If other processes share the store, it is read
    /// again before a renewal.
    ///
    /// # Errors
    /// [`Error::NoSession`], [`Error::Reauthenticate`]; a locked or failing store; [`Error::Argument`] when the
    /// issuer's tokens never live as long as `min_ttl`; [`Error::Busy`] and [`Error::ReadOnly`] if the store is shared;
    /// the errors of [`crate::protocol::token::read_with`] for the issuer's answer. [`Error::Store`] also when the
    /// renewed tokens could not be written: they are usable, and the next call writes them.
    pub async fn access_token(&self, options: TokenOptions) -> Result<Secret, Error> {
        self.parts.access_tokens.get(None, options).await
    }

    /// An access token for `audience`, good for at least `min_ttl`: from memory, or obtained with the session's refresh
    /// token (network; persists). Auth0 is sent `audience` ("Multi-Resource Refresh Token"), any other provider
    /// `resource` (RFC 8707); there, the sign-in has to request it through the configuration's `resources`. The
    /// session's own access token and scopes stay as they are. A valid token comes from memory, whatever else is being
    /// renewed. Callers for one audience share a renewal; renewals for different audiences take turns, because each may
    /// rotate the refresh token. The configured audience without scopes means the session's own token.
    ///
    /// The 20 most recently obtained tokens are kept with the session and removed with it.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`]. [`Error::ServerConfiguration`] naming `audience` when the issuer refuses or
    /// ignores the audience; this never ends the session. If it is sent as `resource`: [`Error::Argument`] for an
    /// audience that is not an absolute URI, [`Error::Configuration`] for one that the configuration's `resources` do
    /// not name, and [`Error::InteractionRequired`] for one that was added to them after the sign-in. In these cases no
    /// request is sent.
    pub async fn access_token_for(&self, audience: &Audience, options: TokenOptions) -> Result<Secret, Error> {
        self.parts.access_tokens.get(Some(audience), options).await
    }

    /// An access token to replace `refused`, which an API did not accept: the token that another renewal has brought in
    /// the meantime, or a renewed one (network; persists). `audience` is that of [`SessionManager::access_token_for`];
    /// `None` means the session's own token. Concurrent callers with the same refused token share one renewal.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`] and [`SessionManager::access_token_for`].
    pub async fn access_token_other_than(
        &self,
        refused: Secret,
        audience: Option<&Audience>,
        min_ttl: Duration,
    ) -> Result<Secret, Error> {
        self.parts
            .access_tokens
            .get_other_than(refused, audience, min_ttl)
            .await
    }

    /// [`SessionManager::access_token_other_than`] for a request that went to `api`, the API's origin. `None` if that
    /// API refused a fresh token a while ago: its answer is then final. Report the outcome of the new token with
    /// [`SessionManager::note_replaced_token`].
    ///
    /// # Errors
    /// As [`SessionManager::access_token_other_than`].
    pub async fn replace_refused_token(
        &self,
        refused: Secret,
        api: &str,
        audience: Option<&Audience>,
        min_ttl: Duration,
    ) -> Result<Option<Secret>, Error> {
        self.parts
            .access_tokens
            .replace_refused(refused, api, audience, min_ttl)
            .await
    }

    /// Reports whether `api` also refused the token from [`SessionManager::replace_refused_token`]. If it did, no token
    /// is renewed for this API for 30 s, then for twice as long each time, up to 16 minutes. Memory only.
    pub fn note_replaced_token(&self, api: String, is_refused: bool) {
        self.parts.access_tokens.note_replaced(api, is_refused);
    }

    /// Renews now, for the given scopes and with the given parameters (network; persists). The token becomes the
    /// session's.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`].
    pub async fn refresh(&self, options: RefreshOptions) -> Result<Secret, Error> {
        self.parts.access_tokens.refresh(options).await
    }
}
