//! The inputs: what can happen to a session. Each input has its own type; most carry data.

use std::sync::Arc;
use std::time::Duration;

use super::cooldown::{Attempt, RenewalKind};
use super::error::Error;
use super::event::{SessionEvent, SignInWay};
use super::ledger::Revision;
use super::phase::Generation;
use super::provenance::SignInName;
use crate::model::audience::Audience;
use crate::model::pending_update::PendingUpdate;
use crate::model::profile::Profile;
use crate::model::proof_key::ProofKey;
use crate::model::proof_nonces::ProofNonce;
use crate::model::secret::{Fingerprint, Secret, SecretBytes};
use crate::model::state::ReauthenticationReason;
use crate::model::time::{Instant, Timestamp};
use crate::protocol::token::TokenAnswer;
use crate::storage::envelope::{KeptDiscovery, PendingRevocation, RenewedImport, StoredItem, StoredSession};

/// The store was read for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FirstRead {
    /// What the store holds; also none if that cannot be decoded.
    pub item: Option<StoredItem>,
    /// The fingerprint of the bytes that were read.
    pub seen: Option<Fingerprint>,
    /// An item that could not be decoded. It has to be kept aside before anything is written in its place.
    pub unreadable: Option<SecretBytes>,
}

/// The store was read again: another process may have written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemSeen {
    /// What the store holds.
    pub item: Option<StoredItem>,
    /// The fingerprint of the bytes that were read.
    pub seen: Option<Fingerprint>,
    /// The value of [`super::Stored::looks`] before the read.
    pub looks: u64,
}

/// The store holds an item that cannot be read, and memory replaces it: see [`super::Stored::replaces_unreadable`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemDamaged {
    /// The fingerprint of that item's bytes.
    pub seen: Option<Fingerprint>,
}

/// The store was given all changes up to this one, whether it took them or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriteAttempted {
    /// The last of these changes.
    pub revision: Revision,
}

/// The store holds what [`super::Stored::unsaved`] returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemWritten {
    /// What was written.
    pub content: WrittenContent,
    /// The fingerprint of what the store holds now; none if the item was deleted.
    pub written: Option<Fingerprint>,
}

/// The part of what was written that the machine has to remember.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WrittenContent {
    pub(super) revision: Revision,
    pub(super) updates: Vec<u64>,
    pub(super) sign_in: Option<SignInName>,
    pub(super) revocations: Vec<Secret>,
    pub(super) replaced_unreadable: bool,
}

/// A sign-in succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignedIn {
    /// The new session.
    pub session: Box<StoredSession>,
    /// How the user signed in.
    pub by: SignInWay,
    /// Whether the sign-in asked for a refresh token but got none.
    pub lacks_refresh_token: bool,
    /// When the tokens were received, by the monotonic clock.
    pub received: Duration,
}

/// The session's user authenticated once more, as an API required.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SteppedUp {
    /// The session that the step-up was for.
    pub generation: Generation,
    /// What the sign-in brought: its tokens, and their user.
    pub session: Box<StoredSession>,
    /// When the tokens were received, by the monotonic clock.
    pub received: Duration,
}

/// Another library's session was written into the store while nobody was signed in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Imported {
    /// The generation in which the import began. What the user did since then is newer.
    pub generation: Generation,
    /// The session.
    pub session: Box<StoredSession>,
    /// The fingerprint of the bytes that were written.
    pub written: Fingerprint,
    /// When, by the device's clock.
    pub at: Timestamp,
}

/// An import renewed the tokens that it found, to learn whose they are; or it ended and keeps nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImportRenewed {
    /// The generation in which the import began.
    pub generation: Generation,
    /// The renewed tokens; none if the import keeps nothing.
    pub renewed: Option<Box<RenewedImport>>,
}

/// An attempt that is repeated without the user failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttemptFailed {
    /// Which attempt.
    pub attempt: Attempt,
    /// Why.
    pub error: Error,
    /// When.
    pub now: Instant,
    /// A random number, for the length of the pause.
    pub chance: u64,
}

/// The user signed out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignedOut {
    /// When, by the device's clock.
    pub at: Timestamp,
}

/// The issuer was asked to revoke a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RevocationEnded {
    /// The token.
    pub token: Secret,
    /// Why the token was not revoked; none if it was revoked, or if the issuer has no revocation endpoint.
    pub failure: Option<Error>,
    /// When, by the device's clock.
    pub at: Timestamp,
}

/// The issuer gave a token that no session has: its sign-in was cancelled, or its session was over when it came.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenOrphaned {
    /// The token, which has to be revoked.
    pub orphan: PendingRevocation,
}

/// A renewal begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalBegun {
    /// Which kind of renewal.
    pub kind: RenewalKind,
    /// When.
    pub now: Instant,
}

/// A renewal needs the token to send to the issuer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalAsked {
    /// When.
    pub now: Instant,
}

/// A key was made that the session's tokens will be bound to (DPoP, RFC 9449).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProofKeyMade {
    /// The session that the key is for.
    pub generation: Generation,
    /// The key.
    pub key: ProofKey,
}

