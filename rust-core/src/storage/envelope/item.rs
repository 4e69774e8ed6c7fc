//! The stored data as types. The names of their fields are the names in the stored JSON.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::model::audience::AudienceToken;
use crate::model::credentials::Credentials;
use crate::model::lifetime::Lifetime;
use crate::model::pending_update::PendingUpdate;
use crate::model::profile::Profile;
use crate::model::proof_nonces::ProofNonces;
use crate::model::revocable::{Revocable, RevocableKind};
use crate::model::secret::Secret;
use crate::model::secret_members::SecretMembers;
use crate::model::state::ReauthenticationReason;
use crate::model::time::Timestamp;

/// The version this release writes. A release that changes the meaning of a field raises it; adding a field does not.
pub const CURRENT_VERSION: u32 = 1;

/// One item of the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StoredItem {
    /// A user is signed in, or was until the issuer ended the session.
    Session(Box<StoredSession>),
    /// No user is signed in; the remaining tokens have to be revoked at the issuer.
    SignedOut(SignedOut),
}

/// The stored data of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct StoredSession {
    /// The profile as last fetched. Shared, because it may be large. `fitting` writes it, and its bytes come first: a
    /// renewal does not change them.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "its_place")]
    pub profile: Option<Arc<Profile>>,
    /// [`CURRENT_VERSION`] when written by this release.
    pub version: u32,
    /// The issuer's identifier in the ID token of the sign-in. ID tokens from renewals must have the same (OpenID
    /// Connect Core 12.2).
    pub issuer: String,
    /// The client that the tokens were issued to; ID tokens from renewals must name it too.
    pub client_id: String,
    /// The user: the claim `sub`.
    pub subject: String,
    /// The tokens; all of them absent once the session has ended.
    pub credentials: Credentials,
    /// The secret with which other apps of the vendor sign in on this device, if the issuer gave one (OpenID Connect
    /// Native SSO for Mobile Apps 1.0, 3.4); absent once the session has ended. It is not among the tokens, so that
    /// releases that do not know it keep it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_secret: Option<Secret>,
    /// The granted scopes before a renewal for fewer; `None` if [`Credentials::scope`] has all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_scope: Option<String>,
    /// Distinguishes this sign-in from all others; random. Absent in items of earlier releases: see
    /// [`StoredSession::sign_in`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in_id: Option<Secret>,
    /// The nonce of the sign-in: some issuers repeat it in the ID tokens of renewals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Secret>,
    /// When the user last authenticated, according to the ID token's `auth_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticated_at: Option<Timestamp>,
    /// How old the session is; `None` if nothing limits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Lifetime>,
    /// Set when the session has ended without a sign-out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<ReauthenticationReason>,
    /// Counts the changes of the tokens since the sign-in. Of two versions of one session, the one with the higher
    /// number is newer, even if two processes with different clocks wrote them.
    #[serde(skip_serializing_if = "is_zero")]
    pub sequence: u64,
    /// Counts the profiles that were fetched since the sign-in. Of two profiles, the one with the higher number is
    /// newer, even if a clock was wrong when it was fetched.
    #[serde(skip_serializing_if = "is_zero")]
    pub profile_sequence: u64,
    /// Access tokens for further audiences, oldest first; empty once the session has ended. Only the newest are stored.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "newest")]
    pub audience_tokens: Vec<AudienceToken>,
    /// The APIs that the sign-in named, besides the session's own (RFC 8707).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Whether the session was imported from another library, whose items may still exist.
    #[serde(skip_serializing_if = "is_false")]
    pub imported: bool,
    /// The queued metadata changes, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pending_updates: Vec<PendingUpdate>,
    /// Tokens of other users' sessions that still have to be revoked, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocations: Vec<PendingRevocation>,
    /// The issuer's discovery document, so that a launch need not fetch it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery: Option<KeptDiscovery>,
    /// The nonces for the next proofs of possession, for this user's other processes. Set when the item is written.
    #[serde(skip_serializing_if = "ProofNonces::is_empty")]
    pub proof_nonces: ProofNonces,
    /// The members that a newer release wrote.
    #[serde(flatten)]
    pub unknown: SecretMembers,
}

/// A discovery document as stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct KeptDiscovery {
    /// The required members, as JSON. They are checked each time they are read.
    pub document: String,
    /// When it was fetched, by the device's clock.
    pub fetched_at: Timestamp,
}

/// The stored data after a sign-out, while the issuer cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct SignedOut {
    /// [`CURRENT_VERSION`] when written by this release.
    pub version: u32,
    /// Always true: distinguishes this item from a session.
    pub signed_out: bool,
    /// Tokens to revoke, oldest first.
    pub revocations: Vec<PendingRevocation>,
    /// The tokens that an import has renewed but not yet stored as a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewed_import: Option<Box<RenewedImport>>,
    /// The members that a newer release wrote.
    #[serde(flatten)]
    pub unknown: SecretMembers,
}

