//! What can happen to a session. One kind of input each; most carry what came with it.

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
use crate::storage::envelope::{KeptDiscovery, RenewedImport, StoredItem, StoredSession};

/// The store was read for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FirstRead {
    /// What it holds; nothing also where that cannot be decoded.
    pub item: Option<StoredItem>,
    /// Which bytes these are.
    pub seen: Option<Fingerprint>,
    /// An item that could not be decoded, and still has to be kept aside before anything is written there.
    pub unreadable: Option<SecretBytes>,
}

/// The store was read again: another process may have written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemSeen {
    /// What it holds.
    pub item: Option<StoredItem>,
    /// Which bytes these are.
    pub seen: Option<Fingerprint>,
    /// [`super::Stored::looks`] from before the read.
    pub looks: u64,
}

/// The store holds an item that cannot be read, and this process knows better: see [`super::Stored::replaces_unreadable`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemDamaged {
    /// Which bytes these are.
    pub seen: Option<Fingerprint>,
}

/// The store was given all changes up to this one, whether it took them or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriteAttempted {
    /// The last of these changes.
    pub revision: Revision,
}

/// The store holds what [`super::Stored::unsaved`] gave.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ItemWritten {
    /// What that was.
    pub content: WrittenContent,
    /// Which bytes the store holds now; none where the item was deleted.
    pub written: Option<Fingerprint>,
}

/// What was written, as far as the machine has to remember it.
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
    /// How.
    pub by: SignInWay,
    /// Whether a refresh token was asked for that did not come.
    pub lacks_refresh_token: bool,
    /// When its tokens were received, by the monotonic clock.
    pub received: Duration,
}

/// The user of a session authenticated once more, as an API asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SteppedUp {
    /// The session that goes on.
    pub generation: Generation,
    /// What the sign-in brought: its tokens, and whose they are.
    pub session: Box<StoredSession>,
    /// When its tokens were received, by the monotonic clock.
    pub received: Duration,
}

/// Another library's session was written into the store while nobody was signed in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Imported {
    /// The session.
    pub session: Box<StoredSession>,
    /// Which bytes were written.
    pub written: Fingerprint,
}

/// An import has renewed the tokens that it found, to learn whose they are; or it has ended and keeps nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImportRenewed {
    /// The new ones.
    pub renewed: Option<Box<RenewedImport>>,
}

/// What is tried again without the user failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttemptFailed {
    /// What that was.
    pub attempt: Attempt,
    /// Why.
    pub error: Error,
    /// When.
    pub now: Instant,
    /// Any number: pauses are of random length.
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
    /// Why it was not revoked; none where it was, or where the issuer offers no revocation.
    pub failure: Option<Error>,
}

/// A renewal is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalBegun {
    /// What it is for.
    pub kind: RenewalKind,
    /// When.
    pub now: Instant,
}

/// A token is needed to send to the issuer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalAsked {
    /// When.
    pub now: Instant,
}

/// A key was made that the session's tokens are to be bound to (DPoP, RFC 9449).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProofKeyMade {
    /// The session that it is for.
    pub generation: Generation,
    /// The key.
    pub key: ProofKey,
}

/// The issuer gave new tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalAnswered {
    /// The session that they were asked for.
    pub generation: Generation,
    /// Its user.
    pub subject: String,
    /// The further audience that the access token is for; none for the session's own.
    pub audience: Option<Audience>,
    /// Whether not all that is granted was asked for, but some of it.
    pub asks_for_less: bool,
    /// What it gave.
    pub answer: TokenAnswer,
    /// When.
    pub at: Instant,
}

/// The issuer refused a refresh token for good.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalRefused {
    /// The session that it was sent for.
    pub generation: Generation,
    /// The token that was sent. The session ends only if that is its current one.
    pub token: Secret,
    /// Why the session ends.
    pub reason: ReauthenticationReason,
}

/// The issuer refused a refresh token with a code that does not say why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalDeclined {
    /// The session that it was sent for.
    pub generation: Generation,
    /// The token that was sent.
    pub token: Secret,
    /// Whether nothing of the app's choice was sent along, such as scopes: then only the token can be what is wrong.
    pub plain: bool,
    /// When, by the monotonic clock.
    pub now: Duration,
}

/// A request of a renewal has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestFailed {
    /// Why.
    pub error: Error,
    /// When it was sent, by the monotonic clock.
    pub sent: Duration,
    /// When it failed, by the same.
    pub now: Duration,
}

/// An attempt at a renewal failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalFailed {
    /// The session that it was for.
    pub generation: Generation,
    /// What it was for.
    pub kind: RenewalKind,
    /// Why.
    pub error: Error,
    /// When.
    pub now: Instant,
    /// Any number: pauses are of random length.
    pub chance: u64,
}

/// A renewal came to a good end, by itself or because another process had renewed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenewalSucceeded {
    /// What it was for.
    pub kind: RenewalKind,
}

/// A renewal brought a token that lives too short for a caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LifetimeShort {
    /// What it was for.
    pub kind: RenewalKind,
    /// What the caller finds too short, in seconds.
    pub lifetime: u64,
    /// When.
    pub now: Instant,
    /// Any number: pauses are of random length.
    pub chance: u64,
}

/// The tokens of a renewal were checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokensChecked {
    /// The session that they were asked for.
    pub generation: Generation,
    /// The further audience that the access token is for; none for the session's own.
    pub audience: Option<Audience>,
    /// The access token among them; where the session lives by its ID token, that one. Another process's later tokens may
    /// have taken their place.
    pub token: Option<Secret>,
    /// Whether they may be used.
    pub result: CheckResult,
}

/// When a session ends by its issuer's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IssuersEnd {
    /// So many seconds from then.
    pub seconds: u64,
    /// When it was said.
    pub at: Instant,
}

/// Whether renewed tokens may be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CheckResult {
    /// They may.
    Accepted {
        /// The refresh token that came with them: revoked where nobody is signed in any more.
        refresh_token: Option<Secret>,
        /// When the session ends, where the ID token that came with them says so.
        session_end: Option<IssuersEnd>,
    },
    /// They may not; only the refresh token is kept.
    Rejected {
        /// The ID token that was accepted last.
        last_id_token: Option<Secret>,
    },
}

/// The profile was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProfileFetched {
    /// The session that it was asked for.
    pub generation: Generation,
    /// The profile.
    pub profile: Arc<Profile>,
}

/// The issuer's discovery document was fetched, or read where it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DiscoveryKnown {
    /// What is kept of it.
    pub discovery: KeptDiscovery,
}

/// A server gave the nonce that it wants in the next proofs of possession.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NonceKnown {
    /// Whose it is, and when it came.
    pub nonce: ProofNonce,
}

/// A change of the metadata waits for the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpdateAdded {
    /// The session whose user made it.
    pub generation: Generation,
    /// The change.
    pub update: PendingUpdate,
}

/// A change of the metadata does not wait any more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UpdateRemoved {
    /// Its number.
    pub id: u64,
    /// What became of it; none where it was cancelled.
    pub event: Option<SessionEvent>,
}

/// Time has passed: what depends on the clock may be different, and what could not be announced before may be now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimePassed {
    /// The time now.
    pub now: Instant,
}

/// The app gets a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Used {
    /// When.
    pub now: Instant,
}

/// The device is locked, and the store cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoreLocked;
