//! The session's other services for its user: profile and metadata, the import of other libraries' sessions, proofs for
//! requests that the app sends itself, token exchange, second factors, and the calls for older Auth0 tenants.

use std::collections::HashMap;
use std::time::Duration;

use url::Url;

use super::error::SessionError;
use super::exchange::{DeviceSsoToken, ExchangeActor, ExchangeRequest, SessionTransferToken};
use super::mfa::MfaReply;
use super::proofs::BoundKey;
use super::runtime::run;
use super::session::{CoreSession, token_options};
use super::token_text::TokenText;
use crate::model::invalid::InvalidValue;
use crate::model::metadata;
use crate::model::profile::{Claims, Profile};
use crate::model::secret::Secret;
use crate::model::state::SessionState;
use crate::protocol::actor::Actor;
use crate::protocol::mfa::MfaAuthenticator;
use crate::session::{
    DelegationOptions, ExternalToken, FlushReport, ImportOutcome, ImportSource, MfaOutcome, MfaPrompt, PasswordSignIn,
    UpdateOutcome,
};

/// Profile and metadata.
#[uniffi::export]
impl CoreSession {
    /// The user's profile: the cached one, or fetched from the userinfo endpoint (network; persists) if there is none
    /// or `refresh` is true.
    pub async fn profile(&self, refresh: bool) -> Result<Profile, SessionError> {
        run(&self.manager, |manager| async move { manager.profile(refresh).await }).await
    }

    /// The cached profile if it was fetched less than `max_age_seconds` ago; otherwise fetched again (network;
    /// persists). With `allow_stale`, an older profile is returned if a new one cannot be fetched for the moment.
    pub async fn profile_within(&self, max_age_seconds: u32, allow_stale: bool) -> Result<Profile, SessionError> {
        let max_age = Duration::from_secs(max_age_seconds.into());
        run(&self.manager, |manager| async move {
            manager.profile_within(max_age, allow_stale).await
        })
        .await
    }

    /// The user object of Auth0's Management API: all of it, or with `fields` only those (`include`) or all except
    /// those. Network. Returns the JSON text of an object.
    pub async fn fetch_user(&self, fields: Vec<String>, include: bool) -> Result<Claims, SessionError> {
        run(&self.manager, |manager| async move {
            manager.fetch_user(&fields, include).await.map(Claims)
        })
        .await
    }

    /// The user's `user_metadata`: all of it, or with `keys` only those (`include`) or all except those. Network.
    /// Returns the JSON text of an object.
    pub async fn fetch_metadata(&self, keys: Vec<String>, include: bool) -> Result<Claims, SessionError> {
        run(&self.manager, |manager| async move {
            manager.fetch_metadata_by(&keys, include).await.map(Claims)
        })
        .await
    }

    /// The same as `update_metadata`, but queues the change (persists) if there is a transient failure. Queued changes
    /// are sent, in order, as soon as another request succeeds.
    pub async fn update_metadata_or_queue(&self, patch_json: String) -> Result<UpdateOutcome, SessionError> {
        let patch = metadata::parse_object("metadata", &patch_json)?;
        run(&self.manager, |manager| async move {
            manager.update_metadata_or_queue(patch).await
        })
        .await
    }

    /// Cancels a change of the metadata that waits (persists). Returns false if it does not wait.
    pub async fn cancel_metadata_update(&self, id: u64) -> Result<bool, SessionError> {
        run(&self.manager, |manager| async move {
            manager.cancel_metadata_update(id).await
        })
        .await
    }

    /// Sends the changes of the metadata that wait, in order (network; persists), and returns the result of each.
    pub async fn flush_metadata_updates(&self) -> Result<FlushReport, SessionError> {
        run(&self.manager, |manager| async move {
            manager.flush_metadata_updates().await
        })
        .await
    }

    /// Replaces `user_metadata` with this JSON text of an object: reads, then writes (network). Returns the metadata
    /// after the change.
    pub async fn replace_metadata(&self, metadata_json: String) -> Result<Claims, SessionError> {
        let metadata = metadata::parse_object("metadata", &metadata_json)?;
        run(&self.manager, |manager| async move {
            manager.replace_metadata(metadata).await.map(Claims)
        })
        .await
    }

    /// Merges this JSON text of an object into `user_metadata` at every level (RFC 7396): reads, then writes (network).
    /// Returns the metadata after the change.
    pub async fn merge_metadata(&self, changes_json: String) -> Result<Claims, SessionError> {
        let changes = metadata::parse_object("metadata", &changes_json)?;
        run(&self.manager, |manager| async move {
            manager.merge_metadata(changes).await.map(Claims)
        })
        .await
    }

    /// Deletes these keys of `user_metadata`; an empty list deletes nothing. Network. Returns the metadata after the
    /// change.
    pub async fn remove_metadata(&self, keys: Vec<String>) -> Result<Claims, SessionError> {
        run(&self.manager, |manager| async move {
            manager.remove_metadata(&keys).await.map(Claims)
        })
        .await
    }

