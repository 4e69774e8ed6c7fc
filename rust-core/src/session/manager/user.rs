//! What the session does for its user besides tokens: profile and metadata, the import of an old session, and the
//! legacy endpoints of older Auth0 tenants.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use super::super::legacy::DelegationOptions;
use super::super::migration::{ImportOutcome, ImportSource};
use super::super::options::{FlushReport, SignInRequest, StepUpOptions, TokenOptions, UpdateOutcome};
use super::super::sign_in::{ExternalToken, PasswordSignIn};
use super::super::tokens::{DeviceSso, MfaAnswer, MfaOutcome, MfaPrompt, SessionTransfer};
use super::SessionManager;
use crate::machine::error::Error;
use crate::model::pending_update::PendingUpdate;
use crate::model::profile::Profile;
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::protocol::exchanged_token::TokenExchange;
use crate::protocol::mfa::MfaAuthenticator;

/// Profile, metadata and import.
impl SessionManager {
    /// The thumbprint of the key that the session's own access token is bound to (DPoP, RFC 9449), and whether the key
    /// is in hardware; `None` if the token is not bound. Memory only.
    pub fn bound_key(&self) -> Option<(String, bool)> {
        self.parts.memory.bound_key()
    }

    /// Whether this access token is bound to a key. Memory only.
    pub fn is_bound(&self, token: &Secret) -> bool {
        self.parts.memory.binding(token).is_some()
    }

    /// A DPoP proof for one request with this access token; `None` if the token is not bound. No network.
    ///
    /// # Errors
    /// [`Error::ProofKeyLost`] if this device can no longer use the key; [`Error::ProofKey`].
    pub async fn proof(&self, method: &str, url: &Url, token: &Secret) -> Result<Option<String>, Error> {
        self.parts.memory.proof(method, url, token).await
    }

    /// The next proof for the origin of `url` contains this nonce. Memory only.
    pub fn keep_proof_nonce(&self, url: &Url, nonce: &str) {
        self.parts.memory.keep_nonce(url, nonce);
    }

    /// The profile as last fetched. Memory only, O(1), without a copy.
    pub fn cached_profile(&self) -> Option<Arc<Profile>> {
        self.parts.context.profile()
    }

    /// The version of the profile that [`SessionManager::cached_profile`] returns: 0 if there is none, and a new number
    /// whenever the profile is replaced. Memory only, O(1).
    pub fn cached_profile_version(&self) -> u64 {
        self.parts.context.profile_version()
    }

    /// The user's profile: as last fetched or, with `refresh` or if none has been fetched yet, from the userinfo
    /// endpoint (network; persists). Concurrent callers share one request, which continues even if all of them go away.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`] and [`crate::protocol::userinfo::read`]; [`Error::UnexpectedAnswer`] for a
    /// profile of another user (OpenID Connect Core 5.3.2), which is not kept.
    pub async fn profile(&self, refresh: bool) -> Result<Profile, Error> {
        self.parts.profile.get(refresh).await
    }

    /// The profile as last fetched, if it is younger than `max_age` by the device's clock; otherwise as
    /// [`SessionManager::profile`] with `refresh`. A fetch time in the future counts as old. With `allow_stale`,
    /// returns the old profile if a new one is temporarily unavailable.
    ///
    /// # Errors
    /// As [`SessionManager::profile`].
    pub async fn profile_within(&self, max_age: Duration, allow_stale: bool) -> Result<Profile, Error> {
        self.parts.profile.get_within(max_age, allow_stale).await
    }

