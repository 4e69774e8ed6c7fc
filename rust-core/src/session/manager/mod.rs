//! The handle that apps and the FFI use. Every call is one line: it names the part that does it.

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
    /// A session under `name`, not yet read from the store. No I/O.
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

    /// What another opening of the session asks for counts from now on, for every handle: its configuration, which is of the same
    /// issuer and client, and its way to the same items, with other options. The rest of the dependencies stays. A sign-in
    /// in progress ends with what it was begun with. No I/O.
    pub fn configure(&self, configuration: Configuration, store: Arc<dyn SecretStore>) {
        self.parts.store.use_store(store);
        self.parts.context.configure(configuration);
    }

    /// Whether that is the configuration that counts. Memory only.
    pub fn is_configured_so(&self, configuration: &Configuration) -> bool {
        *self.parts.context.configuration() == *configuration
    }

    /// Gives back the lock between processes, if a renewal holds it; the renewal goes on without.
    pub fn release_process_lock(&self) {
        self.parts.store.release_process_lock();
    }

    /// The same, and takes it no more until [`SessionManager::resume`]: for iOS, which is about to suspend the process
    /// and kills those that hold a lock in a shared folder then. What would need it ends with
    /// [`Error::NoBackgroundTime`], also when it waits for its turn or between two attempts.
    pub fn prepare_for_suspension(&self) {
        self.parts.store.suspend();
    }

    /// The system was asked to let the process run, and has not answered: what needs the lock between processes waits for
    /// [`SessionManager::resume`] or [`SessionManager::prepare_for_suspension`], 10 seconds at most.
    pub fn await_background_time(&self) {
        self.parts.store.await_background_time();
    }

    /// The process runs on: it may take the lock between processes. So it is at first.
    pub fn resume(&self) {
        self.parts.resume();
    }

    /// Reads the session from the store: once, or where other processes use it too, each time. While the device is
    /// locked, every call tries again. Pending revocations of an earlier sign-out are sent now, in the
    /// background; otherwise no network.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails; the next call tries again. [`Error::Envelope`] when what is stored cannot
    /// be decoded: it is kept aside under another name, this is reported once, and the session counts as signed out. What
    /// a newer release wrote stays in place until a sign-in replaces it (it is then kept aside), and is reported at each
    /// launch.
    pub async fn restore(&self) -> Result<SessionState, Error> {
        self.parts.restore().await
    }

    /// Takes over what another process has made of the session, if the store is shared and was read before: after the
    /// other one has said that it changed something. What cannot be read now is read by the next call.
    pub async fn look_again(&self) {
        // A device that is locked is looked at after the unlock.
        if !matches!(self.state(), None | Some(SessionState::Locked)) {
            // The next call meets the error again, and has somebody to tell.
            let _ = self.parts.store.merge_if_shared().await;
        }
    }

    /// The state; `None` until the store was read. Memory only.
    pub fn state(&self) -> Option<SessionState> {
        self.parts.context.state()
    }

    /// Every change of state and every event from now on, in order, beginning with the current state where it is known.
    /// Ends with the session.
    pub fn subscribe(&self) -> UnboundedReceiver<Report> {
        self.parts.context.subscribe()
    }

    /// What has happened since the session was opened in this process. Memory only.
    pub fn counters(&self) -> SessionCounters {
        self.parts.context.metering().counters()
    }

    /// Everything that is measured from now on: when it has ended, in the order of the ends. A receiver that takes nothing
    /// loses what comes after the first 256, and delays nothing.
    pub fn subscribe_to_measurements(&self) -> Receiver<Measurement> {
        self.parts.context.metering().subscribe()
    }

    /// Whether a user is signed in, with an access token good for `min_ttl` or a refresh token to renew it. Memory
    /// only.
    pub fn has_valid_session(&self, min_ttl: Duration) -> bool {
        self.parts.context.is_usable(min_ttl)
    }

    /// Whether the session has a refresh token. Without one the user has to sign in again when the access token expires; a
    /// sign-in that asked for one and got none says so by [`crate::machine::event::SessionEvent::RefreshTokenMissing`].
    /// False where nobody is signed in. Memory only.
    pub fn has_refresh_token(&self) -> bool {
        self.parts.context.read(|machine| Tokens::of(machine).is_renewable())
    }

    /// The scopes of the session's own access token: those that the issuer named or, where it named none, those that were
    /// asked for (RFC 6749 5.1). After [`SessionManager::refresh`] for some of them these, until the next other renewal.
    /// `None` where nobody is signed in, and for an imported session whose library did not store them. Memory only.
    pub fn granted_scopes(&self) -> Option<Vec<String>> {
        self.parts.context.read(|machine| Tokens::of(machine).granted_scopes())
    }

    /// When the user last authenticated at the issuer, by the ID token of the sign-in (`auth_time`, OpenID Connect Core 2);
    /// `None` where the issuer does not say. It must where `max_age` was asked for. Memory only.
    pub fn authenticated_at(&self) -> Option<Timestamp> {
        self.parts
            .context
            .read(|machine| Tokens::of(machine).authenticated_at())
    }
}