    /// Changes `user_metadata` by this JSON text of an object: keys are merged at the first level, nested objects are
    /// replaced, null deletes a key, an empty object deletes everything. Network. Returns the metadata after the
    /// change.
    pub async fn update_metadata(&self, patch_json: String) -> Result<Claims, SessionError> {
        let patch = metadata::parse_object("metadata", &patch_json)?;
        run(&self.manager, |manager| async move {
            manager.update_metadata(patch).await.map(Claims)
        })
        .await
    }
}

#[uniffi::export]
impl CoreSession {
    /// Takes over the session that another library stored: once, and only while this session is signed out. Reads and
    /// writes the store; the old item stays. Uses the network only if nothing in the item says whose session it is.
    /// Throws `waitForUnlock`, `checkStorage`, `openApp`, `retryLater`; in those cases nothing was changed.
    pub async fn import_session(&self, source: ImportSource) -> Result<ImportOutcome, SessionError> {
        run(
            &self.manager,
            |manager| async move { manager.import_session(source).await },
        )
        .await
    }

    /// Deletes what the other library stored; returns true if that was done. Returns false and deletes nothing if there
    /// is no session here and none has existed since an import was tried.
    pub async fn discard_imported_session(&self, source: ImportSource) -> Result<bool, SessionError> {
        run(&self.manager, |manager| async move {
            manager.discard_imported_session(source).await
        })
        .await
    }
}

/// Calls for older Auth0 tenants. If the configuration does not allow them, they send nothing: `cached_id_token`
/// returns nil, and the others throw `fixConfiguration` for `legacy`. A tenant without these endpoints causes the same
/// error.
#[uniffi::export]
impl CoreSession {
    /// The ID token, if one is in memory and valid for at least `min_ttl_seconds`. No store, no network, no waiting.
    pub fn cached_id_token(&self, min_ttl_seconds: u32) -> Option<TokenText> {
        self.manager
            .with_cached_id_token(Duration::from_secs(min_ttl_seconds.into()), TokenText::of)
    }

    /// An ID token that is valid for at least `min_ttl_seconds`: from memory, or renewed (network; the new token is
    /// stored before it is returned). A session that lives by its ID token is renewed by delegation, any other as
    /// usual. Any number of callers share one renewal.
    pub async fn id_token(&self, min_ttl_seconds: u32) -> Result<TokenText, SessionError> {
        let min_ttl = Duration::from_secs(min_ttl_seconds.into());
        run(&self.manager, |manager| async move {
            manager.id_token(min_ttl).await.map(TokenText::from)
        })
        .await
    }

    /// Signs in with a user name and a password at `/oauth/ro`. Network; persists the session, which lives by its ID
    /// token. The password is sent once, wiped in the core, and never stored. The scope `offline_access` requires
    /// `device`.
    pub async fn sign_in_with_password(
        &self,
        username: String,
        password: String,
        connection: String,
        device: Option<String>,
        parameters: HashMap<String, String>,
    ) -> Result<SessionState, SessionError> {
        let sign_in = PasswordSignIn {
            username: Secret::new(username),
            password: Secret::new(password),
            connection,
            device,
            parameters,
        };
        run(&self.manager, |manager| async move {
            manager.sign_in_with_password(sign_in).await
        })
        .await
    }

    /// Exchanges the session's ID token, or with `by_refresh_token` its refresh token, at `/delegation`. Network;
    /// stores nothing. Returns the answer as the JSON text of an object; its content depends on the add-on for
    /// `api_type`.
    pub async fn delegate(
        &self,
        api_type: String,
        target: Option<String>,
        scopes: Vec<String>,
        parameters: HashMap<String, String>,
        by_refresh_token: bool,
    ) -> Result<Claims, SessionError> {
        let options = DelegationOptions::parse(api_type, target, scopes, parameters, by_refresh_token)?;
        run(&self.manager, |manager| async move {
            manager.delegate(&options).await.map(Claims)
        })
        .await
    }

    /// The profile for an ID token, from `/tokeninfo`: for `id_token`, or for the session's own (persists). Network.
    pub async fn token_info(&self, id_token: Option<String>) -> Result<Profile, SessionError> {
        let id_token = id_token.map(Secret::new);
        run(&self.manager, |manager| async move {
            manager.token_info(id_token.as_ref()).await
        })
        .await
    }
}

/// Tokens that are bound to a key of this device (DPoP, RFC 9449), for an app that sends its own requests.
#[uniffi::export]
impl CoreSession {
    /// The key that the session's own access token is bound to; nil if it is not bound. Reads memory only.
    pub fn bound_key(&self) -> Option<BoundKey> {
        let (thumbprint, in_hardware) = self.manager.bound_key()?;
        Some(BoundKey {
            thumbprint,
            in_hardware,
        })
    }

    /// Whether this access token is bound to a key, so that a request with it needs `Authorization: DPoP` and a proof.
    /// Reads memory only.
    pub fn is_bound(&self, token: String) -> bool {
        self.manager.is_bound(&Secret::new(token))
    }