    /// The user object at Auth0: only `fields` (with `include`), all other fields, or everything if none is named.
    /// Network.
    ///
    /// The access token is chosen automatically. It is the session's own token if that is for the Management API;
    /// otherwise a token for `https://{domain}/api/v2/`, obtained with the refresh token and kept like that of any
    /// other audience ([`SessionManager::access_token_for`]); or the ID token, if the configuration says that the
    /// tenant is that old.
    ///
    /// # Errors
    /// As [`SessionManager::access_token_for`] and [`crate::protocol::users::read`]; [`Error::Configuration`] for a
    /// provider other than Auth0.
    pub async fn fetch_user(&self, fields: &[String], include: bool) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.fetch_user(fields, include).await
    }

    /// The user's metadata: all of it, or the given keys. Network.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`].
    pub async fn fetch_metadata(&self, keys: &[String]) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.fetch(keys, true).await
    }

    /// As [`SessionManager::fetch_metadata`], or with `include` false all metadata except the given keys.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`].
    pub async fn fetch_metadata_by(&self, keys: &[String], include: bool) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.fetch(keys, include).await
    }

    /// Changes the user's metadata and returns the result. Network. The patch is merged at the first level: nested
    /// objects are replaced, `null` deletes a key, an empty object deletes everything.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`]; [`Error::Argument`] for a key that the server would refuse.
    pub async fn update_metadata(&self, patch: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.update(patch).await
    }

    /// Replaces all metadata with `metadata`, and returns the result. Network: one request that reads and one that
    /// writes, or only the latter if `metadata` is empty. A key that somebody else adds between the two stays.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`].
    pub async fn replace_metadata(&self, metadata: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.replace(metadata).await
    }

    /// Deletes keys of the first level, and returns the remaining metadata. Network. Without keys, nothing is deleted.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`].
    pub async fn remove_metadata(&self, keys: &[String]) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.remove(keys).await
    }

    /// Merges `changes` at every level (RFC 7396), and returns the result. Network: reads, then writes the first-level
    /// keys that `changes` names. Changes that somebody else makes inside those keys between the two requests are lost.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`].
    pub async fn merge_metadata(&self, changes: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.merge(changes).await
    }

    /// Changes the metadata as [`SessionManager::update_metadata`] does, or queues the change if the network or the
    /// server has a transient failure (persists). Queued changes are sent in order, before any other metadata call: at
    /// the next launch, at the next renewal or fetched profile, or by [`SessionManager::flush_metadata_updates`]. A
    /// sign-out discards them. They stay if the same user signs in again without a sign-out.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`] except for transient failures; after an error nothing is queued.
    /// [`Error::Argument`] also when 100 changes or 64 KiB are queued; [`Error::Store`] when the queued change could
    /// not be written.
    pub async fn update_metadata_or_queue(&self, patch: Map<String, Value>) -> Result<UpdateOutcome, Error> {
        self.parts.metadata.update_or_queue(patch).await
    }

    /// The queued changes, oldest first. Memory only.
    pub fn pending_metadata_updates(&self) -> Vec<PendingUpdate> {
        self.parts.metadata_queue.pending()
    }

    /// Removes a queued change (persists); false if it is not queued. A change that is already being sent may still
    /// take effect.
    ///
    /// # Errors
    /// A locked or failing store; [`Error::ReadOnly`].
    pub async fn cancel_metadata_update(&self, id: u64) -> Result<bool, Error> {
        self.parts.metadata_queue.cancel(id).await
    }

    /// Sends the queued changes in order (network; persists). Reports the outcome of these changes and of earlier ones
    /// that were sent automatically and refused. A change that the server refuses for good (4xx except 401, 407, 408, 425
    /// and 429, RFC 9110 15.5; 403 to 405 only with the API's own JSON) is dropped, and so is one whose answer is too large
    /// three times. After a transient failure, that change and all later ones stay queued.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`] except for transient failures.
    pub async fn flush_metadata_updates(&self) -> Result<FlushReport, Error> {
        self.parts.metadata_queue.flush().await
    }

    /// Imports the session that another library stored, if this one has no session and never had one (see the module).
    /// Reads and writes the store. Uses the network only if neither an ID token nor a profile identifies the user: it
    /// then asks the userinfo endpoint, after a renewal if the access token is no longer valid. The imported session is
    /// renewed at its first use. Runs to its end even if the returned future is dropped; a sign-out takes precedence.
    ///
    /// # Errors
    /// [`Error::Store`] when the device is locked or a store fails; [`Error::Envelope`] when a newer release's session
    /// is in the way; [`Error::ReadOnly`], [`Error::Busy`]; if the network is used, the errors of its answers. After an
    /// error nothing has changed: try again. A session that is found but cannot be imported is an outcome, not an
    /// error.
    pub async fn import_session(&self, source: ImportSource) -> Result<ImportOutcome, Error> {
        self.parts.importer.import(source).await
    }

    /// Deletes what the other library stored; true when it is deleted. While there is no session here and has been none
    /// since an import was tried, nothing is deleted and the result is false: the old item may be all that the user
    /// has.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::ReadOnly`]; [`Error::Argument`] for a source that the app reads itself.
    pub async fn discard_imported_session(&self, source: ImportSource) -> Result<bool, Error> {
        self.parts.importer.discard(&source).await
    }
}