/// The issuer gave new tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalAnswered {
    /// The session that the tokens were requested for.
    pub generation: Generation,
    /// Its user.
    pub subject: String,
    /// The further audience that the access token is for; none for the session's own.
    pub audience: Option<Audience>,
    /// The refresh token that was sent, and that the issuer has accepted; none if an ID token was sent.
    pub sent: Option<Secret>,
    /// Whether the request asked for only a part of what is granted.
    pub asks_for_less: bool,
    /// What the issuer gave.
    pub answer: Box<TokenAnswer>,
    /// When the answer came.
    pub at: Instant,
}

/// The issuer refused a refresh token permanently.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RefreshTokenRejected {
    /// The session that the token was sent for.
    pub generation: Generation,
    /// The token that was sent. The session ends only if this is its current refresh token.
    pub token: Secret,
    /// Why the session ends.
    pub reason: ReauthenticationReason,
}

/// The issuer refused a refresh token with a code that does not say why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalRefused {
    /// The session that the token was sent for.
    pub generation: Generation,
    /// The token that was sent.
    pub token: Secret,
    /// Whether the request contained nothing of the app's choice, such as scopes. Then only the token can be wrong.
    pub plain: bool,
    /// When, by the monotonic clock.
    pub now: Duration,
}

/// A request of a renewal got no answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestFailed {
    /// Why.
    pub error: Error,
    /// When the request was sent, by the monotonic clock.
    pub sent: Duration,
    /// When it failed, by the same clock.
    pub now: Duration,
}

/// An attempt at a renewal failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalFailed {
    /// The session that the renewal was for.
    pub generation: Generation,
    /// Which kind of renewal.
    pub kind: RenewalKind,
    /// Why.
    pub error: Error,
    /// When.
    pub now: Instant,
    /// A random number, for the length of the pause.
    pub chance: u64,
}

/// A renewal succeeded, or another process had already renewed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalSucceeded {
    /// Which kind of renewal.
    pub kind: RenewalKind,
}

/// The reason for a cooldown is gone, such as the challenge that a renewal was refused with. This is no renewal, and one
/// may be under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CooldownEnded {
    /// Which kind of renewal may be tried again.
    pub kind: RenewalKind,
}

/// A renewal for the sake of the ID token brought none that is valid.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdTokenMissing {
    /// The session that was renewed.
    pub generation: Generation,
    /// The error that callers get.
    pub error: Error,
    /// When.
    pub now: Instant,
    /// A random number, for the length of the pause.
    pub chance: u64,
}

/// A renewal brought a token whose lifetime is too short for a caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LifetimeShort {
    /// Which kind of renewal.
    pub kind: RenewalKind,
    /// The lifetime that is too short for the caller, in seconds.
    pub lifetime: u64,
    /// When.
    pub now: Instant,
    /// A random number, for the length of the pause.
    pub chance: u64,
}

/// The tokens of a renewal were checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokensChecked {
    /// The session that the tokens were requested for.
    pub generation: Generation,
    /// The further audience that the access token is for; none for the session's own.
    pub audience: Option<Audience>,
    /// The access token that was checked; the ID token if the session lives by it. The later tokens of another process
    /// may have replaced it.
    pub token: Option<Secret>,
    /// Whether the tokens may be used.
    pub result: CheckResult,
}

/// The end of a session, as its issuer gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IssuersEnd {
    /// The number of seconds after `at`.
    pub seconds: u64,
    /// When the issuer said so.
    pub at: Instant,
}

/// Whether renewed tokens may be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CheckResult {
    /// The tokens may be used.
    Accepted {
        /// The refresh token that came with them. It is revoked if nobody is signed in any more.
        refresh_token: Option<Secret>,
        /// When the session ends, if the ID token that came with them says so.
        session_end: Option<IssuersEnd>,
    },
    /// The tokens may not be used; only the refresh token is kept.
    Rejected {
        /// The ID token that was accepted last.
        last_id_token: Option<Secret>,
    },
}

/// The profile was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProfileFetched {
    /// The session that the profile was requested for.
    pub generation: Generation,
    /// The profile.
    pub profile: Arc<Profile>,
}

/// The issuer's discovery document was fetched, or read from a copy that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DiscoveryKnown {
    /// The part of the document that is kept.
    pub discovery: KeptDiscovery,
}

/// A server gave the nonce that it requires in the next proofs of possession.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NonceKnown {
    /// The nonce, with its server and when it came.
    pub nonce: ProofNonce,
}

/// A change of the metadata waits for the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpdateAdded {
    /// The session whose user made the change.
    pub generation: Generation,
    /// The change.
    pub update: PendingUpdate,
}

/// A change of the metadata no longer waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpdateRemoved {
    /// The number of the change.
    pub id: u64,
    /// The result; none if the change was cancelled.
    pub event: Option<SessionEvent>,
}

/// Time has passed: what depends on the clock may have changed, and what could not be announced before may be announced
/// now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimePassed {
    /// The time now.
    pub now: Instant,
}

/// The app asks for a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Used {
    /// When.
    pub now: Instant,
}

/// The device is locked, and the store cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoreLocked;