/// A token of a session that is over, which still has to be revoked at the issuer (RFC 7009).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct PendingRevocation {
    /// The token, to be revoked and never used. The name is that of the first releases, which had refresh tokens only.
    #[serde(rename = "refresh_token")]
    pub token: Secret,
    /// The kind of the token; omitted for a refresh token.
    #[serde(skip_serializing_if = "RevocableKind::is_usual", serialize_with = "hint")]
    pub kind: RevocableKind,
    /// When the session ended, by the device's clock.
    pub since: Timestamp,
    /// The user of the session. Absent in items of earlier releases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// Tokens that an import had to renew to find their user, until that is known: they exist nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct RenewedImport {
    /// The refresh token of the other library's item, which may be spent.
    pub spent: Secret,
    /// The new tokens.
    pub credentials: Credentials,
}

/// What makes one version of a session newer than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brought {
    /// The refresh token is unchanged.
    Less,
    /// A renewal brought the next refresh token: the issuer may no longer accept the older one.
    RefreshToken,
    /// The user has authenticated again, and the refresh token is from that. A late answer to a renewal with the
    /// earlier token must not replace it.
    Grant,
}

impl Brought {
    /// The effect of a renewal.
    pub fn by_renewal(refresh_token: Option<&Secret>) -> Self {
        match refresh_token {
            Some(_) => Self::RefreshToken,
            None => Self::Less,
        }
    }
}

/// Why a stored item could not be read. Never quotes the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum EnvelopeError {
    /// Not JSON, or JSON of another form, or larger than 4 MiB.
    #[error("the stored session cannot be decoded; it is kept aside, and the user has to sign in again")]
    Undecodable,
    /// Written by a newer release, in a format that this one cannot read.
    #[error(
        "the stored session was written by a newer release (format {0}); it is kept for that release, and the user has to sign in again"
    )]
    NewerVersion(u32),
}

impl StoredSession {
    /// Makes this a newer version, by an amount that makes the more important one of two concurrent changes count, as
    /// long as fewer than a million less important ones are made beside it.
    pub fn count_version(&mut self, brought: Brought) {
        let versions = match brought {
            Brought::Less => 1,
            Brought::RefreshToken => 1_000_000,
            Brought::Grant => 1_000_000_000_000,
        };
        self.sequence = self.sequence.saturating_add(versions);
    }

    /// Distinguishes this sign-in from others: its identifier, or its nonce if an earlier release wrote the item.
    pub fn sign_in(&self) -> Option<&Secret> {
        self.sign_in_id.as_ref().or(self.nonce.as_ref())
    }

    /// Whether `other` is a version of the same session, not one that began with another sign-in.
    pub fn is_same_sign_in(&self, other: &Self) -> bool {
        self.sign_in() == other.sign_in() && self.subject == other.subject
    }

    /// The nonce that the issuer may repeat. With an imported session whose nonce was unknown, earlier releases stored
    /// an invented one, which no issuer repeats.
    pub fn sent_nonce(&self) -> Option<&Secret> {
        let may_be_invented = self.imported && self.sign_in_id.is_none();
        self.nonce.as_ref().filter(|_| !may_be_invented)
    }

    /// Whether all tokens may be given out.
    pub fn is_checked(&self) -> bool {
        let mut further = self.audience_tokens.iter();
        !self.credentials.unchecked && further.all(|token| !token.credentials.unchecked)
    }
}

impl SignedOut {
    /// The item after a sign-out, with these revocations.
    pub fn with(revocations: Vec<PendingRevocation>) -> Self {
        Self {
            version: CURRENT_VERSION,
            signed_out: true,
            revocations,
            renewed_import: None,
            unknown: SecretMembers::default(),
        }
    }

    /// Whether there is anything to store.
    pub fn is_needed(&self) -> bool {
        !self.revocations.is_empty() || self.renewed_import.is_some() || !self.unknown.expose().is_empty()
    }
}

impl PendingRevocation {
    /// The token to revoke.
    pub fn revocable(&self) -> Revocable {
        Revocable {
            token: self.token.clone(),
            kind: self.kind,
        }
    }
}

impl StoredItem {
    /// The session in it, if there is one.
    pub fn into_session(self) -> Option<StoredSession> {
        match self {
            Self::Session(session) => Some(*session),
            Self::SignedOut(_) => None,
        }
    }
}

/// The beginning of an item with a profile, before the profile replaces the `null`.
pub(super) const PROFILE_PLACE: &[u8] = br#"{"profile":null"#;

fn its_place<S: Serializer>(_: &Option<Arc<Profile>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_unit()
}

/// The number of stored access tokens for further audiences: a single item holds them all, and each may have 1 or 2 kB.
pub const STORED_AUDIENCES: usize = 20;

/// The newest of these tokens.
pub(super) fn stored_audience_tokens(tokens: &[AudienceToken]) -> &[AudienceToken] {
    &tokens[tokens.len().saturating_sub(STORED_AUDIENCES)..]
}

fn newest<S: Serializer>(tokens: &[AudienceToken], serializer: S) -> Result<S::Ok, S::Error> {
    stored_audience_tokens(tokens).serialize(serializer)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn hint<S: Serializer>(kind: &RevocableKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.hint())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(truth: &bool) -> bool {
    !*truth
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