/// Older Auth0 tenants.
impl SessionManager {
    /// Calls `use_token` with the ID token in memory, if it is good for at least `min_ttl`. Memory only. `None` also if
    /// the configuration does not allow the legacy calls.
    pub fn with_cached_id_token<T>(&self, min_ttl: Duration, use_token: impl FnOnce(&str) -> T) -> Option<T> {
        self.parts
            .id_tokens
            .cached(min_ttl)
            .map(|token| use_token(token.expose()))
    }

    /// An ID token good for at least `min_ttl`: from memory, or renewed (network; persists). A session that is based on
    /// its ID token is renewed by delegation, any other session in the usual way. Concurrent callers share one renewal.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`], and the errors of [`crate::protocol::legacy::delegation::read`];
    /// [`Error::Configuration`] if the legacy calls are not allowed.
    pub async fn id_token(&self, min_ttl: Duration) -> Result<Secret, Error> {
        self.parts.id_tokens.get(min_ttl).await
    }

    /// Signs in with the user's name and password at `/oauth/ro` (network; persists). A sign-in in progress is
    /// replaced. If a sign-out or another sign-in happens meanwhile, it takes precedence, and the new tokens are
    /// revoked.
    ///
    /// For apps of older tenants that cannot give up this grant yet. An app with a password field sees the password,
    /// teaches users to type it anywhere, and excludes single sign-on, second factors and passkeys (RFC 8252 8.12; RFC
    /// 9700 2.4: "MUST NOT be used"). A sign-in in the browser has none of these problems.
    ///
    /// The session is based on its ID token. If the token is signed with a key of the issuer, it is verified as usual.
    /// If it is signed with the client's secret (HS256), which no app has, it is trusted because it came from the
    /// issuer over TLS.
    ///
    /// # Errors
    /// [`Error::Configuration`] if the legacy calls are not allowed; [`Error::Argument`] for a missing value; the
    /// errors of [`crate::protocol::legacy::resource_owner::read`]; [`Error::IdToken`]; [`Error::SignInCancelled`];
    /// [`Error::Store`] when the session could not be written: the user is signed in all the same.
    pub async fn sign_in_with_password(&self, sign_in: PasswordSignIn) -> Result<SessionState, Error> {
        self.parts.sign_in_by_password.sign_in(sign_in).await
    }

    /// Exchanges the session's token for another at `/delegation` and returns the issuer's answer as a free-form map
    /// (network). Stores nothing of it. The ID token is renewed first if it has expired.
    ///
    /// # Errors
    /// As [`SessionManager::id_token`]; [`Error::AccessDenied`] when the issuer refuses the token for this purpose; the
    /// session then continues. [`Error::Argument`] for `by_refresh_token` in a session that is not based on its ID
    /// token: its refresh token may be rotated.
    pub async fn delegate(&self, options: &DelegationOptions) -> Result<Map<String, Value>, Error> {
        self.parts.delegation.delegate(options).await
    }