    /// The proof for one request that carries this access token (the header `DPoP`, RFC 9449 4); nil if the token is
    /// not bound. Uses the key, and no network. Throws `signIn` if this device can no longer use the key.
    pub async fn proof(&self, method: String, url: String, token: String) -> Result<Option<String>, SessionError> {
        let (url, token) = (parsed(&url)?, Secret::new(token));
        run(&self.manager, |manager| async move {
            manager.proof(&method, &url, &token).await
        })
        .await
    }

    /// Keeps the `DPoP-Nonce` that an API answered with, for the next proof for its origin. Memory only.
    pub fn keep_proof_nonce(&self, url: String, nonce: String) {
        if let Ok(url) = parsed(&url) {
            self.manager.keep_proof_nonce(&url, &nonce);
        }
    }
}

/// Token exchange (RFC 8693).
#[uniffi::export]
impl CoreSession {
    /// Signs in with a credential of another issuer, such as the code of Sign in with Apple. Network; persists the
    /// session. The token is sent, wiped in the core, and never stored. `user_profile` is JSON text.
    pub async fn sign_in_by_exchange(
        &self,
        token: String,
        kind: String,
        actor: Option<ExchangeActor>,
        user_profile: Option<String>,
        parameters: HashMap<String, String>,
    ) -> Result<SessionState, SessionError> {
        let external = ExternalToken {
            token: Secret::new(token),
            kind,
            actor: actor.map(Actor::from),
            user_profile: user_profile.map(Secret::new),
            parameters,
        };
        run(&self.manager, |manager| async move {
            manager.sign_in_by_exchange(external).await
        })
        .await
    }

    /// A token that signs in a browser or web view too (Auth0: "Native to Web SSO"). Network; persists a rotated
    /// refresh token, and nothing else.
    pub async fn session_transfer(&self) -> Result<SessionTransferToken, SessionError> {
        run(&self.manager, |manager| async move {
            manager.session_transfer().await.map(SessionTransferToken::from)
        })
        .await
    }

    /// The tokens with which another app of the vendor signs in (OpenID Connect Native SSO for Mobile Apps 1.0). From
    /// memory; an expired ID token is renewed (network; persists).
    pub async fn device_sso_token(&self) -> Result<DeviceSsoToken, SessionError> {
        run(&self.manager, |manager| async move {
            manager.device_sso().await.map(DeviceSsoToken::from)
        })
        .await
    }

    /// An access token for another API, valid for at least `min_ttl_seconds`: from an exchange of one of the session's
    /// own tokens, or the result of an earlier exchange. Network; stores nothing. Callers with the same request share
    /// one exchange.
    pub async fn exchange(
        &self,
        request: ExchangeRequest,
        min_ttl_seconds: u32,
        force_refresh: bool,
        allow_expired: bool,
    ) -> Result<TokenText, SessionError> {
        let exchange = request.try_into()?;
        let options = token_options(min_ttl_seconds, force_refresh, allow_expired);
        run(&self.manager, |manager| async move {
            manager.exchange(exchange, options).await.map(TokenText::from)
        })
        .await
    }
}

/// Second factors, at Auth0. `challenge` is the number in the error `MfaRequired`.
#[uniffi::export]
impl CoreSession {
    /// How long the challenge is still valid; nil if it is over. Memory only.
    pub fn mfa_time_left(&self, challenge: u64) -> Option<Duration> {
        self.manager.mfa_time_left(challenge)
    }

    /// The second factors that the user has. Network; stores nothing.
    pub async fn mfa_authenticators(&self, challenge: u64) -> Result<Vec<MfaAuthenticator>, SessionError> {
        run(&self.manager, |manager| async move {
            manager.mfa_authenticators(challenge).await
        })
        .await
    }

    /// Challenges the user with one of these authenticators, or with one that the issuer chooses. Network; stores
    /// nothing.
    pub async fn mfa_challenge(
        &self,
        challenge: u64,
        authenticator: Option<String>,
    ) -> Result<MfaPrompt, SessionError> {
        run(&self.manager, |manager| async move {
            manager.mfa_challenge(challenge, authenticator.as_deref()).await
        })
        .await
    }

    /// Sends the user's answer; the session is renewed with the tokens that come back. Network; persists.
    pub async fn mfa_answer(&self, challenge: u64, reply: MfaReply) -> Result<MfaOutcome, SessionError> {
        let answer = reply.into();
        run(&self.manager, |manager| async move {
            manager.mfa_answer(challenge, answer).await
        })
        .await
    }

    /// The recovery code that came with an answer. Returned only once. Memory only.
    pub fn take_mfa_recovery_code(&self) -> Option<TokenText> {
        self.manager.take_mfa_recovery_code().map(TokenText::from)
    }
}

fn parsed(url: &str) -> Result<Url, SessionError> {
    Url::parse(url).map_err(|_| InvalidValue::new("request", "has no URL").into())
}
