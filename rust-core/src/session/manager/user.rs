//! What the session does for its user beside tokens: profile and metadata, the import of an old session, and what older
//! Auth0 tenants have instead.

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
    /// The thumbprint of the key that the session's own access token is bound to (DPoP, RFC 9449), and whether it is in
    /// hardware; `None` where the token is not bound. Memory only.
    pub fn bound_key(&self) -> Option<(String, bool)> {
        self.parts.memory.bound_key()
    }

    /// Whether this access token is bound to a key. Memory only.
    pub fn is_bound(&self, token: &Secret) -> bool {
        self.parts.memory.binding(token).is_some()
    }

    /// A proof of possession for one request with this access token; `None` where that is not bound. No network.
    ///
    /// # Errors
    /// [`Error::ProofKeyLost`] where this device cannot use the key any more; [`Error::ProofKey`].
    pub async fn proof(&self, method: &str, url: &Url, token: &Secret) -> Result<Option<String>, Error> {
        self.parts.memory.proof(method, url, token).await
    }

    /// The next proof that goes to the origin of `url` says this nonce. Memory only.
    pub fn keep_proof_nonce(&self, url: &Url, nonce: &str) {
        self.parts.memory.keep_nonce(url, nonce);
    }

    /// The profile as last fetched. Memory only, O(1): nothing of it is copied.
    pub fn cached_profile(&self) -> Option<Arc<Profile>> {
        self.parts.context.profile()
    }

    /// A number for the profile that [`SessionManager::cached_profile`] gives: 0 when there is none, another number for
    /// each that takes its place. Memory only, O(1).
    pub fn cached_profile_version(&self) -> u64 {
        self.parts.context.profile_version()
    }

    /// The user's profile: as last fetched, or from the userinfo endpoint (network; persists) when `refresh` or none
    /// was fetched yet. However many ask, one request is sent, and it goes on when its callers go away.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`] and [`crate::protocol::userinfo::read`]; [`Error::UnexpectedAnswer`] for a
    /// profile of another user (OpenID Connect Core 5.3.2), which is not kept.
    pub async fn profile(&self, refresh: bool) -> Result<Profile, Error> {
        self.parts.profile.get(refresh).await
    }

    /// The profile as last fetched, if that is less than `max_age` ago by the device's clock; else as
    /// [`SessionManager::profile`] with `refresh`. One from the future is as good as old. With `allow_stale` the old one
    /// will do where a new one cannot be had for the moment.
    ///
    /// # Errors
    /// As [`SessionManager::profile`].
    pub async fn profile_within(&self, max_age: Duration, allow_stale: bool) -> Result<Profile, Error> {
        self.parts.profile.get_within(max_age, allow_stale).await
    }

    /// The user's object at Auth0: `fields` only (`include`), all but those, or everything when none is named. Network.
    ///
    /// The token is found by itself: the session's own where its audience is the Management API; else one for
    /// `https://{domain}/api/v2/`, got with the refresh token and kept as any further audience's
    /// ([`SessionManager::access_token_for`]); or the ID token, where the configuration says that the tenant is that old.
    ///
    /// # Errors
    /// As [`SessionManager::access_token_for`] and [`crate::protocol::users::read`]; [`Error::Configuration`] for a
    /// provider other than Auth0.
    pub async fn fetch_user(&self, fields: &[String], include: bool) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.fetch_user(fields, include).await
    }

    /// The user's metadata: all of it, or the keys named. Network.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`].
    pub async fn fetch_metadata(&self, keys: &[String]) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.fetch(keys, true).await
    }

    /// The same, or with `include` false all of it but the keys named.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`].
    pub async fn fetch_metadata_by(&self, keys: &[String], include: bool) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.fetch(keys, include).await
    }

    /// Changes the user's metadata and gives it as it is afterwards. Network. Merged at the first level: nested objects
    /// are replaced, `null` deletes a key, an empty object deletes everything.
    ///
    /// # Errors
    /// As [`SessionManager::fetch_user`]; [`Error::Argument`] for a key that the server would refuse.
    pub async fn update_metadata(&self, patch: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.update(patch).await
    }

    /// Leaves `metadata` and nothing else, and gives it as it is afterwards. Network: one request that reads and one that
    /// writes, unless `metadata` is empty. A key that somebody else adds between the two stays.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`].
    pub async fn replace_metadata(&self, metadata: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.replace(metadata).await
    }

    /// Deletes keys of the first level, and gives the metadata as it is afterwards. Network. No keys delete nothing.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`].
    pub async fn remove_metadata(&self, keys: &[String]) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.remove(keys).await
    }

    /// Merges `changes` at every level (RFC 7396), and gives the metadata as it is afterwards. Network: reads, then
    /// writes the keys of the first level that `changes` names; what somebody else changes inside them between the two
    /// is lost.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`].
    pub async fn merge_metadata(&self, changes: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        self.parts.metadata.merge(changes).await
    }

    /// Changes the metadata as [`SessionManager::update_metadata`] does, or lets the change wait while the network or the
    /// server has a transient failure (persists). What waits is sent in order, and before any other call of the metadata: at
    /// the next launch, at the next renewal or fetched profile, or by [`SessionManager::flush_metadata_updates`]. It goes
    /// with the sign-out, and stays when the same user signs in again.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`] except for transient failures; nothing waits then. [`Error::Argument`] also
    /// when 100 changes or 64 KiB of them wait; [`Error::Store`] when the waiting change could not be written.
    pub async fn update_metadata_or_queue(&self, patch: Map<String, Value>) -> Result<UpdateOutcome, Error> {
        self.parts.metadata.update_or_queue(patch).await
    }

    /// The changes that wait, the oldest first. Memory only.
    pub fn pending_metadata_updates(&self) -> Vec<PendingUpdate> {
        self.parts.metadata_queue.pending()
    }

    /// Takes back a change that waits (persists); false when it does not wait. One that is on its way may be made all the
    /// same.
    ///
    /// # Errors
    /// A locked or failing store; [`Error::ReadOnly`].
    pub async fn cancel_metadata_update(&self, id: u64) -> Result<bool, Error> {
        self.parts.metadata_queue.cancel(id).await
    }

    /// Sends the changes that wait, in order (network; persists), and says what became of these and of those that were
    /// sent by themselves and refused. A change that the server refuses for good (4xx but 401, 408, 425 and 429,
    /// RFC 9110 15.5) is dropped; a transient failure keeps it and all after it.
    ///
    /// # Errors
    /// As [`SessionManager::update_metadata`] except for transient failures.
    pub async fn flush_metadata_updates(&self) -> Result<FlushReport, Error> {
        self.parts.metadata_queue.flush().await
    }

    /// Takes over the session that another library stored, if this one has none and never had (see the module). Reads
    /// and writes the store. Network only where neither an ID token nor a profile says whose session it is: then the
    /// userinfo endpoint is asked, after a renewal where the access token is not good any more. What is imported is
    /// renewed at its first use.
    ///
    /// # Errors
    /// [`Error::Store`] when the device is locked or a store fails; [`Error::Envelope`] when a newer release's session is
    /// in the way; [`Error::ReadOnly`], [`Error::Busy`]; where the network is used, what its answers say. Nothing was
    /// changed then: try again. What is found and cannot be taken over is an outcome, not an error.
    pub async fn import_session(&self, source: ImportSource) -> Result<ImportOutcome, Error> {
        self.parts.importer.import(&source).await
    }

    /// Deletes what the other library stored; true when that was done. False, and nothing is deleted, while there is no
    /// session here and there never was one since an import was tried: then the old item may be all that the user has.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::ReadOnly`]; [`Error::Argument`] for a source that the app reads itself.
    pub async fn discard_imported_session(&self, source: ImportSource) -> Result<bool, Error> {
        self.parts.importer.discard(&source).await
    }
}