    /// The profile of an ID token's user, from `/tokeninfo` (network). The token is `id_token`, or the session's own,
    /// renewed if it has expired. The profile for the session's own token is kept as the session's profile (persists).
    ///
    /// # Errors
    /// [`Error::Argument`] for an `id_token` that the issuer refuses; otherwise as [`SessionManager::id_token`].
    pub async fn token_info(&self, id_token: Option<&Secret>) -> Result<Profile, Error> {
        self.parts.delegation.token_info(id_token).await
    }
}

/// Step-up authentication of the session's user.
impl SessionManager {
    /// Starts a sign-in in which the session's user authenticates as an API requires (RFC 9470), and returns the URL to
    /// open. [`SessionManager::complete_sign_in`] completes it: the session continues with the new tokens and keeps
    /// everything else. Until then the session stays as it is. It also stays if another user signs in or the
    /// authentication does not meet the requirement. May read the store; fetches the issuer's endpoints if they are not
    /// known; stores nothing.
    ///
    /// # Errors
    /// [`Error::NoSession`] and [`Error::Reauthenticate`] if there is no session to continue; otherwise as
    /// [`SessionManager::begin_sign_in`]. Its completion can also fail with [`Error::SignIn`] (`user_mismatch` and
    /// `unmet_authentication_requirements`) and, if the store is shared, with [`Error::Busy`]: call again with the same
    /// URL.
    pub async fn begin_step_up(&self, options: StepUpOptions) -> Result<SignInRequest, Error> {
        self.parts.browser_sign_in.begin_step_up(options).await
    }
}

/// Token exchange (RFC 8693).
impl SessionManager {
    /// Signs in with a credential from another issuer or another app, such as the code of Sign in with Apple (Auth0:
    /// "Token Exchange for Native Social", "Custom Token Exchange"; RFC 8693). Network; persists the session. A sign-in
    /// in progress is replaced. If a sign-out or another sign-in happens meanwhile, it takes precedence, and the new
    /// tokens are revoked. The ID token is checked as after a sign-in in the browser, except for the nonce, which this
    /// grant does not have.
    ///
    /// # Errors
    /// [`Error::Argument`] for a missing value or one that Pilotlight sets itself; [`Error::SignIn`] if the issuer does
    /// not accept the token; [`Error::ServerConfiguration`] naming `client_id` if the client may not use this grant,
    /// `audience` or `scopes`; [`Error::IdToken`]; [`Error::SignInCancelled`]. After a transient failure, call again
    /// with the same token: an answer that has arrived is not requested again. [`Error::Store`] when the session could
    /// not be written: the user is signed in all the same.
    pub async fn sign_in_by_exchange(&self, external: ExternalToken) -> Result<SessionState, Error> {
        self.parts.sign_in_by_token_exchange.sign_in(external).await
    }

    /// An access token for another API, good for at least `min_ttl`: one of the session's own tokens, exchanged (RFC
    /// 8693; Auth0: "Custom Token Exchange"), or the result of an earlier exchange. Network; stores nothing. The 32
    /// most recently used tokens stay in memory, each for its audience, scopes, types, parameters and actor. They are
    /// discarded when the session ends and when the user authenticates again. Exchanges are sent one at a time; callers
    /// with the same request share one.
    ///
    /// If the issuer does not accept the subject token, the session is renewed and the exchange is tried again, once.
    ///
    /// # Errors
    /// [`Error::Argument`] for what cannot be sent, naming `type` if the issuer does not accept a fresh token of the
    /// session and `actor` if it does not accept the actor; [`Error::ServerConfiguration`] naming `client_id`,
    /// `audience` or `scopes`; [`Error::InteractionRequired`], [`Error::AccessDenied`]; [`Error::Refused`] and similar
    /// errors; otherwise as [`SessionManager::access_token`]. The issuer's answer never ends the session.
    pub async fn exchange(&self, exchange: TokenExchange, options: TokenOptions) -> Result<Secret, Error> {
        self.parts.token_exchanges.get(exchange, options).await
    }