/// Signing in and out.
impl SessionManager {
    /// Starts a sign-in and gives the URL to open. Fetches the issuer's endpoints where they are not known; stores
    /// nothing. A sign-in already in progress is replaced: its callback will be refused.
    ///
    /// # Errors
    /// [`Error::Argument`] for parameters that Pilotlight sets itself; what the discovery says.
    pub async fn begin_sign_in(&self, options: SignInOptions) -> Result<SignInRequest, Error> {
        self.parts.browser_sign_in.begin(options).await
    }

    /// Asks the issuer for a code with which the user signs in on another device (RFC 8628). `parameters` go along with the
    /// request. Network; stores nothing. A sign-in already in progress is replaced.
    ///
    /// # Errors
    /// [`Error::ServerConfiguration`] naming `issuer` where the issuer has no such endpoint, and `client_id` where the client
    /// may not use this grant; [`Error::Argument`] for parameters that Pilotlight sets itself.
    pub async fn begin_device_sign_in(
        &self,
        parameters: HashMap<String, String>,
    ) -> Result<DeviceSignInRequest, Error> {
        self.parts.sign_in_on_another_device.begin(parameters).await
    }

    /// Asks the issuer, as often as it wants, until the user has signed in there; checks and stores the session. A connection that
    /// is lost ends nothing. [`SessionManager::cancel_sign_in_attempt`] does, before the next request.
    ///
    /// # Errors
    /// [`Error::SignIn`] with `access_denied` where the user said no and `expired_token` where the code expired;
    /// [`Error::SignInCancelled`]; else as [`SessionManager::complete_sign_in`].
    pub async fn complete_device_sign_in(&self, attempt: u64) -> Result<SessionState, Error> {
        self.parts.sign_in_on_another_device.complete(attempt).await
    }

    /// Ends a sign-in with the URL the browser was sent back to: checks it, exchanges the code, validates the ID token,
    /// stores the session and publishes it.
    ///
    /// # Errors
    /// [`Error::Argument`] or [`Error::SignIn`] (`state_mismatch`) for a URL that does not belong to the sign-in in
    /// progress, which then goes on. [`Error::SignIn`] when the issuer or the user said no, [`Error::IdToken`] when the
    /// token is not to be believed: the attempt is over. A transient failure leaves the attempt as it is: call again with
    /// the same URL. [`Error::Store`] when the session could not be written: it is signed in all the same, and the next
    /// call writes it.
    pub async fn complete_sign_in(&self, callback_url: &str) -> Result<SessionState, Error> {
        self.parts.browser_sign_in.complete(callback_url).await
    }

    /// Tells both of two sessions in one process, with one redirect URI at two issuers, that the other one is there. From then
    /// on a sign-in at an issuer that names itself in no callback is warned of. Memory only.
    pub fn meet(&self, other: &Self) {
        self.parts.browser_sign_in.meet(&other.parts.browser_sign_in);
    }

    /// Where callbacks go, and whose they are: see [`SessionManager::meet`]. Memory only.
    pub fn redirect_uri_and_issuer(&self) -> (String, String) {
        let configuration = self.parts.context.configuration();
        let issuer = configuration.issuer.as_url();
        (
            configuration.redirect_url.as_str().to_owned(),
            issuer.as_str().to_owned(),
        )
    }

    /// Gives up the sign-in in progress, if there is one.
    pub fn cancel_sign_in(&self) {
        self.parts.pending_sign_in.cancel(|_| true);
    }

    /// Ends a sign-in that was begun more than 15 minutes ago, and forgets the ID token that was kept for signing the
    /// browser out. Memory only; for the beginning of each call, because the
    /// process may have been suspended since.
    pub fn expire_sign_in(&self) {
        self.parts.expire();
    }

    /// Gives up the sign-in that [`SignInRequest::attempt`] names; another one that has replaced it goes on.
    pub fn cancel_sign_in_attempt(&self, attempt: u64) {
        self.parts.pending_sign_in.cancel(|current| current == attempt);
    }

    /// Forgets the session in memory and in the store, cancels a sign-in in progress, then asks the issuer to revoke
    /// the refresh token and the device secret (at most 10 seconds). Never fails here: an item that cannot be deleted now is deleted at the
    /// next chance, and the session counts as signed out meanwhile. A refresh token that cannot be revoked now is kept
    /// for that alone, for at most 30 days, and sent again at the next [`SessionManager::restore`] or sign-in.
    pub async fn sign_out(&self) -> SignOutOutcome {
        self.parts.sign_out.sign_out().await
    }

    /// The URL that ends the issuer's own session in the browser, for after [`SessionManager::sign_out`]: otherwise the
    /// next sign-in may ask the user nothing. Asks the issuer for its endpoints where they are not known yet (network);
    /// stores nothing. With `sends_id_token_hint` it holds the ID token of the session or, for 15 minutes after its
    /// sign-out, of the one that ended last.
    ///
    /// # Errors
    /// As [`crate::protocol::logout::logout`], and [`Error::Transport`] and its like when the endpoints are not known
    /// and cannot be fetched.
    pub async fn logout_url(&self, options: &LogoutOptions) -> Result<String, Error> {
        self.parts.browser_sign_out.url(options).await
    }

