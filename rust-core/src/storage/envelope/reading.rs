//! Reads a stored item, member by member. Unknown members are kept and written back: a newer release added them.
//!
//! Written by hand, while writing is derived: a derived reader is compiled for each type at each use, and added 40 kB
//! to every app.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::item::{KeptDiscovery, PendingRevocation, RenewedImport, SignedOut, StoredSession};
use crate::model::audience::{Audience, AudienceToken};
use crate::model::credentials::Credentials;
use crate::model::lifetime::Lifetime;
use crate::model::pending_update::PendingUpdate;
use crate::model::profile::{Claims, Profile};
use crate::model::proof_key::{ProofKey, PublicPoint};
use crate::model::proof_nonces::{ProofNonce, ProofNonces};
use crate::model::revocable::RevocableKind;
use crate::model::secret::{Secret, SecretBytes};
use crate::model::secret_members::SecretMembers;
use crate::model::state::ReauthenticationReason;
use crate::model::time::Timestamp;

/// An object of the stored JSON.
pub(super) struct Members(SecretMembers);

/// A type with a stored JSON form; `None` for a value of another form.
pub(super) trait Stored: Sized {
    fn read(value: Value) -> Option<Self>;
}

impl Members {
    pub(super) fn parse(json: &SecretBytes) -> Option<Self> {
        SecretMembers::parse(json.expose()).map(Self)
    }

    fn of(value: Value) -> Option<Self> {
        SecretMembers::of(value).map(Self)
    }

    /// A required member.
    pub(super) fn required<T: Stored>(&mut self, name: &str) -> Option<T> {
        T::read(self.0.remove(name)?)
    }

    /// A member whose default value applies if it is missing or null; `None` only if it has another form.
    pub(super) fn optional<T: Stored + Default>(&mut self, name: &str) -> Option<T> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Some(T::default()),
            Some(value) => T::read(value),
        }
    }

    fn take_remaining(&mut self) -> Map<String, Value> {
        self.0.take()
    }
}

impl StoredSession {
    /// `members` does not include the version.
    pub(super) fn read(version: u32, mut members: Members) -> Option<Self> {
        Some(Self {
            version,
            issuer: members.required("issuer")?,
            client_id: members.required("client_id")?,
            subject: members.required("subject")?,
            credentials: members.required("credentials")?,
            // The next sign-in brings another one, so another form counts as absent.
            device_secret: members.optional("device_secret").unwrap_or_default(),
            whole_scope: members.optional("whole_scope")?,
            sign_in_id: members.optional("sign_in_id")?,
            nonce: members.optional("nonce")?,
            authenticated_at: members.optional("authenticated_at")?,
            lifetime: members.optional("lifetime")?,
            profile: members.optional("profile")?,
            ended: members.optional("ended")?,
            sequence: members.optional("sequence")?,
            // The profile can be fetched again, so another form counts as absent.
            profile_sequence: members.optional("profile_sequence").unwrap_or_default(),
            audience_tokens: members.optional("audience_tokens")?,
            resources: members.optional("resources")?,
            imported: members.optional("imported")?,
            pending_updates: members.optional("pending_updates")?,
            // Nothing else needs them, so another form counts as absent.
            revocations: members.optional("revocations").unwrap_or_default(),
            // It can be fetched again, so another form counts as absent.
            discovery: members.optional("discovery").unwrap_or_default(),
            // The servers send new ones, so another form counts as absent.
            proof_nonces: members.optional("proof_nonces").unwrap_or_default(),
            unknown: members.take_remaining().into(),
        })
    }
}

impl SignedOut {
    /// `members` includes neither the version nor the member that distinguishes the item from a session.
    pub(super) fn read(version: u32, mut members: Members) -> Option<Self> {
        Some(Self {
            version,
            signed_out: true,
            revocations: members.required("revocations")?,
            renewed_import: members.optional("renewed_import").unwrap_or_default(),
            unknown: members.take_remaining().into(),
        })
    }
}

impl Stored for Lifetime {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        let used_seconds = members.required("used_seconds")?;
        Some(Self {
            age_seconds: members.required("age_seconds")?,
            as_of: members.required("as_of")?,
            clock_offset_seconds: members.optional("clock_offset_seconds")?,
            counted_from: None,
            used_seconds,
            ends_seconds: members.optional("ends_seconds")?,
            stored_use_seconds: used_seconds,
        })
    }
}

impl Stored for KeptDiscovery {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        Some(Self {
            document: members.required("document")?,
            fetched_at: members.required("fetched_at")?,
        })
    }
}

impl Stored for PendingRevocation {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        Some(Self {
            token: members.required("refresh_token")?,
            kind: members.optional("kind").unwrap_or_default(),
            since: members.required("since")?,
            subject: members.optional("subject")?,
        })
    }
}