    /// A session transfer token, with which a browser or web view is signed in too (Auth0: "Native to Web SSO").
    /// Network; if the refresh token is rotated for it, the new one is stored first. The token is for this caller only
    /// and is not kept: it can be used once, within a minute.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming `issuer` if the issuer is not Auth0; [`Error::ServerConfiguration`] naming
    /// `client_id` if the application may not create such tokens; otherwise as [`SessionManager::access_token`].
    /// [`Error::Store`] when a rotated refresh token could not be written: no token is returned then.
    pub async fn session_transfer(&self) -> Result<SessionTransfer, Error> {
        self.parts.session_transfers.get().await
    }

    /// The tokens with which another app of the vendor signs in without asking the user: an ID token and the device
    /// secret (OpenID Connect Native SSO for Mobile Apps 1.0; Okta: "Configure SSO for native apps"). From memory; an
    /// expired ID token is renewed (network).
    ///
    /// # Errors
    /// [`Error::Configuration`] and [`Error::ServerConfiguration`] naming `scopes` if the session has no device secret;
    /// otherwise as [`SessionManager::access_token`].
    pub async fn device_sso(&self) -> Result<DeviceSso, Error> {
        self.parts.device_sso_tokens.get().await
    }
}

/// After `mfa_required`, a renewal, an exchange or a sign-in continues with a second factor, at Auth0. `challenge` is
/// that of [`Error::MfaRequired`]. It is valid for ten minutes, including the time while the device sleeps, and only
/// for the session or sign-in that was refused.
impl SessionManager {
    /// The remaining lifetime of the challenge; `None` if it is over. Memory only.
    pub fn mfa_time_left(&self, challenge: u64) -> Option<Duration> {
        self.parts.mfa.time_left(challenge)
    }

    /// The second factors that the user has enrolled. Network; stores nothing.
    ///
    /// # Errors
    /// [`Error::MfaRejected`] with `expired_token` when the challenge is over, and with the issuer's code for a
    /// refusal; [`Error::Transport`] and similar errors.
    pub async fn mfa_authenticators(&self, challenge: u64) -> Result<Vec<MfaAuthenticator>, Error> {
        self.parts.mfa.authenticators(challenge).await
    }

    /// Challenges the user with one of these authenticators, or with one that the issuer chooses. Network; stores
    /// nothing. A code from an authenticator app and a recovery code need no challenge.
    ///
    /// # Errors
    /// As [`SessionManager::mfa_authenticators`].
    pub async fn mfa_challenge(&self, challenge: u64, authenticator: Option<&str>) -> Result<MfaPrompt, Error> {
        self.parts.mfa.challenge(challenge, authenticator).await
    }

    /// Sends the user's answer. With the resulting tokens, the session is renewed as by a refresh token (network;
    /// persists) or begins, as by the sign-in that was refused; a token that was to be exchanged is available to the
    /// next call. Before it asks whether the user has approved on a device, it waits for the interval that the issuer
    /// requires; a transient failure counts as [`MfaOutcome::Pending`].
    ///
    /// # Errors
    /// [`Error::MfaRejected`] for a wrong answer, after which another can be given, and with `expired_token` when the
    /// challenge is over; [`Error::MfaRequired`] when the issuer requires a further factor; [`Error::Argument`] naming
    /// `answer` when nothing was sent to a device; otherwise as [`SessionManager::access_token`]. None of them ends the
    /// session. If the issuer's answer is lost, it is unknown whether the code was spent.
    pub async fn mfa_answer(&self, challenge: u64, answer: MfaAnswer) -> Result<MfaOutcome, Error> {
        self.parts.sign_in_by_second_factor.answer(challenge, answer).await
    }

    /// Takes the recovery code that came with an answer. It replaces the one that was used, and the user has to write
    /// it down. It is available once, even if the renewal with that answer failed afterwards. Memory only.
    pub fn take_mfa_recovery_code(&self) -> Option<Secret> {
        self.parts.mfa.take_recovery_code()
    }
}