/// Older Auth0 tenants.
impl SessionManager {
    /// Calls `use_token` with the ID token in memory, if it is good for at least `min_ttl`. Memory only. `None` also
    /// where the configuration does not allow the legacy calls.
    pub fn with_cached_id_token<T>(&self, min_ttl: Duration, use_token: impl FnOnce(&str) -> T) -> Option<T> {
        self.parts
            .id_tokens
            .cached(min_ttl)
            .map(|token| use_token(token.expose()))
    }

    /// An ID token good for at least `min_ttl`: from memory, or renewed (network; persists). A session that lives by
    /// its ID token is renewed by delegation, any other as ever. However many ask, one renewal is sent.
    ///
    /// # Errors
    /// As [`SessionManager::access_token`], with what [`crate::protocol::legacy::delegation::read`] says of the answer; [`Error::Configuration`]
    /// where the legacy calls are not allowed.
    pub async fn id_token(&self, min_ttl: Duration) -> Result<Secret, Error> {
        self.parts.id_tokens.get(min_ttl).await
    }

    /// Signs in with the user's name and password at `/oauth/ro` (network; persists). A sign-in in progress is
    /// replaced; a sign-out or another sign-in that comes meanwhile wins, and what this one brought is revoked.
    ///
    /// For apps of older tenants that cannot leave it yet: an app that shows a password field sees the password, teaches
    /// users to type it anywhere, and shuts out single sign-on, second factors and passkeys (RFC 8252 8.12; RFC 9700
    /// 2.4: "MUST NOT be used"). The browser does without all of that.
    ///
    /// The session lives by its ID token. That is verified as ever when it is signed with a key of the issuer's; signed
    /// with the client's secret (HS256), which no app has, it is believed because it came from the issuer over TLS.
    ///
    /// # Errors
    /// [`Error::Configuration`] where the legacy calls are not allowed; [`Error::Argument`] for what is missing; what
    /// [`crate::protocol::legacy::resource_owner::read`] says of the answer; [`Error::IdToken`]; [`Error::SignInCancelled`]; [`Error::Store`] when
    /// the session could not be written: it is signed in all the same.
    pub async fn sign_in_with_password(&self, sign_in: PasswordSignIn) -> Result<SessionState, Error> {
        self.parts.sign_in_by_password.sign_in(sign_in).await
    }