/// An unknown kind from a newer release is revoked like any other token.
impl Stored for RevocableKind {
    fn read(value: Value) -> Option<Self> {
        Some(Self::of_hint(value.as_str()))
    }
}

impl Stored for RenewedImport {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        Some(Self {
            spent: members.required("spent")?,
            credentials: members.required("credentials")?,
        })
    }
}

impl Stored for Credentials {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        Some(Self {
            access_token: members.optional("access_token")?,
            refresh_token: members.optional("refresh_token")?,
            id_token: members.optional("id_token")?,
            scope: members.optional("scope")?,
            received_at: members.required("received_at")?,
            lifetime_seconds: members.required("lifetime_seconds")?,
            lives_by_id_token: members.optional("lives_by_id_token")?,
            unchecked: members.optional("unchecked")?,
            proof_key: members.optional("proof_key")?,
            is_bound: members.optional("is_bound")?,
        })
    }
}

impl Stored for ProofKey {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        Some(Self {
            handle: members.required("handle")?,
            public: members.required("public")?,
            in_hardware: members.optional("in_hardware")?,
        })
    }
}

impl Stored for PublicPoint {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        Some(Self {
            x: members.required("x")?,
            y: members.required("y")?,
        })
    }
}

impl Stored for ProofNonces {
    fn read(value: Value) -> Option<Self> {
        Vec::read(value).map(Self::from)
    }
}

impl Stored for ProofNonce {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        Some(Self {
            origin: members.required("origin")?,
            nonce: members.required("nonce")?,
            received_at: members.required("received_at")?,
        })
    }
}

impl Stored for AudienceToken {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        Some(Self {
            audience: members.required("audience")?,
            credentials: members.required("credentials")?,
            received: None,
            revision: 0,
        })
    }
}

impl Stored for Audience {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        Some(Self {
            identifier: members.required("identifier")?,
            scopes: members.required("scopes")?,
        })
    }
}

impl Stored for PendingUpdate {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        Some(Self {
            id: members.required("id")?,
            changes: members.required("changes")?,
            since: members.required("since")?,
        })
    }
}

/// Stored under the names of its fields, which are the names of the claims except for two.
impl Stored for Profile {
    fn read(value: Value) -> Option<Self> {
        let mut members = Members::of(value)?;
        let (other_claims, fetched_at) = (members.required("other_claims")?, members.required("fetched_at")?);
        let mut claims = members.take_remaining();
        for (field, claim) in [("subject", "sub"), ("profile_page", "profile")] {
            if let Some(value) = claims.remove(field) {
                claims.insert(claim.to_owned(), value);
            }
        }
        Some(Self {
            other_claims,
            ..Self::from_claims(claims, fetched_at)?
        })
    }
}

impl Stored for Claims {
    fn read(value: Value) -> Option<Self> {
        Members::of(value).map(|mut members| Self(members.take_remaining()))
    }
}

impl Stored for ReauthenticationReason {
    fn read(value: Value) -> Option<Self> {
        match value.as_str()? {
            "refresh_token_rejected" => Some(Self::RefreshTokenRejected),
            "no_refresh_token" => Some(Self::NoRefreshToken),
            "lifetime_ended" => Some(Self::LifetimeEnded),
            "idle_too_long" => Some(Self::IdleTooLong),
            _ => None,
        }
    }
}

impl<T: Stored> Stored for Option<T> {
    fn read(value: Value) -> Option<Self> {
        T::read(value).map(Some)
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Array(values) => values.into_iter().map(T::read).collect(),
            _ => None,
        }
    }
}

impl<T: Stored> Stored for Box<T> {
    fn read(value: Value) -> Option<Self> {
        T::read(value).map(Self::new)
    }
}

impl<T: Stored> Stored for Arc<T> {
    fn read(value: Value) -> Option<Self> {
        T::read(value).map(Self::new)
    }
}

impl Stored for String {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

/// The text is not copied, so that it is wiped with the secret.
impl Stored for Secret {
    fn read(value: Value) -> Option<Self> {
        String::read(value).map(Self::new)
    }
}

impl Stored for Timestamp {
    fn read(value: Value) -> Option<Self> {
        value.as_i64().map(Self)
    }
}

impl Stored for i64 {
    fn read(value: Value) -> Option<Self> {
        value.as_i64()
    }
}

impl Stored for u64 {
    fn read(value: Value) -> Option<Self> {
        value.as_u64()
    }
}

impl Stored for u32 {
    fn read(value: Value) -> Option<Self> {
        value.as_u64()?.try_into().ok()
    }
}

impl Stored for bool {
    fn read(value: Value) -> Option<Self> {
        value.as_bool()
    }
}