    /// Checks the URL that the browser came back with from the last [`SessionManager::logout_url`]. Memory only.
    ///
    /// # Errors
    /// As [`crate::protocol::logout::read_return`], and [`Error::Argument`] when there is none to complete. The sign-out
    /// then goes on: anybody can send an app a URL.
    pub fn complete_logout(&self, returned: &str) -> Result<(), Error> {
        self.parts.browser_sign_out.complete(returned)
    }
}

/// Access tokens.
impl SessionManager {
    /// Calls `use_token` with the access token in memory, if it is good for at least `min_ttl`. Memory only, O(1), and
    /// no copy is made but the caller's own. `None` also while new tokens wait to be written: then
    /// [`SessionManager::access_token`] writes them.
    pub fn with_cached_access_token<T>(&self, min_ttl: Duration, use_token: impl FnOnce(&str) -> T) -> Option<T> {
        self.parts
            .access_tokens
            .cached(None, min_ttl)
            .map(|token| use_token(token.expose()))
    }

    /// [`SessionManager::with_cached_access_token`] for a further audience. Memory only.
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

    /// How long a copy of the token that [`SessionManager::with_cached_access_token`] would use now may be used, while
    /// [`SessionManager::epoch`] is this one. `None` when there is none, and where the device's clocks do not say how old it
    /// is. Memory only, O(1).
    pub fn access_token_lease(&self) -> Option<(u64, Lease)> {
        self.parts.access_tokens.lease()
    }

    /// A number that is another one after everything that may have changed the session; it never comes again. A caller that has
    /// seen such a change also sees its number.
    pub fn epoch(&self) -> &AtomicU64 {
        self.parts.memory.epoch()
    }

    /// An access token good for at least `min_ttl`: from memory, or renewed (network; persists). However many ask, one
    /// renewal is sent, and it goes on when its callers go away. Where other processes use the store, it is read again
    /// before a renewal.
    ///
    /// # Errors
    /// [`Error::NoSession`], [`Error::Reauthenticate`]; a locked or failing store; [`Error::Argument`] when the
    /// issuer's tokens do not live `min_ttl` at all; [`Error::Busy`] and [`Error::ReadOnly`] where the store is shared;
    /// what [`crate::protocol::token::read_with`] says of the issuer's answer. [`Error::Store`] also when the renewed tokens
    /// could not be written: they are usable, and the next call writes them.
    pub async fn access_token(&self, options: TokenOptions) -> Result<Secret, Error> {
        self.parts.access_tokens.get(None, options).await
    }

    /// An access token for `audience`, good for at least `min_ttl`: from memory, or got with the session's refresh token
    /// (network; persists). Auth0 is sent `audience` ("Multi-Resource Refresh Token"), any other provider `resource`
    /// (RFC 8707); there the sign-in has to name it, by the configuration's `resources`. The session's own access token
    /// and scope stay as they are. A good token costs memory only, whatever else is being renewed; callers for one
    /// audience share a renewal, those for several take turns, because each may rotate the refresh token. The configured
    /// audience without scopes is the session's own token.
    ///
    /// The 20 tokens got last are kept with the session, and go with it.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`]; [`Error::ServerConfiguration`] naming `audience` when the issuer refuses the
    /// audience or ignores it, which never ends the session; where it is sent as `resource`, [`Error::Argument`] for an
    /// audience that is no absolute URI, [`Error::Configuration`] for one that the configuration's `resources` do not name,
    /// and [`Error::InteractionRequired`] for one that they name since after the sign-in: then no token is
    /// asked for.
    pub async fn access_token_for(&self, audience: &Audience, options: TokenOptions) -> Result<Secret, Error> {
        self.parts.access_tokens.get(Some(audience), options).await
    }

    /// An access token in the place of `refused`, which an API did not accept: the one that another renewal brought in
    /// the meantime, or a renewed one (network; persists). `audience` is that of [`SessionManager::access_token_for`];
    /// `None` means the session's own token. However many callers bring the same refused token, one renewal is sent.
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

    /// The same for a request that went to `api`, the API's origin; `None` where that refused a fresh token a while ago: then
    /// its answer is to be believed. Say with [`SessionManager::note_replaced_token`] what became of the token.
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

    /// Says whether `api` refused the token that [`SessionManager::replace_refused_token`] gave, too. If it did, no token is
    /// renewed for it for 30 s, then for twice as long each time, up to 16 minutes. Memory only.
    pub fn note_replaced_token(&self, api: String, is_refused: bool) {
        self.parts.access_tokens.note_replaced(api, is_refused);
    }

    /// Renews now, for the scopes and with the parameters given (network; persists). The token becomes the session's.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`].
    pub async fn refresh(&self, options: RefreshOptions) -> Result<Secret, Error> {
        self.parts.access_tokens.refresh(options).await
    }
}