    /// Exchanges the session's token for another at `/delegation` and gives what the issuer answers, a free map
    /// (network). Nothing of it is stored. The ID token is renewed first where it has expired.
    ///
    /// # Errors
    /// As [`SessionManager::id_token`]; [`Error::AccessDenied`] when the issuer refuses the token for this; the session
    /// goes on then. [`Error::Argument`] for `by_refresh_token` in a session that does not live by its ID token: its
    /// refresh token may be rotated.
    pub async fn delegate(&self, options: &DelegationOptions) -> Result<Map<String, Value>, Error> {
        self.parts.delegation.delegate(options).await
    }

    /// The profile of the user whom an ID token is about, from `/tokeninfo` (network): of `id_token`, or of the session's
    /// own, renewed where it has expired; that one is kept as the session's profile (persists).
    ///
    /// # Errors
    /// [`Error::Argument`] for an `id_token` that the issuer refuses; else as [`SessionManager::id_token`].
    pub async fn token_info(&self, id_token: Option<&Secret>) -> Result<Profile, Error> {
        self.parts.delegation.token_info(id_token).await
    }
}

/// Another authentication of the session's user.
impl SessionManager {
    /// Starts a sign-in in which the session's user authenticates as an API asks for (RFC 9470), and gives the URL to open.
    /// [`SessionManager::complete_sign_in`] ends it: the session goes on with the tokens that come, and keeps all else. Until
    /// then it stays as it is, and for good where another user signed in or the authentication is not what was asked for. May
    /// read the store; fetches the issuer's endpoints where they are not known; stores nothing.
    ///
    /// # Errors
    /// [`Error::NoSession`] and [`Error::Reauthenticate`] where there is no session to go on; else as
    /// [`SessionManager::begin_sign_in`]. Its end has besides [`Error::SignIn`] with `user_mismatch` and
    /// `unmet_authentication_requirements`, and [`Error::Busy`] where the store is shared, after which the same URL will do.
    pub async fn begin_step_up(&self, options: StepUpOptions) -> Result<SignInRequest, Error> {
        self.parts.browser_sign_in.begin_step_up(options).await
    }
}

/// Token exchange (RFC 8693).
impl SessionManager {
    /// Signs in with what another issuer or another app gave, such as the code of Sign in with Apple (Auth0: "Token Exchange for Native Social",
    /// "Custom Token Exchange"; RFC 8693). Network; persists the session. A sign-in in progress is replaced; a sign-out or another
    /// sign-in that comes meanwhile wins, and what this one brought is revoked. The ID token is checked as after a sign-in in
    /// the browser, but for the nonce, which this grant does not have.
    ///
    /// # Errors
    /// [`Error::Argument`] for what is missing or is set by Pilotlight itself; [`Error::SignIn`] where the issuer does not accept the
    /// token; [`Error::ServerConfiguration`] naming `client_id` where the client may not use this grant, `audience` or `scopes`;
    /// [`Error::IdToken`]; [`Error::SignInCancelled`]. After a transient failure call again with the same token: an answer that has come
    /// is not asked for again. [`Error::Store`] when the session could not be written: it is signed in all the same.
    pub async fn sign_in_by_exchange(&self, external: ExternalToken) -> Result<SessionState, Error> {
        self.parts.sign_in_by_token_exchange.sign_in(external).await
    }

    /// An access token for another API, good for at least `min_ttl`: one of the session's own tokens, exchanged (RFC 8693; Auth0:
    /// "Custom Token Exchange"), or the one that was exchanged before. Network; stores nothing. The tokens stay in memory, the 32 that
    /// were used last, each for its audience, scopes, types, parameters and actor; they go with the session, with its end, and with
    /// another authentication of the user. Exchanges are sent one after the other; callers for the same share one.
    ///
    /// Where the issuer does not accept the token that is shown, the session is renewed and the exchange tried again, once.
    ///
    /// # Errors
    /// [`Error::Argument`] for what cannot be sent, naming `type` where the issuer does not accept a fresh token of the session's and
    /// `actor` where it does not accept that; [`Error::ServerConfiguration`] naming `client_id`, `audience` or `scopes`;
    /// [`Error::InteractionRequired`], [`Error::AccessDenied`]; [`Error::Refused`] and its like; else as
    /// [`SessionManager::access_token`]. The issuer's answer never ends the session.
    pub async fn exchange(&self, exchange: TokenExchange, options: TokenOptions) -> Result<Secret, Error> {
        self.parts.token_exchanges.get(exchange, options).await
    }

    /// A session transfer token, with which a browser or web view is signed in too (Auth0: "Native to Web SSO"). Network; a refresh
    /// token that is rotated for it is stored before. The token is this caller's alone and kept nowhere: it is good once, for a
    /// minute.
    ///
    /// # Errors
    /// [`Error::Configuration`] naming `issuer` for another issuer than Auth0; [`Error::ServerConfiguration`] naming `client_id` where
    /// the application may not create such tokens; else as [`SessionManager::access_token`]. [`Error::Store`] when a rotated
    /// refresh token could not be written: no token is given then.
    pub async fn session_transfer(&self) -> Result<SessionTransfer, Error> {
        self.parts.session_transfers.get().await
    }

    /// What another app of the vendor signs in with, without its user: an ID token and the device secret (OpenID Connect Native SSO for
    /// Mobile Apps 1.0; Okta: "Configure SSO for native apps"). From memory; an ID token that has expired is renewed, with network.
    ///
    /// # Errors
    /// [`Error::Configuration`] and [`Error::ServerConfiguration`] naming `scopes` where the session has no device secret; else as
    /// [`SessionManager::access_token`].
    pub async fn device_sso(&self) -> Result<DeviceSso, Error> {
        self.parts.device_sso_tokens.get().await
    }
}

/// A renewal, an exchange or a sign-in that was refused with `mfa_required` goes on with a second factor, at Auth0. `challenge` is that
/// of [`Error::MfaRequired`]: for ten minutes by the clock that runs while the device sleeps, and for the session or sign-in that was
/// refused.
impl SessionManager {
    /// How long the challenge lives; `None` where it is over. Memory only.
    pub fn mfa_time_left(&self, challenge: u64) -> Option<Duration> {
        self.parts.mfa.time_left(challenge)
    }

    /// The second factors that the user has. Network; stores nothing.
    ///
    /// # Errors
    /// [`Error::MfaRejected`] with `expired_token` when the challenge is over, and with the issuer's code for a refusal;
    /// [`Error::Transport`] and its like.
    pub async fn mfa_authenticators(&self, challenge: u64) -> Result<Vec<MfaAuthenticator>, Error> {
        self.parts.mfa.authenticators(challenge).await
    }

    /// Challenges the user with one of these, or with what the issuer chooses. Network; stores nothing. A code from an app and a
    /// recovery code need no challenge.
    ///
    /// # Errors
    /// As [`SessionManager::mfa_authenticators`].
    pub async fn mfa_challenge(&self, challenge: u64, authenticator: Option<&str>) -> Result<MfaPrompt, Error> {
        self.parts.mfa.challenge(challenge, authenticator).await
    }

    /// Shows the user's answer; the session is renewed with what comes (network; persists), as by a refresh token, or begun, as by the
    /// sign-in that was refused; a token that was to be exchanged is there for the next call. Before each
    /// question whether the user has said yes it waits as long as the issuer wants; trouble that passes counts as not yet.
    ///
    /// # Errors
    /// [`Error::MfaRejected`] for an answer that is wrong, after which another can be given, and with `expired_token` when the
    /// challenge is over; [`Error::MfaRequired`] when the issuer wants a further factor; [`Error::Argument`] naming `answer` when
    /// nothing was sent to a device; else as [`SessionManager::access_token`]. None of them ends the session. After a lost answer
    /// it is not known whether the code was spent.
    pub async fn mfa_answer(&self, challenge: u64, answer: MfaAnswer) -> Result<MfaOutcome, Error> {
        self.parts.sign_in_by_second_factor.answer(challenge, answer).await
    }

    /// The recovery code that came with an answer, once: it takes the place of one that was spent, and the user has to write it
    /// down. It is there also where that answer's renewal failed afterwards. Memory only.
    pub fn take_mfa_recovery_code(&self) -> Option<Secret> {
        self.parts.mfa.take_recovery_code()
    }
}
